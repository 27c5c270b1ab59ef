/**
 * Memory of the update: gradients and optimizer slots, side by side in the order of the parameters, so that runs of
 * parameters that are updated alike are one op each. All of it starts as zeros, and its pads stay zeros.
 */
import * as abi from "../../assembly/abi.ts";
import type { Clip } from "../clipping.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Penalty } from "../penalties.ts";
import { piecesOf } from "../program/ops.ts";
import type { Region } from "../runtime/memory.ts";
import { isTrainable, type ModelState, type StoredParameter } from "./state.ts";
import type { Segment, UpdateSpec } from "./trainingProgram.ts";

export interface UpdateMemory {
  readonly spec: UpdateSpec;
  /** Address of each trainable parameter's gradient, by name. */
  readonly gradients: ReadonlyMap<string, number>;
  /** Addresses of the scalars of weights and of all other parameters. */
  readonly scalars: readonly [weights: number, others: number];
  readonly slots: readonly number[];
  readonly words: number;
}

/** Parameters that lie side by side and are updated alike. */
interface Run {
  readonly parameters: StoredParameter[];
  readonly isWeight: boolean;
  words: number;
}

export function allocateUpdate(
  state: ModelState,
  { optimizer, penalty, clip }: { optimizer: Optimizer; penalty: Penalty | undefined; clip: Clip | undefined },
  region: Region,
): UpdateMemory {
  const runs = runsOf(state.parameters.filter(isTrainable));
  const words = runs.reduce((sum, run) => sum + run.words, 0);
  const gradient = region.allocate(words * 4, "the gradients");
  const slots = optimizer.slots.map((_, k) => region.allocate(words * 4, `slot ${k} of ${optimizer.kind}`));
  const scalars = [region.allocate(abi.UPDATE_BYTES, "scalars"), region.allocate(abi.UPDATE_BYTES, "scalars")] as const;
  const penaltyPieces = runs.reduce((sum, run) => sum + (run.isWeight ? piecesOf(run.words) : 0), 0);
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
      isWeight: run.isWeight,
      scalars: scalars[run.isWeight ? 0 : 1],
      penaltySums: penaltySums + piece * 8,
    });
    offset += run.words * 4;
    if (run.isWeight) piece += piecesOf(run.words);
  }
  // Pads take a slot's initial value too: with a gradient of 0 no rule moves them.
  optimizer.slots.forEach((initial, k) => {
    if (initial !== 0) state.runtime.arena.views.f32.fill(initial, slots[k]! >>> 2, (slots[k]! >>> 2) + words);
  });
  const spec = {
    segments,
    optimizer,
    penalty,
    wantsNorm: clip?.kind === "norm",
    gradient: { address: gradient, words, sums },
    penaltySums: { address: penaltySums, pieces: penaltyPieces },
  };
  return { spec, gradients, scalars, slots, words };
}

function runsOf(parameters: readonly StoredParameter[]): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const parameter of [...parameters].sort((a, b) => a.address - b.address)) {
    const last = runs.at(-1);
    if (last !== undefined && last.isWeight === parameter.isWeight && end === parameter.address) {
      last.parameters.push(parameter);
      last.words += parameter.bytes / 4;
    } else {
      runs.push({ parameters: [parameter], isWeight: parameter.isWeight, words: parameter.bytes / 4 });
    }
    end = parameter.address + parameter.bytes;
  }
  return runs;
}
