/**
 * How far to go along a direction that leads down (Nocedal & Wright, algorithms 3.5 and 3.6): bracket, then narrow by cubic
 * interpolation, until the strong Wolfe conditions hold: f has fallen enough, and its slope is small beside the first one. Where f
 * hardly changes any more, its rounding hides whether it has fallen; the slope alone says so then (Hager & Zhang 2005).
 */

/** f along the line and its slope there, at a distance `step`. A value that is not finite counts as far too high. */
export interface Sample {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

/** Part of the first slope that f must have fallen by per length. */
const ENOUGH_FALL = 1e-4;
/** Part of the first slope that may be left. 0.9, as everybody has it for quasi-Newton directions: few evaluations. */
const SLOPE_LEFT = 0.9;
const MOST_SAMPLES = 25;
/** How far a bracket may grow at once, in lengths of its last growth. */
const GROWTH = 10;
/** A narrower bracket, as a part of the step, is no longer worth a sample. */
const NARROWEST = 1e-9;

/**
 * The sample that satisfies both conditions, or else the best one that has fallen enough; undefined if there is none.
 * `start` has step 0 and a slope below 0. `noise`: by how much rounding may raise f.
 */
export function lineSearch(start: Sample, first: number, noise: number, sampleAt: (step: number) => Sample): Sample | undefined {
  let previous = start;
  let current = sampleAt(first);
  for (let count = 1; ; count++) {
    if (isAccepted(current, start, noise)) return current;
    if (!hasFallen(current, start) || (previous !== start && current.value >= previous.value))
      return zoom(start, [previous, current], noise, MOST_SAMPLES - count, sampleAt);
    if (current.slope >= 0) return zoom(start, [current, previous], noise, MOST_SAMPLES - count, sampleAt);
    if (count >= MOST_SAMPLES) return current; // it falls and falls
    const growth = current.step - previous.step;
    const least = current.step + 0.1 * growth;
    const most = current.step + GROWTH * growth;
    const lowest = cubicMinimum(previous, current, least, most);
    previous = current;
    current = sampleAt(lowest);
  }
}

/** Between `low`, the best sample that has fallen enough, and `high`: the slope of low points towards high. */
function zoom(
  start: Sample,
  bracket: readonly [low: Sample, high: Sample],
  noise: number,
  samples: number,
  sampleAt: (step: number) => Sample,
): Sample | undefined {
  let [low, high] = bracket;
  let wasNearEdge = false;
  for (let count = 0; count < samples; count++) {
    const width = Math.abs(high.step - low.step);
    if (!(width > NARROWEST * Math.max(low.step, high.step))) break;
    const from = Math.min(low.step, high.step);
    let step =
      Number.isFinite(high.value) && Number.isFinite(high.slope) ? cubicMinimum(low, high, from, from + width) : from + 0.1 * width;
    // Twice in a row next to an edge means that the cubic does not fit: a tenth into the bracket instead.
    const margin = 0.1 * width;
    const isNearEdge = step < from + margin || step > from + width - margin;
    if (isNearEdge && (wasNearEdge || step <= from || step >= from + width)) {
      step = step < from + width / 2 ? from + margin : from + width - margin;
      wasNearEdge = false;
    } else wasNearEdge = isNearEdge;
    const sample = sampleAt(step);
    if (isAccepted(sample, start, noise)) return sample;
    if (!hasFallen(sample, start) || sample.value >= low.value) {
      high = sample;
      continue;
    }
    if (sample.slope * (high.step - low.step) >= 0) high = low;
    low = sample;
  }
  return low === start ? undefined : low;
}

const hasFallen = (sample: Sample, start: Sample): boolean => sample.value <= start.value + ENOUGH_FALL * sample.step * start.slope;

function isAccepted(sample: Sample, start: Sample, noise: number): boolean {
  const isFlat = Math.abs(sample.slope) <= -SLOPE_LEFT * start.slope;
  return isFlat && (hasFallen(sample, start) || Math.abs(sample.value - start.value) <= noise);
}

/** Where the cubic through two samples and their slopes is lowest within [least, most]; the middle if it has no minimum. */
function cubicMinimum(a: Sample, b: Sample, least: number, most: number): number {
  const width = b.step - a.step;
  const d1 = a.slope + b.slope - (3 * (b.value - a.value)) / width;
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = width > 0 ? Math.sqrt(square) : -Math.sqrt(square);
  const step = b.step - width * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2));
  if (Number.isNaN(step)) return (least + most) / 2;
  return Math.min(Math.max(step, least), most);
}
