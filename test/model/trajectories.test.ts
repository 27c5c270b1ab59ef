/**
 * PyTorch's training runs, step by step: losses, final weights and running statistics.
 * Tolerance: 2e-5 + 4 · (largest gap between PyTorch's own float32 and float64 runs of that tensor) + 2e-5 · |want|.
 */
import { expect, test } from "vitest";
import { build, clipNorm, clipValue, createTrainer, elasticNet, input, sequential } from "../../src/index.ts";
import { type Golden, readVectors } from "../vectors/read.ts";
import { type GoldenRun, isCovered, layerOf, lossOf, optimizerOf } from "./golden.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const all = readVectors<GoldenRun>("training");
const runs = all.filter(isCovered);

test("every run is covered but those of layers to come", () => {
  const others = all.filter((run) => !isCovered(run)).map(({ name }) => name);
  expect(others).toEqual(["conv_maxpool_adam_step", "conv_batchnorm_average_cosine", "embedding_sgd", "lstm_last_adam_clip"]);
  expect(runs.length).toBe(15);
});

function expectClose(name: string, got: ArrayLike<number>, float64: readonly number[], float32: readonly number[]): void {
  expect(got.length).toBe(float64.length);
  const gap = Math.max(...float64.map((value, i) => Math.abs(value - float32[i]!)));
  float64.forEach((want, i) => {
    const tolerance = 2e-5 + 4 * gap + 2e-5 * Math.abs(want);
    if (!(Math.abs(got[i]! - want) <= tolerance)) expect.fail(`${name}[${i}]: got ${got[i]}, want ${want} within ${tolerance}`);
  });
}

for (const variant of variants) {
  test.each(runs.map((run) => [run.name, run] as const))(`${variant}: %s`, async (_, run) => {
    const model = await build(sequential(input(run.layers[0]!.in!), ...run.layers.map(layerOf)), { runtime: await runtimeOf(variant) });
    model.loadStateDict(run.initial);
    const trainer = await createTrainer(model, {
      loss: lossOf(run.loss),
      optimizer: optimizerOf(run.optimizer.type, run.optimizer.options, run.weight_decay, run.lrs),
      batchSize: run.batches[0]!.x.shape[0]!,
      penalty: run.l1 + run.l2 > 0 ? elasticNet(run.l1, run.l2) : undefined,
      clip: run.clip === null ? undefined : run.clip.type === "norm" ? clipNorm(run.clip.value) : clipValue(run.clip.value),
    });
    const losses: number[] = [];
    for (let step = 0; step < run.steps; step++) {
      const { x, y } = run.batches[step % run.batches.length]!;
      losses.push(trainer.step({ x: Float32Array.from(x.data), y: targetsOf(y) }));
    }
    expectClose("losses", losses, run.losses.float64, run.losses.float32);
    const state = model.stateDict();
    for (const [name, want] of Object.entries(run.final.float64)) {
      if (name.endsWith("num_batches_tracked")) continue;
      expectClose(name, state[name]!.data, want.data, run.final.float32[name]!.data);
    }
    model.dispose();
  });
}

function targetsOf(y: Golden): Int32Array | Float32Array {
  return y.shape.length === 1 ? Int32Array.from(y.data) : Float32Array.from(y.data);
}
