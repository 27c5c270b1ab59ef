/** PyTorch's losses through the facade, on both binaries: the net is `input` alone, so its input gradient is the loss's. */
import { describe, expect, test } from "vitest";
import { build, input, sequential } from "../../src/index.ts";
import { expectNear } from "../kernels/compare.ts";
import { type GoldenLoss, isLossCovered, lossOf } from "../model/golden.ts";
import { tensorOf } from "../model/linearFunctional.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";
import { type Golden, readVectors } from "../vectors/read.ts";

interface LossCase {
  readonly name: string;
  readonly loss: GoldenLoss;
  readonly prediction: Golden;
  readonly target: Golden;
  readonly value: number;
  readonly grad: Golden;
}

const cases = readVectors<LossCase>("losses").filter(({ loss }) => isLossCovered(loss.type));

test("the vectors hold every loss of this version", () => {
  expect([...new Set(cases.map(({ loss }) => loss.type))]).toEqual([
    "softmaxCrossEntropy",
    "binaryCrossEntropyWithLogits",
    "mse",
    "l1",
    "huber",
    "smoothL1",
    "klDiv",
    "multiMargin",
  ]);
  expect(cases.length).toBe(27);
});

const targetsOf = (target: Golden) => (target.shape.length === 1 ? Int32Array.from(target.data) : tensorOf(target));

describe.each(variants)("%s", (variant) => {
  test.each(cases)("$name: value and gradient", async ({ loss, prediction, target, value, grad }) => {
    const model = await build(sequential(input(prediction.shape[1])), { runtime: await runtimeOf(variant) });
    const data = { x: tensorOf(prediction), y: targetsOf(target) };
    expectNear([model.evaluate(data, { loss: lossOf(loss) }).loss], [value], "evaluate");
    const gradients = model.gradients(data, lossOf(loss));
    expectNear([gradients.loss], [value], "gradients' loss");
    expect(gradients.input.shape).toEqual(grad.shape);
    expect(gradients.parameters).toEqual({});
    expectNear(gradients.input.data, grad.data, "gradient");
    model.dispose();
  });

  // More rows than a piece of the mean, more than a chunk of inference, and a row of its own.
  test.each(cases)("$name: a thousand copies of the batch have the same mean", async ({ loss, prediction, target, value, grad }) => {
    const model = await build(sequential(input(prediction.shape[1])), { runtime: await runtimeOf(variant) });
    const times = 1000;
    const repeat = ({ data }: Golden) => Array.from({ length: times }, () => data).flat();
    const x = Float32Array.from(repeat(prediction));
    const y = target.shape.length === 1 ? Int32Array.from(repeat(target)) : Float32Array.from(repeat(target));
    expectNear([model.evaluate({ x, y }, { loss: lossOf(loss) }).loss], [value], "evaluate");
    const gradients = model.gradients({ x, y }, lossOf(loss));
    expectNear([gradients.loss], [value], "gradients' loss");
    const last = gradients.input.data.slice(-grad.data.length).map((entry) => entry * times);
    expectNear(last, grad.data, "gradient of the last copy");
    model.dispose();
  });
});
