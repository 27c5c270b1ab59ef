/** ema and swa in real runs, against float64 averages of the weights that a callback saw. */
import { describe, expect, test } from "vitest";
import { blobs } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { runtimeOf, variants } from "../model/runtimes.ts";

const { x: inputs, y: labels } = blobs({ samples: 72, centers: 3, features: 4, deviation: 2, seed: 3 });
const data = { x: inputs, y: labels };
const net = w.sequential(w.input(4), w.dense(9), w.batchNorm(), w.relu(), w.dropout(0.2), w.dense(3));
const loss = w.softmaxCrossEntropy();
const settings = { loss, optimizer: w.adam({ learningRate: 0.02 }), epochs: 6, batchSize: 16, validation: 0.25 };

/** Float64 copies of everything that a model holds. */
const weightsOf = (model: w.Model): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(model.stateDict()).map(([name, { data: values }]) => [name, Float64Array.from(values)]));

function expectNear(model: w.Model, want: Record<string, Float64Array>, names = Object.keys(want)): void {
  const got = model.stateDict();
  for (const name of names)
    got[name]!.data.forEach(
      (value, i) =>
        void expect(Math.abs(value - want[name]![i]!), `${name} ${i}`).toBeLessThan(1e-6 * Math.max(1, Math.abs(want[name]![i]!))),
    );
}

const bytesOf = (model: w.Model) => JSON.stringify(Object.values(model.stateDict()).map(({ data: values }) => [...values]));

describe.each(variants)("%s", (variant) => {
  const make = async () => w.build(net, { runtime: await runtimeOf(variant), seed: 2 });

  test("ema: the average of all steps remains, and training goes the way it goes without", async () => {
    const seen: string[][] = [];
    for (const callbacks of [[], [w.ema({ decay: 0.9 })]]) {
      const model = await make();
      let average: Record<string, Float64Array> | undefined;
      const steps: string[] = [];
      const watch: w.Callback = {
        onStep() {
          steps.push(bytesOf(model));
          const weights = weightsOf(model);
          if (average === undefined) average = weights;
          else
            for (const [name, to] of Object.entries(average))
              for (let i = 0; i < to.length; i++) to[i] = 0.9 * to[i]! + 0.1 * weights[name]![i]!;
        },
        onEpoch: () => void (callbacks.length > 0 && expectNear(model, average!)),
        onEnd: () => void (callbacks.length > 0 && expectNear(model, average!)),
      };
      const history = await model.fit(data, { ...settings, callbacks: [...callbacks, watch] });
      seen.push(steps);
      if (callbacks.length > 0) {
        expectNear(model, average!);
        expect(bytesOf(model)).not.toBe(steps.at(-1));
        expect(history.valLoss.at(-1)).toBeLessThan(0.9);
      }
      model.dispose();
    }
    expect(seen[1]!.length).toBe(6 * 4);
    expect(seen[1]).toEqual(seen[0]);
  });

  test("ema: validation, checkpoint and the end see the same weights; with earlyStopping those of the best epoch remain", async () => {
    const held = { x: data.x.data.slice(0, 80), y: data.y.slice(0, 20) };
    const model = await make();
    const saved: Uint8Array[] = [];
    const callbacks = [w.ema({ decay: 0.8 }), w.checkpoint({ save: (bytes) => void saved.push(bytes), weightsOnly: true })];
    const history = await model.fit(data, { ...settings, validation: held, callbacks });
    expect(model.evaluate(held, { loss }).loss).toBe(history.valLoss.at(-1));
    expect(saved.at(-1)).toEqual(model.save());

    const watched = await make();
    const epochs: string[] = [];
    // The value to watch gets worse after the third epoch.
    const worse = [...callbacks.slice(0, 1), w.earlyStopping({ monitor: "rank", mode: "min", patience: 2 })];
    let epoch = 0;
    const rank = () => Math.abs(epoch - 2);
    const note: w.Callback = {
      onEpoch() {
        epochs.push(bytesOf(watched));
        epoch++;
      },
    };
    const stopped = await watched.fit(data, { ...settings, metrics: { rank }, callbacks: [...worse, note] });
    expect(stopped.bestEpoch).toBe(2);
    expect(stopped.epochs).toBe(5);
    expect(bytesOf(watched)).toBe(epochs[2]);
    for (const each of [model, watched]) each.dispose();
  });

  test("ema: what is frozen keeps its bytes; the average remains after an abort; decay 0 is the run itself", async () => {
    const frozen = await make();
    const before = frozen.stateDict();
    frozen.freeze("0.*");
    await frozen.fit(data, { ...settings, callbacks: [w.ema({ decay: 0.7 })] });
    expect(frozen.stateDict()["0.weight"]).toEqual(before["0.weight"]);
    expect(frozen.stateDict()["0.bias"]).toEqual(before["0.bias"]);
    expect(frozen.stateDict()["4.weight"]).not.toEqual(before["4.weight"]);

    const aborted = await make();
    const controller = new AbortController();
    let average: Record<string, Float64Array> | undefined;
    const watch: w.Callback = {
      onStep({ step }) {
        const weights = weightsOf(aborted);
        if (average === undefined) average = weights;
        else
          for (const [name, to] of Object.entries(average)) for (let i = 0; i < to.length; i++) to[i] = (to[i]! + weights[name]![i]!) / 2;
        if (step === 7) controller.abort();
      },
    };
    const run = aborted.fit(data, { ...settings, callbacks: [w.ema({ decay: 0.5 }), watch], signal: controller.signal });
    await expect(run).rejects.toThrow();
    expectNear(aborted, average!);

    const [none, zero] = [await make(), await make()];
    await none.fit(data, settings);
    await zero.fit(data, { ...settings, callbacks: [w.ema({ decay: 0 })] });
    expect(bytesOf(zero)).toBe(bytesOf(none));
    for (const model of [frozen, aborted, none, zero]) model.dispose();
  });

  test("swa: the mean over epochs from start on, and statistics of the averaged weights", async () => {
    const model = await make();
    const plain = w.sequential(w.input(4), w.dense(9), w.batchNorm(), w.relu(), w.dense(3));
    const other = await w.build(plain, { runtime: await runtimeOf(variant), seed: 2 });
    const epochs: Record<string, Float64Array>[] = [];
    const up: string[] = [];
    const watch: w.Callback = {
      onStep: ({ stepInEpoch, stepsPerEpoch }) => void (stepInEpoch === stepsPerEpoch && epochs.push(weightsOf(other))),
      onEpoch: () => void up.push(bytesOf(other)),
    };
    const options = { ...settings, shuffle: false, validation: { x: data.x, y: data.y }, callbacks: [w.swa({ start: 2 }), watch] };
    const history = await other.fit(data, options);
    const names = ["0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"];
    const mean = Object.fromEntries(
      names.map((name) => [name, epochs[0]![name]!.map((_, i) => epochs.slice(2).reduce((sum, all) => sum + all[name]![i]!, 0) / 4)]),
    );
    expectNear(other, mean, names);
    expect(up[1]).toBe(JSON.stringify(Object.values(epochs[1]!).map((values) => [...values])));
    expect(bytesOf(other)).toBe(up[5]);
    expect(other.evaluate(data, { loss }).loss).toBe(history.valLoss.at(-1));

    // Batches of 16, 16, 16, 16 and 8 rows in the order of the data, weighted by their rows.
    const [weight, bias] = [mean["0.weight"]!, mean["0.bias"]!];
    const unit = (row: number, j: number) =>
      weight.subarray(j * 4, j * 4 + 4).reduce((sum, v, k) => sum + v * data.x.data[row * 4 + k]!, bias[j]!);
    for (let j = 0; j < 9; j++) {
      let [means, variances] = [0, 0];
      for (let from = 0; from < 72; from += 16) {
        const values = Array.from({ length: Math.min(16, 72 - from) }, (_, i) => unit(from + i, j));
        const m = values.reduce((sum, v) => sum + v, 0) / values.length;
        means += (m * values.length) / 72;
        variances += (values.reduce((sum, v) => sum + (v - m) * (v - m), 0) / (values.length - 1)) * (values.length / 72);
      }
      expect(other.stateDict()["1.running_mean"]!.data[j]).toBeCloseTo(means, 4);
      expect(other.stateDict()["1.running_var"]!.data[j]! / variances).toBeCloseTo(1, 4);
    }
    for (const each of [model, other]) each.dispose();
  });

  test("swa: training goes the way it goes without, also with dropout and shuffled rows", async () => {
    const runs: string[][] = [];
    for (const callbacks of [[], [w.swa({ start: 1 })]]) {
      const model = await make();
      const steps: string[] = [];
      const history = await model.fit(data, { ...settings, callbacks: [...callbacks, { onStep: () => void steps.push(bytesOf(model)) }] });
      runs.push([...steps, JSON.stringify([history.loss, history.learningRate])]);
      model.dispose();
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  test("swa: a block that stochastic depth leaves out has the statistics of the batches that saw it", async () => {
    const rows = data.x.data.slice(0, 8 * 4);
    const x = Float32Array.from({ length: 6 * rows.length }, (_, i) => rows[i % rows.length]!); // six times the same batch
    const y = Int32Array.from({ length: 48 }, (_, i) => data.y[i % 8]!);
    const net = w.sequential(w.input(4), w.residual([w.batchNorm()], { dropRate: 0.5 }), w.dense(3));
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 1 });
    await model.fit({ x, y }, { loss, optimizer: w.sgd(), epochs: 2, batchSize: 8, shuffle: false, callbacks: [w.swa({ start: 0 })] });
    const { "0.0.running_mean": mean, "0.0.running_var": variance } = model.stateDict();
    for (let j = 0; j < 4; j++) {
      const column = Array.from({ length: 8 }, (_, i) => rows[i * 4 + j]!);
      const m = column.reduce((sum, v) => sum + v, 0) / 8;
      expect(mean!.data[j]).toBeCloseTo(m, 5);
      expect(variance!.data[j]! / (column.reduce((sum, v) => sum + (v - m) * (v - m), 0) / 7)).toBeCloseTo(1, 5);
    }
    model.dispose();
  });

  test("swa of an iterable averages the running statistics too, and goes on with the batches where they were", async () => {
    const batch = (k: number) => ({ x: data.x.data.slice(k * 48, k * 48 + 48), y: data.y.slice(k * 12, k * 12 + 12) });
    const batches = Array.from({ length: 6 }, (_, k) => batch(k));
    const model = await make();
    const epochs: Record<string, Float64Array>[] = [];
    const onStep: w.Callback["onStep"] = ({ stepInEpoch }) => void (stepInEpoch === 3 && epochs.push(weightsOf(model)));
    await model.fit(batches, { loss, optimizer: w.sgd(), epochs: 4, stepsPerEpoch: 3, callbacks: [w.swa({ start: 1 }), { onStep }] });
    const mean = Object.fromEntries(
      Object.keys(epochs[0]!).map((name) => [
        name,
        epochs[0]![name]!.map((_, i) => epochs.slice(1).reduce((sum, all) => sum + all[name]![i]!, 0) / 3),
      ]),
    );
    expectNear(model, mean);
    model.dispose();
  });

  test("the same bits for one thread and for two that share every op", async () => {
    const results: string[] = [];
    for (const threads of [1, 2]) {
      const runtime = await w.createRuntime({ numerics: variant, threads, share: "always" });
      for (const callback of [w.ema({ decay: 0.9 }), w.swa({ start: 1 })]) {
        const model = await w.build(net, { runtime, seed: 4 });
        await model.fit(data, { ...settings, epochs: 3, callbacks: [callback] });
        results.push(bytesOf(model));
        model.dispose();
      }
      await runtime.dispose();
    }
    expect(results.slice(2)).toEqual(results.slice(0, 2));
  });

  test("lbfgs: the mean over its iterations", async () => {
    const smooth = w.sequential(w.input(4), w.dense(5), w.tanh(), w.dense(3));
    const model = await w.build(smooth, { runtime: await runtimeOf(variant), seed: 1 });
    const epochs: Record<string, Float64Array>[] = [];
    const onStep = () => void epochs.push(weightsOf(model));
    const options = { loss, optimizer: w.lbfgs(), batchSize: "full" as const, epochs: 5, penalty: w.l2(1e-2) };
    await model.fit(data, { ...options, callbacks: [w.swa({ start: 3 }), { onStep }] });
    const mean = Object.fromEntries(
      Object.keys(epochs[0]!).map((name) => [name, epochs[3]![name]!.map((v, i) => (v + epochs[4]![name]![i]!) / 2)]),
    );
    expectNear(model, mean);
    model.dispose();
  });
});

test("options are checked", async () => {
  expect(() => w.ema({ decay: 1 })).toThrow("ema: decay must be in [0, 1), got 1");
  expect(() => w.ema({ decy: 0.9 } as w.EmaOptions)).toThrow('ema: unknown option "decy". Did you mean "decay"?');
  expect(() => w.swa({ start: -1 })).toThrow("swa: start must be an integer of at least 0, got -1");
  expect(() => w.swa(undefined as unknown as w.SwaOptions)).toThrow("swa: start must be an integer of at least 0, got undefined");
  const model = await w.build(net);
  const fit = (...callbacks: w.Callback[]) => model.fit(data, { ...settings, callbacks });
  await expect(fit(w.ema(), w.swa({ start: 1 }))).rejects.toThrow("fit: callbacks must hold one of ema and swa, got two");
  await expect(fit(w.swa({ start: 6 }))).rejects.toThrow("fit: the start of swa must be an epoch of this run, below 6, got 6");
  model.dispose();
});
