/**
 * A descent by a second-order method, one iteration at a time: direction, line search, and what the step has taught.
 */
import { lineSearch, type Sample } from "./lineSearch.ts";
import { type Curvature, dot, type Evaluate, FLOAT64, largest, type Precision, type SecondOrder } from "./secondOrder.ts";

/** Curvature s·y below this part of |s||y| is noise: learning it would spoil the estimate. */
const LEAST_CURVATURE = 1e-10;

/** What rounding does to f, in units of its last place. */
const NOISE = 4;

export class Descent {
  /** Where we are, f there, and its gradient. The last evaluation of f was there, unless it `isStuck`. */
  x: Float64Array;
  value: number;
  gradient: Float64Array;
  steps = 0;
  /** Length of the last step as a factor of its direction; 0 if there was none. */
  rate = 0;
  /** No lower point was found in any direction that we know of: there is no use in going on. */
  isStuck = false;
  readonly #evaluate: Evaluate;
  readonly #precision: Precision;
  readonly curvature: Curvature;
  readonly #direction: Float64Array;
  readonly #s: Float64Array;
  readonly #y: Float64Array;
  #trialX: Float64Array;
  #trialGradient: Float64Array;

  /** Evaluates f at x0, of which it makes a copy. `precision`: what f can see of x. */
  constructor(evaluate: Evaluate, x0: Float64Array, method: SecondOrder, precision: Precision = FLOAT64) {
    const n = x0.length;
    this.#evaluate = evaluate;
    this.#precision = precision;
    this.curvature = method.begin(n, precision);
    this.x = x0.slice();
    precision.round(this.x);
    this.gradient = new Float64Array(n);
    this.#direction = new Float64Array(n);
    this.#s = new Float64Array(n);
    this.#y = new Float64Array(n);
    this.#trialX = new Float64Array(n);
    this.#trialGradient = new Float64Array(n);
    this.value = evaluate(this.x, this.gradient);
  }

  /** One iteration. Does nothing once it is stuck. */
  step(): void {
    this.#descend();
    this.steps++;
  }

  #descend(): void {
    this.rate = 0;
    if (this.isStuck) return;
    let found = this.#search();
    // Perhaps only the estimate of the curvature was bad.
    if (found === undefined && this.curvature.reset()) found = this.#search();
    if (found === undefined) {
      this.isStuck = true;
      return;
    }
    // Where rounding rules, a step may be taken that leads nowhere: the next ones would only wander.
    if (found.value >= this.value && largest(this.#trialGradient) >= largest(this.gradient)) {
      this.isStuck = true;
      return;
    }
    this.rate = found.step;
    this.#learn();
    [this.x, this.#trialX] = [this.#trialX, this.x];
    [this.gradient, this.#trialGradient] = [this.#trialGradient, this.gradient];
    this.value = found.value;
  }

  /** The sample that the line search has chosen, whose point and gradient are the trial ones. */
  #search(): Sample | undefined {
    const direction = this.#direction;
    this.curvature.direction(this, direction, this.#evaluate);
    const slope = dot(direction, this.gradient);
    if (!(slope < 0 && slope > -Infinity)) return undefined;
    // The length of a gradient says nothing of how far to go: x moves by 1 in all, or by the gradient if that is less.
    const first = this.curvature.isScaled ? 1 : Math.min(1, 1 / sumOfSizes(this.gradient));
    let last: Sample | undefined;
    const sampleAt = (step: number): Sample => {
      for (let i = 0; i < direction.length; i++) this.#trialX[i] = this.x[i]! + step * direction[i]!;
      this.#precision.round(this.#trialX);
      const value = this.#evaluate(this.#trialX, this.#trialGradient);
      const slopeThere = dot(direction, this.#trialGradient);
      const isUsable = Number.isFinite(value) && Number.isFinite(slopeThere);
      last = isUsable ? { step, value, slope: slopeThere } : { step, value: Infinity, slope: Infinity };
      return last;
    };
    const noise = NOISE * this.#precision.unit * Math.abs(this.value);
    const found = lineSearch({ step: 0, value: this.value, slope }, first, noise, sampleAt);
    // An earlier sample was better than the last one, which seldom happens: its point is taken again.
    return found === undefined || found === last ? found : sampleAt(found.step);
  }

  #learn(): void {
    for (let i = 0; i < this.x.length; i++) {
      this.#s[i] = this.#trialX[i]! - this.x[i]!;
      this.#y[i] = this.#trialGradient[i]! - this.gradient[i]!;
    }
    const curvature = dot(this.#s, this.#y);
    const size = Math.sqrt(dot(this.#s, this.#s) * dot(this.#y, this.#y));
    if (curvature > LEAST_CURVATURE * size) this.curvature.learn(this.#s, this.#y);
  }
}

function sumOfSizes(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += Math.abs(value);
  return sum;
}
