/** trainer.profile: every op of the step with its time, and a trainer that is as it was. */
import { expect, test } from "vitest";
import { adam, batchNorm, build, createTrainer, dense, dropout, input, relu, sequential, softmaxCrossEntropy } from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "./runtimes.ts";

test.each(variants)("%s: a table of all ops, and the same bits after it", async (variant) => {
  const net = sequential(input(64), dense(128), batchNorm(), relu(), dropout(0.2), dense(10));
  const make = async () => {
    const model = await build(net, { runtime: await runtimeOf(variant), seed: 1 });
    return { model, trainer: await createTrainer(model, { loss: softmaxCrossEntropy(), optimizer: adam(), batchSize: 32 }) };
  };
  const next = testNumbers(3);
  const batch = { x: Float32Array.from({ length: 32 * 64 }, next), y: Int32Array.from({ length: 32 }, (_, i) => i % 10) };
  const [one, other] = [await make(), await make()];
  for (const { trainer } of [one, other]) for (let i = 0; i < 3; i++) trainer.step(batch);

  const profile = one.trainer.profile(20);
  expect(profile.steps).toBe(20);
  expect(profile.rows).toBe(32);
  expect(profile.ops.filter(({ op }) => op.startsWith("matmul")).length).toBe(5); // two forward, two by weights, one by the input of the last layer
  expect(profile.ops.map(({ op }) => op)).toEqual(
    expect.arrayContaining(["columnMoments", "dropout", "softmaxCrossEntropyLabels", "guard", "adam"]),
  );
  const sum = profile.ops.reduce((total, { microseconds }) => total + microseconds, 0);
  expect(profile.microseconds).toBeCloseTo(sum, 6);
  expect(profile.ops.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1, 6);
  // 2 · 32 · 128 · 64 operations, counted by hand
  const first = profile.ops.find(({ op }) => op.startsWith("matmul"));
  expect(first!.gflops! * first!.microseconds * 1000).toBeCloseTo(2 * 32 * 128 * 64, 0);
  expect(profile.text.split("\n").length).toBe(profile.ops.length + 2);
  expect(profile.text).toMatch(/^layer +span +op/);

  for (const { trainer } of [one, other]) for (let i = 0; i < 3; i++) trainer.step(batch);
  expect(one.trainer.steps).toBe(6);
  expect(one.trainer.checkpoint()).toEqual(other.trainer.checkpoint());
  expect(() => one.trainer.profile(0)).toThrow("trainer.profile: steps must be an integer of at least 1, got 0");
});
