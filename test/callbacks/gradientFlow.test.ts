/** gradientFlow against float64 loops over the same weights, and run.layers() against the loss that the step had. */
import { describe, expect, test } from "vitest";
import { blobs } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";

const { x: rowsOfX, y } = blobs({ samples: 40, centers: 3, features: 4, deviation: 6, seed: 3 });
const x = rowsOfX.data.map((value) => value / 10);
const net = w.sequential(w.input(4), w.dense(6), w.relu(), w.dense(3));
const loss = w.softmaxCrossEntropy();

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length);
  return { mean, std, zeros: values.filter((v) => v === 0).length / values.length };
}

const normOf = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

type Weights = Record<string, readonly number[]>;
const weightsOf = (model: w.Model): Weights =>
  Object.fromEntries(Object.entries(model.stateDict()).map(([name, { data }]) => [name, [...data]]));

/** y = x Wᵀ + b, [rows, outs]. */
function dense(input: readonly number[], weight: readonly number[], bias: readonly number[]): number[] {
  const [outs, ins] = [bias.length, weight.length / bias.length];
  return Array.from({ length: (input.length / ins) * outs }, (_, k) => {
    const [row, out] = [Math.floor(k / outs), k % outs];
    return Array.from({ length: ins }, (_, i) => input[row * ins + i]! * weight[out * ins + i]!).reduce((sum, v) => sum + v, bias[out]!);
  });
}

/** Outputs of the three layers and the gradients of the loss by them. */
function passOf(weights: Weights) {
  const first = dense([...x], weights["0.weight"]!, weights["0.bias"]!);
  const hidden = first.map((value) => Math.max(0, value));
  const logits = dense(hidden, weights["2.weight"]!, weights["2.bias"]!);
  const dlogits = logits.map((value, k) => {
    const row = logits.slice(k - (k % 3), k - (k % 3) + 3);
    const top = Math.max(...row);
    const total = row.reduce((sum, v) => sum + Math.exp(v - top), 0);
    return (Math.exp(value - top) / total - (y[Math.floor(k / 3)] === k % 3 ? 1 : 0)) / 40;
  });
  const dhidden = hidden.map((_, k) =>
    [0, 1, 2].reduce((sum, out) => sum + dlogits[Math.floor(k / 6) * 3 + out]! * weights["2.weight"]![out * 6 + (k % 6)]!, 0),
  );
  const dfirst = dhidden.map((value, k) => (first[k]! > 0 ? value : 0));
  return { outputs: [first, hidden, logits], gradients: [dfirst, dhidden, dlogits] };
}

const lossOf = (logits: Float32Array, labels: readonly number[]) => {
  const cols = logits.length / labels.length;
  return (
    labels.reduce((sum, label, row) => {
      const own = logits.subarray(row * cols, row * cols + cols);
      return sum + Math.log(own.reduce((total, v) => total + Math.exp(v), 0)) - own[label]!;
    }, 0) / labels.length
  );
};

describe.each(variants)("%s", (variant) => {
  const make = async (from: w.Net = net) => w.build(from, { runtime: await runtimeOf(variant), seed: 2 });

  test("a row per layer and measured epoch: outputs, gradients, norms and updates of the last step", async () => {
    const model = await make();
    const history: Weights[] = [weightsOf(model)];
    const flow = w.gradientFlow({ every: 2 });
    const onStep = () => void history.push(weightsOf(model));
    const options = { loss, optimizer: w.sgd({ learningRate: 0.1, momentum: 0.9 }), batchSize: "full" as const, shuffle: false, epochs: 5 };
    await model.fit({ x, y }, { ...options, callbacks: [flow, { onStep }] });
    expect(flow.rows.map(({ epoch, layer }) => `${epoch} ${layer}`)).toEqual(
      [1, 3].flatMap((epoch) => ["0 (dense)", "1 (relu)", "2 (dense)"].map((layer) => `${epoch} ${layer}`)),
    );
    for (const epoch of [1, 3]) {
      const [before, after] = [history[epoch]!, history[epoch + 1]!];
      const { outputs, gradients } = passOf(after);
      flow.rows
        .filter((row) => row.epoch === epoch)
        .forEach((row, layer) => {
          const [out, slope] = [moments(outputs[layer]!), moments(gradients[layer]!)];
          expect(row.mean).toBeCloseTo(out.mean, 5);
          expect(row.std / out.std).toBeCloseTo(1, 5);
          expect(row.zeros).toBe(out.zeros);
          expect(row.gradientMean).toBeCloseTo(slope.mean, 7);
          expect(row.gradientStd! / slope.std).toBeCloseTo(1, 4);
          expect(row.gradientZeros).toBe(slope.zeros);
          if (layer === 1) {
            expect([row.gradientNorm, row.parameterNorm, row.updateRatio]).toEqual([undefined, undefined, undefined]);
            return;
          }
          const names = [`${layer}.weight`, `${layer}.bias`];
          const size = normOf(names.flatMap((name) => after[name]!));
          const step = normOf(names.flatMap((name) => after[name]!.map((value, i) => value - before[name]![i]!)));
          expect(row.parameterNorm! / size).toBeCloseTo(1, 6);
          expect(row.updateRatio! / (step / size)).toBeCloseTo(1, 6);
          const ins = layer === 0 ? 4 : 6;
          const input = layer === 0 ? [...x] : outputs[1]!;
          const outs = gradients[layer]!.length / 40;
          const dbias = Array.from({ length: outs }, (_, out) =>
            gradients[layer]!.reduce((sum, v, k) => sum + (k % outs === out ? v : 0), 0),
          );
          const dweight = Array.from({ length: outs * ins }, (_, k) =>
            Array.from(
              { length: 40 },
              (_, row) => gradients[layer]![row * outs + Math.floor(k / ins)]! * input[row * ins + (k % ins)]!,
            ).reduce((sum, v) => sum + v, 0),
          );
          expect(row.gradientNorm! / normOf([...dweight, ...dbias])).toBeCloseTo(1, 4);
        });
    }
    model.dispose();
  });

  test("training has the same bits with and without, also in a net with random layers, and on two threads", async () => {
    const random = w.sequential(
      w.input(4),
      w.dense(8),
      w.batchNorm(),
      w.relu(),
      w.dropout(0.3),
      w.residual([w.dense(8), w.tanh()], { dropRate: 0.3 }),
      w.dense(3),
    );
    const run = async (runtime: w.Runtime, callbacks: w.Callback[]) => {
      const model = await w.build(random, { runtime, seed: 1 });
      const options = { loss, optimizer: w.adam(), batchSize: 16, epochs: 4, penalty: w.l2(1e-3), validation: 0.2, callbacks };
      const { loss: losses, valLoss, penalty } = await model.fit({ x, y }, options);
      const result = [model.stateDict(), losses, valLoss, penalty];
      model.dispose();
      return result;
    };
    const runtime = await runtimeOf(variant);
    const flow = w.gradientFlow();
    const want = await run(runtime, []);
    expect(await run(runtime, [flow])).toEqual(want);
    expect(flow.rows.length).toBe(4 * 8); // the residual block, and the two layers that it holds
    const pair = await w.createRuntime({ numerics: variant, threads: 2, share: "always" });
    const other = w.gradientFlow();
    expect(await run(pair, [other])).toEqual(want);
    expect(other.rows).toEqual(flow.rows);
    await pair.dispose();
  });

  test("run.layers() has the batch and the masks of the step, from data in memory and from an iterable", async () => {
    const random = w.sequential(w.input(4), w.dense(8), w.batchNorm(), w.relu(), w.dropout(0.5), w.dense(3));
    const batch = (k: number) => ({ x: x.slice(k * 32, k * 32 + 32), y: [...y.slice(k * 8, k * 8 + 8)] });
    for (const isStream of [false, true]) {
      const model = await make(random);
      let seen = 0;
      const onStep: w.Callback["onStep"] = ({ loss: mean, step, rows }, run) => {
        const layers = run.layers();
        // A learning rate of 0: the weights are those that the step's loss was computed with. One step an epoch: mean is its loss.
        const logits = layers.at(-1)!.output;
        const labels = isStream ? batch((step - 1) % 5).y : [...y.slice(0, 8)];
        expect(lossOf(logits, labels)).toBeCloseTo(mean, 5);
        const off = moments([...layers[3]!.output]).zeros - moments([...layers[2]!.output]).zeros;
        expect(off).toBeGreaterThan(0.05);
        expect(rows).toBe(8);
        expect(Object.keys(layers[0]!.gradients)).toEqual(["0.weight", "0.bias"]);
        seen++;
      };
      const options = { loss, optimizer: w.sgd({ learningRate: 0 }), epochs: 5, batchSize: 8, callbacks: [{ onStep }] };
      const data = isStream ? Array.from({ length: 5 }, (_, k) => batch(k)) : { x: x.slice(0, 32), y: y.slice(0, 8) };
      await model.fit(data as w.Data, isStream ? { ...options, stepsPerEpoch: 1 } : { ...options, shuffle: false });
      expect(seen).toBe(5);
      model.dispose();
    }
  });

  test("a run resumed within an epoch, before its last step, has the same rows from there on", async () => {
    const run = async (options: Partial<w.FitOptions>) => {
      const model = await make();
      const flow = w.gradientFlow();
      const callbacks = [flow, ...(options.callbacks ?? [])];
      await model.fit({ x, y }, { loss, optimizer: w.adam(), epochs: 3, batchSize: 16, ...options, callbacks });
      model.dispose();
      return flow.rows;
    };
    let saved: Uint8Array | undefined;
    const keep: w.Callback = {
      onStep({ step }, access) {
        if (step === 5) saved = access.save();
      },
    };
    const want = await run({ callbacks: [keep] }); // three steps an epoch: the fifth is the last but one of the second
    const got = await run({ resume: saved! });
    expect(want.length).toBe(9);
    expect(got).toEqual(want.slice(3));
  });

  test("what is frozen, and what lies below, has no gradients", async () => {
    const model = await make();
    model.freeze("0.*");
    const flow = w.gradientFlow();
    await model.fit({ x, y }, { loss, optimizer: w.adam(), epochs: 1, callbacks: [flow] });
    const [first, second, third] = flow.rows;
    expect([first!.gradientStd, first!.gradientNorm, first!.updateRatio, second!.gradientStd]).toEqual(Array(4).fill(undefined));
    expect(third!.gradientNorm).toBeGreaterThan(0);
    model.dispose();
  });
});

test("options are checked; without a step there is nothing to measure", async () => {
  expect(() => w.gradientFlow({ every: 0 })).toThrow("gradientFlow: every must be an integer of at least 1, got 0");
  expect(() => w.gradientFlow({ evry: 1 } as w.GradientFlowOptions)).toThrow('gradientFlow: unknown option "evry". Did you mean "every"?');
  const model = await w.build(net);
  const early = model.fit({ x, y }, { loss, optimizer: w.sgd(), callbacks: [{ onStart: (_, run) => void run.layers() }] });
  await expect(early).rejects.toThrow("fit: run.layers() needs the batch of a step: call it in onStep, onEpoch or onEnd");
  model.dispose();
});
