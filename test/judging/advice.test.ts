/** On real fits that have each fault, made so that the fault is known. */
import { describe, expect, test } from "vitest";
import { blobs, circles, moons, spirals } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy, advice, crossValidate, learningCurve, type ModelRecipe, type Run } from "../../src/metrics/index.ts";
import { testNumbers } from "../kernels/harness.ts";

const loss = w.softmaxCrossEntropy();
type Labelled = { x: w.Tensor; y: Int32Array };

async function fit(net: w.Net, data: Labelled, options: Partial<w.FitOptions> = {}): Promise<w.History> {
  const model = await w.build(net, { seed: 1 });
  const history = await model.fit(data as never, {
    loss,
    optimizer: w.adam({ learningRate: 0.02 }),
    epochs: 80,
    validation: 0.3,
    metrics: { accuracy },
    ...options,
  });
  model.dispose();
  return history;
}

const mlp = (inputs: number, ...units: number[]) =>
  w.sequential(w.input(inputs), ...units.flatMap((n): w.Layer[] => [w.dense(n), w.relu()]), w.dense(2)) as w.Net;

/** 30 columns of chance, and labels that follow one of them, a third of them wrong: a free net learns the rows by heart. */
function chance(rows: number): Labelled {
  const next = testNumbers(3);
  const x = Float32Array.from({ length: rows * 30 }, next);
  const y = Int32Array.from({ length: rows }, (_, i) => (x[30 * i]! > 0 !== next() > 0.35 ? 1 : 0));
  return { x: { data: x, shape: [rows, 30] }, y };
}

const rings = circles({ samples: 200, factor: 0.4, noise: 0.05 });
const arms = spirals({ samples: 240, turns: 0.75, noise: 0.02 });

describe("bias", () => {
  test("a line between rings: neither training rows nor others can be told apart", async () => {
    const history = await fit(mlp(2), rings);
    const found = advice({ history });
    expect(found.diagnosis).toBe("bias");
    expect(found.faults).toEqual(["bias"]);
    expect(found.bias).toBeGreaterThan(0.7);
    expect(found.evidence[0]!.values.train).toBeCloseTo(Math.log(2), 1);
    expect(found.remedies[0]!.how).toBe("advice({ history, simpler })");
    expect(found.remedies[1]!.what).toMatch(/^A larger net/);
    expect(found.avoid[0]).toMatch(/^More training rows do little/);
    // A remedy that it names is one
    expect(advice({ history: await fit(mlp(2, 32), rings) }).diagnosis).toBe("none");
  });

  test("stays bias if a simpler model is no better, and says nothing of comparing then", async () => {
    const found = advice({ history: await fit(mlp(2), rings), simpler: Math.log(2) });
    expect([found.diagnosis, found.remedies[0]!.what.slice(0, 12)]).toEqual(["bias", "A larger net"]);
  });

  test("by accuracy, from cross-validation: scores of inference mode, target 1, baseline 0", async () => {
    const recipe = (_: undefined, { seed }: Run): ModelRecipe => ({
      model: w.build(mlp(2), { seed }),
      fit: { loss, optimizer: w.adam({ learningRate: 0.02 }), epochs: 20 },
    });
    const judged = await crossValidate(rings, recipe, { folds: 4, metrics: { accuracy } });
    const found = advice({ judged, monitor: "accuracy" });
    expect(found.diagnosis).toBe("bias");
    expect(found.bias).toBeCloseTo(1 - judged.trainMean.accuracy!, 12);
    expect(found.variance).toBeCloseTo(judged.trainMean.accuracy! - judged.mean.accuracy!, 12);
  });
});

describe("variance", () => {
  test("rows learned by heart: training is perfect, unseen rows are not, and their loss rises", async () => {
    const history = await fit(mlp(30, 64, 64), chance(120), { epochs: 100 });
    expect((history.accuracy as number[]).at(-1)).toBe(1);
    const found = advice({ history });
    expect([found.diagnosis, found.faults]).toEqual(["variance", ["variance"]]);
    expect(found.bias).toBeLessThan(0.05);
    expect(found.variance).toBeGreaterThan(0.5);
    expect(found.evidence.map(({ text }) => text).join()).toMatch(/it was best after epoch \d+ with .*early stopping/);
    expect(found.remedies.map(({ how }) => how)).toEqual(expect.arrayContaining(["dropout(0.5)", "penalty: l2(1e-4), l1(1e-5)"]));
    expect(advice({ history, monitor: "accuracy" }).diagnosis).toBe("variance");
  });

  test("a learning curve tells whether more rows help", async () => {
    const recipe = (_: undefined, { seed }: Run): ModelRecipe => ({
      model: w.build(mlp(2, 32, 32), { seed }),
      fit: { loss, optimizer: w.adam({ learningRate: 0.01 }), epochs: 80 },
    });
    const options = { sizes: [20, 50], folds: 4, metrics: { accuracy } };
    const growing = advice({
      curve: await learningCurve(spirals({ samples: 240, turns: 1.5, noise: 0.02 }), recipe, options),
      monitor: "accuracy",
    });
    expect(growing.diagnosis).toBe("variance");
    expect(growing.evidence.at(-1)!.text).toMatch(/^from 20 to 50 training rows .*: more rows help$/);
    const labels = chance(200);
    const noise = { x: { data: labels.x.data.filter((_, i) => i % 30 > 27), shape: [200, 2] }, y: labels.y };
    const flat = advice({
      curve: await learningCurve(noise, recipe, { ...options, sizes: [40, 50] }),
      monitor: "accuracy",
      tolerance: 0.2,
    });
    expect(flat.diagnosis).toBe("variance");
    expect(flat.evidence.at(-1)!.text).toMatch(/: more rows alone would do little$/);
  });
});

describe("optimization", () => {
  const deep = w.sequential(w.input(2), ...Array.from({ length: 8 }, () => [w.dense(16), w.sigmoid()]).flat(), w.dense(2)) as w.Net;

  test("a deep net of sigmoids is worse on its training rows than a shallow one: not overfitting, not too small", async () => {
    const optimizer = w.sgd({ learningRate: 0.3, momentum: 0.9 });
    const [history, simpler] = [await fit(deep, arms, { optimizer, epochs: 200 }), await fit(mlp(2, 16), arms, { optimizer, epochs: 200 })];
    expect(history.loss.at(-1)).toBeGreaterThan(simpler.loss.at(-1)! + 0.3);
    expect(advice({ history }).diagnosis).toBe("bias"); // one can't know: the first remedy is to compare
    const found = advice({ history, simpler });
    expect([found.diagnosis, found.faults]).toEqual(["optimization", ["optimization"]]);
    expect(found.evidence[0]!.text).toMatch(/is worse than that of a simpler model/);
    expect(found.remedies[0]!.how).toBe("relu(), maxout()");
    expect(found.avoid.join()).toContain("not overfitting");
    expect(advice({ history, simpler: simpler.loss.at(-1)! }).diagnosis).toBe("optimization");
    // The remedy helps: the same depth of relu
    const rectified = await fit(mlp(2, 16, 16, 16, 16, 16, 16, 16, 16), arms, { epochs: 200 });
    expect(advice({ history: rectified, simpler }).faults).not.toContain("optimization");
  });

  test("a learning rate that is too large: the loss swings", async () => {
    const history = await fit(mlp(2, 16), arms, { optimizer: w.sgd({ learningRate: 8, momentum: 0.9 }), epochs: 60, batchSize: 16 });
    const found = advice({ history, baseline: Math.log(2) });
    expect(found.diagnosis).toBe("optimization");
    expect(found.evidence[0]!.text).toMatch(/it rises or swings$/);
    expect(found.remedies[0]!.how).toContain("findLearningRate()");
  });

  test("training that ends too early: the loss still falls", async () => {
    const { x, y } = blobs({
      samples: 200,
      centers: [
        [-2, 0],
        [2, 0],
      ],
      deviation: 0.8,
    });
    const far = { x, y };
    const history = await fit(mlp(2), far, { optimizer: w.sgd({ learningRate: 2e-3 }), epochs: 12 });
    const found = advice({ history, baseline: Math.log(2), tolerance: 0.05 });
    expect(found.diagnosis).toBe("optimization");
    expect(found.evidence[0]!.text).toMatch(/still improves when training ends/);
    expect(found.evidence[0]!.values.doubled).toBeLessThan(found.evidence[0]!.values.end!);
    expect(found.remedies[0]!.what).toBe("Train longer");
    const longer = await fit(mlp(2), far, { optimizer: w.sgd({ learningRate: 0.1 }), epochs: 60 }); // both remedies
    expect(advice({ history: longer, baseline: Math.log(2), tolerance: 0.05 }).diagnosis).toBe("none");
  });
});

test("what still falls, by the form of the curve alone", () => {
  const of = (at: (epoch: number) => number) => {
    const loss = Array.from({ length: 50 }, (_, epoch) => at(epoch + 1));
    const found = advice({ history: { loss, valLoss: [], stopped: "epochs", bestEpoch: 49 } as unknown as w.History, baseline: 2 });
    return found.diagnosis === "optimization" ? found.evidence[0]!.values.doubled : found.diagnosis;
  };
  expect(of((t) => 20 / (t + 19))).toBeCloseTo(20 / 119 - 0.1, 1); // straight on from 1/t, half of which the next 50 epochs gain
  expect(of((t) => 1.5 - 0.002 * t)).toBeCloseTo(1.5 - 0.002 * 95.5, 10); // slow, but no slower than at first
  expect(of((t) => 0.5 + Math.exp(-t / 5))).toBe("bias"); // has settled
  expect(of((t) => 0.5 + 0.01 * ((t * 7) % 5))).toBe("bias"); // jitters where it has settled
  expect(of((t) => 0.05 + Math.exp(-t / 5))).toBe("none");
  const swings = Array.from({ length: 50 }, (_, epoch) => 0.3 + 0.12 * (epoch % 2)); // ends near its best, on average
  const found = advice({ history: { loss: swings, valLoss: [], stopped: "epochs", bestEpoch: 0 } as unknown as w.History, baseline: 1 });
  expect([found.diagnosis, found.evidence[0]!.values.swing]).toEqual(["optimization", expect.closeTo(0.12, 10)]);
});

describe("both and none", () => {
  test("bias and variance: the training score comes first, as the notes say", () => {
    const found = advice({ train: 0.4, validation: 0.8, baseline: 1 });
    expect([found.diagnosis, found.faults]).toEqual(["bias", ["bias", "variance"]]);
    expect([found.bias, found.variance]).toEqual([0.4, 0.4]);
    expect(found.remedies.map(({ what }) => what).join()).not.toContain("Penalties");
    expect(found.text.split("\n")[0]).toBe("diagnosis: bias; after that variance");
  });

  test("a net that fits: none, and the text says what comes next", async () => {
    const found = advice({ history: await fit(mlp(2, 16), moons({ samples: 300, noise: 0.1 })) });
    expect([found.diagnosis, found.faults, found.remedies, found.avoid]).toEqual(["none", [], [], []]);
    expect(found.text).toMatch(/^diagnosis: none\. loss 0\.0\d+ on training rows, 0\.0\d+ on unseen rows\. Next: the test set$/);
  });

  test("early stopping: the scores of the epoch whose weights the model has", async () => {
    const history = await fit(mlp(30, 64, 64), chance(120), { callbacks: [w.earlyStopping({ patience: 5 })], epochs: 500 });
    expect(history.stopped).toBe("callback");
    const { bias, variance } = advice({ history, baseline: 1 });
    expect(bias).toBe(history.loss[history.bestEpoch]);
    expect(variance).toBeCloseTo(history.valLoss[history.bestEpoch]! - bias, 12);
  });

  test("target and baseline set the scale: shares of the way between them", () => {
    const found = advice({ train: 30, validation: 35, target: 20, baseline: 120 });
    expect([found.bias, found.variance]).toEqual([0.1, expect.closeTo(0.05, 12)]);
    expect(found.diagnosis).toBe("none");
    expect(advice({ train: 0.9, validation: 0.7, monitor: "accuracy", target: 0.95, baseline: 0.5 })).toMatchObject({
      bias: expect.closeTo(1 / 9, 12),
      variance: expect.closeTo(4 / 9, 12),
      faults: ["bias", "variance"],
    });
  });

  test("the whole text", () => {
    expect(advice({ train: 0.02, validation: 0.52, baseline: 1 }).text).toBe(
      [
        "diagnosis: variance",
        "because loss is 0.52 on unseen rows against 0.02 on training rows: a gap of 50% of the way from the best to a constant prediction",
        "1. More training rows, or variations of those there are [gaussianNoise()] (notes 002, 003)",
        "2. Penalties on the weights [penalty: l2(1e-4), l1(1e-5)] (notes 000, 002)",
        "3. Dropout [dropout(0.5)] (notes 000, 001, 003)",
        "4. Stop when the validation loss is best [earlyStopping({ patience: 10 })] (notes 000, 002)",
        "5. The mean of several nets [ensemble(models)] (notes 000, 001, 003)",
        "but: A lower training loss is not the aim: choose by validation",
      ].join("\n"),
    );
    expect(advice({ train: 0.02, baseline: 1 }).text).toContain("give validation scores to judge the variance");
  });
});

describe("refuses", () => {
  test.each([
    [{}, "advice: there must be a history, judged, a curve or train to judge by"],
    [undefined, "advice: there must be a history"],
    [{ train: 1, validation: 2 }, "advice: baseline must be given"],
    [{ train: 1, baseline: 0 }, "advice: baseline must be worse than the target 0, got 0"],
    [{ train: 1, monitor: "accuracy", target: 0 }, "advice: baseline must be worse than the target 0, got 0"],
    [{ train: Number.NaN, baseline: 1 }, "advice: train must be a finite number, got NaN"],
    [{ train: 1, baseline: 2, tolerance: 0 }, "advice: tolerance must be a finite number above 0, got 0"],
    [{ trian: 1 }, 'advice: unknown option "trian". Did you mean "train"?'],
    [
      { judged: { mean: { loss: 1 }, trainMean: { loss: 1 } }, monitor: "los", baseline: 2 },
      'advice: monitor must be one of loss, got "los". Did you mean "loss"?',
    ],
  ])("%j", (input, message) => {
    expect(() => advice(input as never)).toThrow(w.OptionError);
    expect(() => advice(input as never)).toThrow(message);
  });
});
