/**
 * Memory of the update: gradients and optimizer slots, side by side in the order of the parameters, so that runs of
 * parameters that are updated alike are one op each. All of it starts as zeros, and its pads stay zeros.
 */
import * as abi from "../../assembly/abi.ts";
import type { Clip } from "../clipping.ts";
import type { Constraint } from "../constraints.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Decay, Penalty } from "../penalties.ts";
import { piecesOf } from "../program/count.ts";
import type { Region } from "../runtime/memory.ts";
import { numberGroups, optimizersOf, type ParameterGroup } from "./groups.ts";
import { isTrainable } from "./isTrainable.ts";
import type { ModelState, StoredParameter } from "./state.ts";
import type { ClippedLayer, LimitedWeight, Segment, UpdateSpec } from "./trainingProgram.ts";

export interface UpdateMemory {
  readonly spec: UpdateSpec;
  /** Where the backward pass writes each trainable parameter's gradient, by name. */
  readonly gradients: ReadonlyMap<string, number>;
  readonly scalars: readonly Scalars[];
  readonly slots: readonly number[];
  readonly words: number;
}

/** The scalars of parameters that the optimizer treats alike. */
export interface Scalars {
  readonly address: number;
  /** Number of the group of parameters, 0 without. */
  readonly group: number;
  /** Whether the group's weights shrink, and they are of those; no other parameter does. */
  readonly shrinks: boolean;
}

/** Parameters that lie side by side and are updated alike. */
interface Run {
  readonly parameters: StoredParameter[];
  readonly penalty: Penalty | undefined;
  readonly scalars: Scalars;
  words: number;
}

interface UpdateOptions {
  readonly optimizer: Optimizer;
  readonly penalty: Penalty | undefined;
  readonly clip: Clip | undefined;
  readonly decay: Decay | undefined;
  readonly constraint?: Constraint | undefined;
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly accumulate?: number | undefined;
}

export function allocateUpdate(
  state: ModelState,
  { optimizer, penalty, clip, decay, constraint, groups = [], accumulate = 1 }: UpdateOptions,
  region: Region,
  where: string,
): UpdateMemory {
  const numbers = numberGroups(where, state, groups);
  const sets = optimizersOf(optimizer, groups).map(({ options }, group) => {
    const place = (shrinks: boolean): Scalars => ({ address: region.allocate(abi.UPDATE_BYTES, "scalars"), group, shrinks });
    const others = place(false);
    return { others, weights: decay === undefined && options.weightDecay === 0 ? others : place(true) };
  });
  const scalarsOf = (parameter: StoredParameter) => sets[numbers.get(parameter) ?? 0]![parameter.isWeight ? "weights" : "others"];
  const runs = runsOf(state.parameters.filter(isTrainable), scalarsOf, penalty);
  const words = runs.reduce((sum, run) => sum + run.words, 0);
  const gradient = region.allocate(words * 4, "the gradients");
  const accumulated = accumulate > 1 ? region.allocate(words * 4, "the gradients of a batch") : undefined;
  const slots = optimizer.slots.map((_, k) => region.allocate(words * 4, `slot ${k} of ${optimizer.kind}`));
  const penaltyPieces = runs.reduce((sum, run) => sum + (run.penalty ? piecesOf(run.words) : 0), 0);
  const penaltySums = region.allocate(penaltyPieces * 8, "sums");
  const sums = region.allocate(piecesOf(words) * 8, "sums");

  const gradients = new Map<string, number>();
  const segments: Segment[] = [];
  let offset = 0;
  let piece = 0;
  for (const run of runs) {
    const address = run.parameters[0]!.address;
    for (const parameter of run.parameters) gradients.set(parameter.name, gradient + offset + parameter.address - address);
    segments.push({
      name: run.parameters.length === 1 ? run.parameters[0]!.name : `${run.parameters[0]!.name}..${run.parameters.at(-1)!.name}`,
      address,
      words: run.words,
      gradient: gradient + offset,
      slots: slots.map((slot) => slot + offset),
      penalty: run.penalty,
      scalars: run.scalars.address,
      penaltySums: penaltySums + piece * 8,
    });
    offset += run.words * 4;
    if (run.penalty) piece += piecesOf(run.words);
  }
  // Pads take a slot's initial value too: with a gradient of 0 no rule moves them.
  optimizer.slots.forEach((initial, k) => {
    if (initial !== 0) state.runtime.arena.views.f32.fill(initial, slots[k]! >>> 2, (slots[k]! >>> 2) + words);
  });
  const spec = {
    segments,
    optimizer,
    limited: limitedWeights(state, constraint),
    wantsNorm: clip?.kind === "norm",
    clipped: clip?.kind === "layerNorm" ? clippedLayers(state, gradients, clip.max, region) : [],
    gradient: { address: gradient, words, sums },
    penaltySums: { address: penaltySums, pieces: penaltyPieces },
    accumulated,
  };
  const written = accumulated === undefined ? gradients : new Map([...gradients].map(([name, at]) => [name, at - gradient + accumulated]));
  const scalars = [...new Set(sets.flatMap(({ weights, others }) => [weights, others]))];
  return { spec, gradients: written, scalars, slots, words };
}

/** Every trainable weight with a limit, its layer's or else the model's, as a matrix with a row per unit. */
function limitedWeights(state: ModelState, constraint: Constraint | undefined): LimitedWeight[] {
  return state.parameters
    .filter((parameter) => parameter.isWeight && isTrainable(parameter))
    .flatMap(({ name, address, shape, words, spec }) => {
      const max = spec.maxNorm ?? constraint?.max;
      return max === undefined ? [] : { name, address, rows: shape[0]!, cols: words / shape[0]!, max };
    });
}

/** Every layer with its trainable parameters. */
function clippedLayers(state: ModelState, gradients: ReadonlyMap<string, number>, max: number, region: Region): ClippedLayer[] {
  const layers = new Map<unknown, StoredParameter[]>();
  for (const parameter of state.parameters.filter(isTrainable)) {
    const { layer } = parameter.spec;
    layers.set(layer, [...(layers.get(layer) ?? []), parameter]);
  }
  return [...layers.values()].map((parameters) => ({
    max,
    sums: region.allocate(parameters.reduce((sum, { bytes }) => sum + piecesOf(bytes / 4), 0) * 8, "sums"),
    gradients: parameters.map(({ name, bytes }) => ({ name, address: gradients.get(name)!, words: bytes / 4 })),
  }));
}

/** `common`: the penalty of weights whose layer has none of its own. */
function runsOf(
  parameters: readonly StoredParameter[],
  scalarsOf: (parameter: StoredParameter) => Scalars,
  common: Penalty | undefined,
): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const parameter of [...parameters].sort((a, b) => a.address - b.address)) {
    const last = runs.at(-1);
    const penalty = parameter.isWeight ? (parameter.spec.penalty ?? common) : undefined;
    const kind = { penalty, scalars: scalarsOf(parameter) };
    if (last !== undefined && isAlike(last, kind) && end === parameter.address) {
      last.parameters.push(parameter);
      last.words += parameter.bytes / 4;
    } else {
      runs.push({ ...kind, parameters: [parameter], words: parameter.bytes / 4 });
    }
    end = parameter.address + parameter.bytes;
  }
  return runs;
}

type RunKind = Pick<Run, "penalty" | "scalars">;

const isAlike = (a: RunKind, b: RunKind): boolean => a.scalars === b.scalars && JSON.stringify(a.penalty) === JSON.stringify(b.penalty);
