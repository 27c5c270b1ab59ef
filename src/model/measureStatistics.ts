/**
 * Running statistics measured anew, for weights that no step has seen: the last epoch's batches go forward as in training, and
 * each statistic becomes the mean over their rows (Izmailov et al. 2018, section 3.2).
 */
import type { Region } from "../runtime/memory.ts";
import type { RowBatches } from "./batches.ts";
import type { PlacedLayer } from "./layout.ts";
import { loadProgram, runAgainIfLost } from "./loadProgram.ts";
import type { StoredParameter } from "./state.ts";
import type { Training } from "./training.ts";
import { type TrainingSpec, writeTrainingProgram } from "./trainingProgram.ts";

/** What no variance is: where it is still there after a batch, a draw has left the layer out. */
const UNSEEN = -1;

export function measureStatistics(training: Training, batches: RowBatches, region: Region): () => void {
  const { state, control } = training;
  const { targetKind, isWeighted } = batches.placed;
  const layout = { ...state.layout, layers: state.layout.layers.map(withoutMemory) };
  const { parameters, runtime } = state;
  const spec: TrainingSpec = {
    ...training.specOf(targetKind, isWeighted),
    state: { layout, parameters, runtime },
    gradients: new Map(),
    lossGradient: undefined, // nobody asks for the loss
    update: undefined,
  };
  const { builder, output } = writeTrainingProgram(spec);
  const loaded = loadProgram(runtime, region, builder, control);
  const program = { ...loaded, output: loaded.addressOf(output.buffer), spec };
  const layers = new Map<PlacedLayer, StoredParameter[]>();
  for (const parameter of parameters) {
    const { role, layer } = parameter.spec;
    if (role === "statistic") layers.set(layer, [...(layers.get(layer) ?? []), parameter]);
  }

  return () => {
    const means = [...layers.values()].map((statistics) => ({
      rows: 0,
      parts: statistics.map((parameter) => ({ parameter, before: state.view(parameter).slice(), sums: new Float64Array(parameter.words) })),
    }));
    const forget = (parameter: StoredParameter) => state.view(parameter).fill(UNSEEN);
    for (const { parts } of means) for (const { parameter } of parts) forget(parameter);
    batches.replay(program, (rows) => {
      runAgainIfLost(program, "statistics", "statistics");
      for (const mean of means) {
        const values = mean.parts.map(({ parameter }) => state.view(parameter));
        if (values.some((value) => value.every((entry) => entry === UNSEEN))) continue;
        mean.rows += rows;
        mean.parts.forEach(({ sums, parameter }, k) => {
          for (let i = 0; i < sums.length; i++) sums[i]! += rows * values[k]![i]!;
          forget(parameter);
        });
      }
    });
    for (const { rows, parts } of means) {
      for (const { parameter, before, sums } of parts) state.view(parameter).set(rows > 0 ? sums.map((sum) => sum / rows) : before);
    }
    state.version++;
  };
}

/** The layer, and those that it holds: with a momentum of 1 running statistics are those of the last batch, to the bit. */
const withoutMemory = (placed: PlacedLayer): PlacedLayer => ({
  ...placed,
  layer: placed.parameters.some(({ role }) => role === "statistic") ? { ...placed.layer, ...{ momentum: 1 } } : placed.layer,
  branches: placed.branches.map((branch) => branch.map(withoutMemory)),
});
