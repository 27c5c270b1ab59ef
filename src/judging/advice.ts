/**
 * What holds a model back, from its curves: it can't express the training data (bias), it does not carry over to other rows
 * (variance), or training does not find what the net could express (optimization). The recipe of the notes: look at the
 * training score first, and at that of unseen rows only once it is good (001, 002).
 */
import { isLowerBetter, type Mode } from "../callbacks/monitor.ts";
import { checkFinite, checkOptions, checkPositive, fail, nearest } from "../check.ts";
import { OptionError } from "../errors.ts";
import { type History, valName } from "../model/history.ts";
import { type Judgement, meanOf } from "./judge.ts";
import type { LearningCurve } from "./learningCurve.ts";
import { AVOID, type Fault, REMEDIES, type Remedy } from "./remedies.ts";

/** At least one of history, judged, curve and train. */
export interface AdviceInput {
  /** Of a fit with validation data. Its training values are those of training mode: dropout makes them worse than they are. */
  history?: History;
  /** What crossValidate found: both scores in inference mode. */
  judged?: Judgement;
  curve?: LearningCurve;
  /** Scores of the trained model by `evaluate`; they go before all others. */
  train?: number;
  validation?: number;
  /** The same measure on the same training rows for a simpler model: it tells bias from a fault of the optimization. */
  simpler?: number | History | Judgement;
  /** "loss" (default), or the name of a metric. */
  monitor?: string;
  /** "auto" (default): lower is better for names that end in loss, mse, mae, rmse or error. */
  mode?: Mode;
  /** The best there can be: the noise of the data, or what people reach. Default 0, or 1 where higher is better. */
  target?: number;
  /**
   * What a constant prediction reaches. Default: 0 where higher is better; else the worst of the first epoch and of the
   * curve's points, which is too good where a single epoch learns most.
   */
  baseline?: number;
  /** Gaps above this share of the way from target to baseline hold a model back. Default 0.1. */
  tolerance?: number;
}

export interface Evidence {
  readonly fault: Fault;
  readonly text: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface Advice {
  /** What to mend first; "none" if both gaps are within the tolerance. */
  readonly diagnosis: Fault | "none";
  /** All faults, in the order in which to mend them. */
  readonly faults: readonly Fault[];
  /** Shares of the way from target to baseline: of the training score, and from there to that of unseen rows. */
  readonly bias: number;
  readonly variance: number | undefined;
  readonly evidence: readonly Evidence[];
  /** Against the first fault. */
  readonly remedies: readonly Remedy[];
  /** What does not help against it. */
  readonly avoid: readonly string[];
  /** All of it in words. */
  readonly text: string;
}

const OPTIONS = [
  ...["history", "judged", "curve", "train", "validation", "simpler"],
  ...["monitor", "mode", "target", "baseline", "tolerance"],
];
/** Epochs below which a history has no trend. */
const MIN_EPOCHS = 5;

/**
 * Compares the training score with the target (bias) and that of unseen rows with the training score (variance). A training
 * score that is worse than a simpler model's, that rises or swings, or that still falls when training ends is a fault of the
 * optimization, not of the net.
 * @throws OptionError for unknown options, no scores at all, a measure that is not in them, or no baseline to judge by.
 */
export function advice(input: AdviceInput = {}): Advice {
  checkOptions("advice", input, OPTIONS);
  const { monitor = "loss", mode = "auto", tolerance = 0.1, simpler, history, curve } = input;
  const isLess = isLowerBetter("advice", monitor, mode);
  checkPositive("advice: tolerance", tolerance);
  const train = input.train ?? scoresOf(input, monitor)[0];
  const unseen = input.validation ?? scoresOf(input, monitor)[1];
  if (train === undefined) throw new OptionError("advice: there must be a history, judged, a curve or train to judge by");
  const target = input.target ?? (isLess ? 0 : 1);
  const baseline = input.baseline ?? (isLess ? baselineOf(input, monitor) : 0);
  for (const [name, value] of Object.entries({ train, validation: unseen ?? 0, target, baseline })) checkFinite(`advice: ${name}`, value);
  if (isLess ? baseline <= target : baseline >= target) {
    fail("advice: baseline", `worse than the target ${target}`, baseline);
  }

  const share = (value: number) => (value - target) / (baseline - target);
  const bias = share(train);
  const variance = unseen === undefined ? undefined : share(unseen) - bias;
  const found: (Evidence & { remedies: readonly Remedy[] })[] = [];
  if (bias > tolerance) found.push(...faultsOfTraining({ monitor, train, bias, share, tolerance, simpler, history, target, baseline }));
  if (variance !== undefined && variance > tolerance) {
    found.push(...faultsOfTransfer({ monitor, train, unseen: unseen!, variance, share, tolerance, history, curve }));
  }
  return written({ found, bias, variance, monitor, train, unseen });
}

interface Seen {
  readonly monitor: string;
  readonly train: number;
  readonly share: (value: number) => number;
  readonly tolerance: number;
  readonly history: History | undefined;
}

type Found = Evidence & { readonly remedies: readonly Remedy[] };

function faultsOfTraining(seen: Seen & { bias: number; simpler: AdviceInput["simpler"]; target: number; baseline: number }): Found[] {
  const { monitor, train, bias, share, tolerance, simpler, history, target, baseline } = seen;
  const found: Found[] = [];
  const add = (fault: Fault, text: string, values: Record<string, number>, remedies: readonly Remedy[]) =>
    found.push({ fault, text, values, remedies });
  const simple =
    typeof simpler === "object"
      ? scoresOf("folds" in simpler ? { judged: simpler as Judgement } : { history: simpler as History }, monitor)[0]
      : simpler;
  if (simple !== undefined && bias - share(simple) > tolerance) {
    const text = `training ${monitor} ${brief(train)} is worse than that of a simpler model, ${brief(simple)}: the net could do as well`;
    add("optimization", text, { train, simpler: simple }, REMEDIES.worseThanSimpler);
  }
  const values = history?.[monitor] as number[] | undefined;
  if (values !== undefined && values.length >= MIN_EPOCHS) {
    const least = values.reduce((a, b) => (share(b) < share(a) ? b : a));
    const late = values.slice(-Math.ceil(values.length / 2));
    const swing = meanOf(late.slice(1).map((value, i) => Math.abs(share(value) - share(late[i]!))));
    if (share(settled(values)) - share(least) > tolerance || swing > tolerance) {
      const text = `training ${monitor} was ${brief(least)} at its best and is ${brief(settled(values))} at the end: it rises or swings`;
      add("optimization", text, { best: least, end: settled(values), swing }, REMEDIES.unstable);
    } else if (share(doubled(values)) < 0.75 * bias || isSteady(values.map(share))) {
      const doubledScore = share(doubled(values)) < 0 ? target : doubled(values);
      const text = `training ${monitor} still improves when training ends: twice the epochs would lead to ${brief(doubledScore)} at this pace`;
      add("optimization", text, { end: settled(values), doubled: doubledScore }, REMEDIES.unfinished);
    }
  }
  if (found.length > 0) return found;
  const text = `training ${monitor} ${brief(train)} is ${percent(bias)} of the way from ${brief(target)}, the best there can be, to ${brief(baseline)}, that of a constant prediction`;
  const compare = {
    what: "First compare with the training score of a simpler net: if that is better, the optimization is at fault, not the size",
    how: "advice({ history, simpler })",
    notes: "001",
  };
  add("bias", text, { train, target, baseline, bias }, simple === undefined ? [compare, ...REMEDIES.bias] : REMEDIES.bias);
  return found;
}

function faultsOfTransfer(seen: Seen & { unseen: number; variance: number; curve: LearningCurve | undefined }): Found[] {
  const { monitor, train, unseen, variance, share, tolerance, history, curve } = seen;
  const fault = "variance";
  const text = `${monitor} is ${brief(unseen)} on unseen rows against ${brief(train)} on training rows: a gap of ${percent(variance)} of the way from the best to a constant prediction`;
  const found: Found[] = [{ fault, text, values: { train, validation: unseen, variance }, remedies: REMEDIES.variance }];
  const values = history?.[valName(monitor)] as number[] | undefined;
  if (values !== undefined && values.length >= MIN_EPOCHS) {
    const epoch = values.reduce((best, value, i) => (share(value) < share(values[best]!) ? i : best), 0);
    if (share(settled(values)) - share(values[epoch]!) > tolerance / 2) {
      const rise = `it was best after epoch ${epoch + 1} with ${brief(values[epoch]!)}, and got worse from there: early stopping`;
      found.push({ fault, text: rise, values: { epoch, best: values[epoch]!, end: settled(values) }, remedies: [] });
    }
  }
  const sizes = curve?.points.filter(({ error }) => error === undefined) ?? [];
  if (sizes.length >= 2) {
    const [before, last] = sizes.slice(-2).map(({ size, mean }) => ({ size, score: mean[monitor]! }));
    const isRising = share(before!.score) - share(last!.score) > tolerance / 5;
    const so = isRising ? "more rows help" : "more rows alone would do little";
    const growth = `from ${before!.size} to ${last!.size} training rows it went from ${brief(before!.score)} to ${brief(last!.score)} on unseen rows: ${so}`;
    found.push({ fault, text: growth, values: { before: before!.score, last: last!.score }, remedies: [] });
  }
  return found;
}

function written(seen: {
  found: readonly Found[];
  bias: number;
  variance: number | undefined;
  monitor: string;
  train: number;
  unseen: number | undefined;
}): Advice {
  const { found, bias, variance, monitor, train, unseen } = seen;
  const faults = [...new Set(found.map(({ fault }) => fault))];
  const [first] = faults;
  const evidence = found.map(({ fault, text, values }) => ({ fault, text, values }));
  const remedies = found.filter(({ fault }) => fault === first).flatMap((one) => one.remedies);
  const avoid = first === undefined ? [] : AVOID[first];
  const both = faults.length > 1 ? `; after that ${faults.slice(1).join(", ")}` : "";
  const unseenText = unseen === undefined ? "; give validation scores to judge the variance" : `, ${brief(unseen)} on unseen rows`;
  const lines =
    first === undefined
      ? [`diagnosis: none. ${monitor} ${brief(train)} on training rows${unseenText}. Next: the test set`]
      : [
          `diagnosis: ${first}${both}`,
          ...evidence.map(({ text }) => `because ${text}`),
          ...remedies.map(({ what, how, notes }, i) => `${i + 1}. ${what}${how && ` [${how}]`} (notes ${notes})`),
          ...avoid.map((text) => `but: ${text}`),
        ];
  return { diagnosis: first ?? "none", faults, bias, variance, evidence, remedies, avoid, text: lines.join("\n") };
}

/** Scores on training rows and on unseen ones, from the source that measures best. */
function scoresOf({ judged, curve, history }: AdviceInput, monitor: string): [train: number | undefined, unseen: number | undefined] {
  const point = judged ?? curve?.points.at(-1);
  if (point !== undefined) return [measured(point.trainMean, monitor), measured(point.mean, monitor)];
  if (history === undefined) return [undefined, undefined];
  const { stopped, bestEpoch } = history;
  const values = measured(history, monitor) as readonly number[];
  const unseen = (history[valName(monitor)] ?? []) as readonly number[];
  // A run that early stopping ended has the weights of its best epoch
  const at = (list: readonly number[]) => (stopped === "callback" ? list[bestEpoch] : list.length > 0 ? settled(list) : undefined);
  if (at(values) === undefined) throw new OptionError("advice: the history must have one whole epoch, got none");
  return [at(values), at(unseen)];
}

function measured<T>(scores: Readonly<Record<string, T>>, monitor: string): T {
  if (Object.hasOwn(scores, monitor)) return scores[monitor]!;
  const known = Object.keys(scores);
  const near = nearest(monitor, known);
  throw new OptionError(
    `advice: monitor must be one of ${known.join(", ")}, got ${JSON.stringify(monitor)}${near && `. Did you mean "${near}"?`}`,
  );
}

function baselineOf({ history, curve }: AdviceInput, monitor: string): number {
  const values = [
    ...((history?.[monitor] ?? []) as number[]).slice(0, 1),
    ...((history?.[valName(monitor)] ?? []) as number[]).slice(0, 1),
    ...(curve?.points ?? []).map(({ mean }) => mean[monitor]!).filter((value) => !Number.isNaN(value)),
  ];
  if (values.length > 0) return Math.max(...values);
  throw new OptionError(
    "advice: baseline must be given: what a constant prediction reaches (mse: the variance of y; cross-entropy: log of the number of classes)",
  );
}

/** The last tenth of the epochs: single ones differ by chance. */
const settled = (values: readonly number[]): number => meanOf(values.slice(-Math.ceil(values.length / 10)));

/** Where twice the epochs would lead in a straight line of the last two fifths. */
function doubled(values: readonly number[]): number {
  const part = Math.floor(values.length / 5);
  const last = meanOf(values.slice(-part));
  return last - 5 * (meanOf(values.slice(-2 * part, -part)) - last);
}

/** Whether values fall in almost every epoch, in the last fifth at half their mean pace at least: slow, but far from its end. */
function isSteady(values: readonly number[]): boolean {
  const steps = values.slice(1).map((value, i) => values[i]! - value);
  const late = steps.slice(-Math.floor(values.length / 5));
  return steps.filter((step) => step > 0).length >= 0.9 * steps.length && meanOf(late) >= 0.5 * meanOf(steps);
}

/** Four digits say enough. */
const brief = (value: number): string => String(Number(value.toPrecision(4)));
const percent = (share: number): string => `${Math.round(100 * share)}%`;
