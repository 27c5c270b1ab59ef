/** fit with lbfgs: the path of minimize on the same loss, optima of convex losses, statistics, and what it refuses. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const ROWS = 60;
const numbers = (seed: number, count: number) => Float32Array.from({ length: count }, testNumbers(seed));

/** Three classes that overlap. */
function classes(): { x: Float32Array; y: Int32Array } {
  const x = numbers(21, ROWS * 4);
  const noise = numbers(22, ROWS);
  const y = Int32Array.from({ length: ROWS }, (_, i) => {
    const sum = x[4 * i] + x[4 * i + 1] + noise[i];
    return sum < -0.4 ? 0 : sum < 0.4 ? 1 : 2;
  });
  return { x, y };
}

const loss = w.softmaxCrossEntropy();
const options = { loss, optimizer: w.lbfgs(), batchSize: "full" as const };

/** x of minimize: all parameters in the order of the net. */
function pack(model: w.Model): Float32Array {
  return Float32Array.from(Object.values(model.stateDict()).flatMap(({ data }) => Array.from(data)));
}

function unpack(model: w.Model, x: Float32Array): void {
  let at = 0;
  const dict = Object.fromEntries(
    Object.entries(model.stateDict()).map(([name, { data, shape }]) => {
      at += data.length;
      return [name, { data: x.slice(at - data.length, at), shape }];
    }),
  );
  model.loadStateDict(dict);
}

describe.each(variants)("%s", (variant) => {
  test("takes the path of minimize on the same loss", async () => {
    const runtime = await runtimeOf(variant);
    const net = w.sequential(w.input(4), w.dense(7), w.tanh(), w.dense(3));
    const [fitted, other] = await Promise.all([w.build(net, { runtime, seed: 5 }), w.build(net, { runtime, seed: 5 })]);
    const data = classes();
    const losses: number[] = [];
    const f = (x: Float32Array, gradient: Float32Array) => {
      unpack(other, x);
      const { loss: value, parameters } = other.gradients(data, loss);
      gradient.set(Object.keys(other.stateDict()).flatMap((name) => Array.from(parameters[name].data)));
      return value;
    };
    const { x, value } = await w.minimize(f, pack(other), w.lbfgs({ history: 4 }), {
      steps: 8,
      onStep: (state) => void losses.push(state.value),
    });
    const history = await fitted.fit(data, { ...options, optimizer: w.lbfgs({ history: 4 }), epochs: 8 });
    // sums over parameters in another order: the last bits differ, and grow from step to step
    [...losses.slice(1), value].forEach((want, epoch) => void expect(Math.abs(history.loss[epoch] - want)).toBeLessThan(1e-5));
    pack(fitted).forEach((got, i) => void expect(Math.abs(got - x[i])).toBeLessThan(2e-3));
    expect(history.loss.length).toBe(8);
    expect(history.learningRate.every((rate) => rate > 0)).toBe(true);
    fitted.dispose();
    other.dispose();
  });

  test("logistic regression with a penalty: the optimum that float64 finds; loss, metrics and weights belong together", async () => {
    const runtime = await runtimeOf(variant);
    const model = await w.build(w.sequential(w.input(4), w.dense(1)), { runtime, seed: 1 });
    const { x, y } = classes();
    const targets = Float32Array.from(y, (label) => (label === 2 ? 1 : 0));
    const data = { x, y: targets };
    const lambda = 0.05;
    const history = await model.fit(data, {
      ...options,
      loss: w.binaryCrossEntropy(),
      penalty: w.l2(lambda),
      epochs: 40,
      metrics: { accuracy },
    });
    const reference = (v: Float64Array, gradient: Float64Array) => {
      let value = 0;
      for (let row = 0; row < ROWS; row++) {
        let z = v[4];
        for (let j = 0; j < 4; j++) z += v[j] * x[4 * row + j];
        value += (Math.log1p(Math.exp(z)) - targets[row] * z) / ROWS;
        const dz = (1 / (1 + Math.exp(-z)) - targets[row]) / ROWS;
        for (let j = 0; j < 4; j++) gradient[j] += dz * x[4 * row + j];
        gradient[4] += dz;
      }
      for (let j = 0; j < 4; j++) {
        value += (lambda / 2) * v[j] ** 2;
        gradient[j] += lambda * v[j];
      }
      return value;
    };
    const best = await w.minimize(reference, new Float64Array(5), w.bfgs(), { tolerance: 1e-10 });
    expect(best.converged).toBe(true);
    const objective = history.loss.map((value, epoch) => value + history.penalty[epoch]);
    expect(Math.abs(objective.at(-1)! - best.value)).toBeLessThan(1e-6);
    objective.slice(1).forEach((value, epoch) => void expect(value).toBeLessThanOrEqual(objective[epoch] + 1e-6));
    expect(objective[9] - best.value).toBeLessThan(1e-4); // ten iterations are plenty
    pack(model).forEach((got, i) => void expect(Math.abs(got - best.x[i])).toBeLessThan(2e-3));
    const measured = model.evaluate(data, { loss: w.binaryCrossEntropy(), metrics: { accuracy } });
    expect(Math.abs(measured.loss - history.loss.at(-1)!)).toBeLessThan(1e-6);
    expect(measured.accuracy).toBe((history.accuracy as number[]).at(-1));
    model.dispose();
  });

  test("at the optimum nothing moves any more, to the bit", async () => {
    const model = await w.build(w.sequential(w.input(1), w.dense(1, { bias: false, init: w.constant(7) })), {
      runtime: await runtimeOf(variant),
    });
    const line = { x: Float32Array.of(1, -1, 2), y: Float32Array.of(3, -3, 6) };
    await model.fit(line, { ...options, loss: w.mse(), epochs: 10 });
    const [weight] = pack(model);
    expect(Math.abs(weight - 3)).toBeLessThan(1e-6);
    const history = await model.fit(line, { ...options, loss: w.mse(), epochs: 3 });
    expect(history.loss[2]).toBeLessThan(1e-12);
    expect(pack(model)[0]).toBeCloseTo(weight, 6);
    model.dispose();
  });

  test("frozen parameters keep their bytes; running statistics move once an epoch, towards the batch's", async () => {
    const net = w.sequential(w.input(4), w.dense(6), w.batchNorm({ momentum: 1 }), w.relu(), w.dense(3));
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 3 });
    const data = classes();
    const before = model.stateDict();
    model.freeze("0.*");
    const history = await model.fit(data, { ...options, epochs: 6, shuffle: true });
    const after = model.stateDict();
    expect(after["0.weight"]).toEqual(before["0.weight"]);
    expect(after["0.bias"]).toEqual(before["0.bias"]);
    expect(after["3.weight"]).not.toEqual(before["3.weight"]);
    expect(history.loss[5]).toBeLessThan(0.9 * history.loss[0]);
    // with momentum 1 they are the mean of what the frozen layer gives
    for (let unit = 0; unit < 6; unit++) {
      let mean = 0;
      for (let row = 0; row < ROWS; row++) {
        mean += before["0.bias"].data[unit] / ROWS;
        for (let j = 0; j < 4; j++) mean += (before["0.weight"].data[4 * unit + j] * data.x[4 * row + j]) / ROWS;
      }
      expect(after["1.running_mean"].data[unit]).toBeCloseTo(mean, 5);
    }
    model.dispose();
  });

  test("batches weighed by row, validation, early stopping: as with any optimizer", async () => {
    const model = await w.build(w.sequential(w.input(4), w.dense(12), w.tanh(), w.dense(3)), {
      runtime: await runtimeOf(variant),
      seed: 2,
    });
    const weights = Float32Array.from({ length: ROWS }, (_, i) => (i < 30 ? 1 : 0));
    const data = { ...classes(), weights };
    const stopping = w.earlyStopping({ monitor: "valLoss", patience: 4 });
    const history = await model.fit(data, { ...options, epochs: 60, validation: 0.3, callbacks: [stopping] });
    expect(history.stopped).toBe("callback");
    expect(history.bestEpoch).toBe(history.epochs - 5);
    expect(history.valLoss[history.bestEpoch]).toBe(Math.min(...history.valLoss));
    model.dispose();
  });

  test("a loss that is not finite at the start changes nothing", async () => {
    const model = await w.build(w.sequential(w.input(2), w.dense(2, { init: w.constant(2) })), {
      runtime: await runtimeOf(variant),
      seed: 3,
    });
    const before = model.stateDict();
    const huge = { x: new Float32Array(8).fill(3e38), y: new Int32Array(4) };
    const error = await model.fit(huge, options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(w.NonFiniteError);
    expect(error).toMatchObject({ step: 0, layer: "layer 0 (dense)" });
    expect(model.stateDict()).toEqual(before);
    model.dispose();
  });
});

describe("refuses", () => {
  const data = classes();
  const plain = w.sequential(w.input(4), w.dense(3));
  const cases: [string, w.Net, object, unknown, string][] = [
    [
      "random layers",
      w.sequential(w.input(4), w.dropout(0.5), w.dense(3)),
      {},
      data,
      "but layer 0 (dropout) draws random numbers in training",
    ],
    ["batches", plain, { batchSize: 32 }, data, 'fit: batchSize must be "full" with lbfgs, got 32'],
    ["batches by default", plain, { batchSize: undefined }, data, 'fit: batchSize must be "full" with lbfgs, got 32'],
    ["a clip", plain, { clip: w.clipNorm(1) }, data, "fit: clip is not for lbfgs"],
    ["a decay", plain, { decay: w.decoupledDecay(0.1) }, data, "fit: decay is not for lbfgs"],
    ["bfgs", plain, { optimizer: w.bfgs() }, data, "fit: bfgs is for minimize"],
    ["newton", plain, { optimizer: w.newton() }, data, "fit: newton is for minimize"],
    ["iterables", plain, { stepsPerEpoch: 1 }, [data], "fit: lbfgs needs { x, y }"],
  ];
  test.each(cases)("%s", async (_, net, given, source, message) => {
    const model = await w.build(net);
    const before = model.stateDict();
    const error = await model.fit(source as typeof data, { ...options, ...given }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(w.OptionError);
    expect((error as Error).message).toContain(message);
    expect(model.stateDict()).toEqual(before);
    model.dispose();
  });

  test("callbacks that change a learning rate, and groups that have one", async () => {
    const model = await w.build(plain);
    const callbacks = [{ onEpoch: () => ({ learningRateFactor: 0.5 }) }];
    await expect(model.fit(data, { ...options, callbacks })).rejects.toThrow(
      "fit: a callback changes the learning rate, which lbfgs does not have",
    );
    const groups = [{ match: "*", learningRate: 0.1 }];
    await expect(model.fit(data, { ...options, groups })).rejects.toThrow("fit: groups are not for lbfgs");
    model.dispose();
  });

  test("trainers and the rate finder, which see a batch at a time", async () => {
    const model = await w.build(plain);
    const given = { loss, optimizer: w.lbfgs() as never };
    await expect(w.createTrainer(model, given)).rejects.toThrow("createTrainer: lbfgs needs all data at once");
    await expect(w.findLearningRate(model, data, given)).rejects.toThrow("findLearningRate: lbfgs needs all data at once");
    model.dispose();
  });
});
