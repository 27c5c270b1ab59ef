/**
 * What of fit's options decides on the bits of a run, as texts by the option's name. A run that is resumed must have the same:
 * else what it ends with would be neither the one run nor the other.
 */
import { OptionError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import { Builder } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import { sizeOf } from "../shape.ts";
import type { FitOptions } from "./fitOptions.ts";
import { toText } from "./runFile.ts";
import { plainLayers } from "./saveModel.ts";
import type { ModelState } from "./state.ts";
import type { Training } from "./training.ts";

export type Settings = Readonly<Record<string, string>>;

export interface Sizes {
  /** Of the training data; undefined for iterables. */
  readonly rows: number | undefined;
  readonly validationRows: number | undefined;
  readonly stepsPerEpoch: number;
  readonly labels: Int32Array | undefined;
}

export function settingsOf({ state, options }: Training, fit: FitOptions, sizes: Sizes): Settings {
  const { shuffle = true, validation, metrics = {}, callbacks = [] } = fit;
  const { kind, options: rule } = fit.optimizer;
  const all: Record<string, unknown> = {
    "the net": plainLayers(state.net),
    "the rows of data": sizes.rows,
    "the steps of an epoch": sizes.stepsPerEpoch,
    "frozen parameters": state.parameters.filter(({ isFrozen }) => isFrozen).map(({ name }) => name),
    optimizer: kind,
    "the optimizer's options": rule,
    loss: describeLoss(options.loss, state, sizes.labels),
    batchSize: options.batchSize,
    accumulate: options.accumulate ?? 1,
    penalty: options.penalty,
    clip: options.clip,
    decay: options.decay,
    constraint: options.constraint,
    groups: (options.groups ?? []).map(({ match, weightDecay }) => [match, weightDecay]),
    seed: options.seed,
    shuffle,
    validation: typeof validation === "number" ? validation : sizes.validationRows,
    metrics: Object.keys(metrics),
    "ema or swa among callbacks": callbacks.find(({ average }) => average)?.average,
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, toText(value) ?? "none"]));
}

/** Its kind, and the constants that it writes into a program. */
function describeLoss(loss: Loss, { layout: { outputShape } }: ModelState, labels: Int32Array | undefined): unknown {
  const weights = loss.columnWeights(outputShape, labels, "fit");
  const builder = new Builder("train", 1);
  const cols = sizeOf(outputShape);
  const buffer = (words: number) => builder.buffer("", perRow(words));
  const kind = loss.takesLabels ? "labels" : "rows";
  loss.emit(builder, {
    x: { buffer: buffer(cols), shape: outputShape, needsGradient: true },
    targets: buffer(loss.takesLabels ? 1 : cols),
    targetKind: kind,
    weights: undefined,
    columnWeights: weights && buffer(cols),
    losses: buffer(1),
    dx: buffer(cols),
    control: buffer(1),
  });
  return [loss.kind, builder.ops.map(({ name, constants }) => [name, constants]), weights && [...weights]];
}

/** @throws OptionError that names the first of the settings that differ. Those that were not saved may be any. */
export function checkSettings(saved: Settings, settings: Settings): void {
  for (const [name, now] of Object.entries(settings)) {
    const then: unknown = Object(saved)[name];
    if (then === undefined || then === now) continue;
    const change = String(then).length + now.length > 120 ? "" : `: ${then}, got ${now}`;
    throw new OptionError(`fit: resume: ${name} must be what it was in the run that is resumed${change}`);
  }
}
