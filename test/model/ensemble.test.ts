/** Ensembles against the same combinations in float64, of what each model says. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blobs } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy, logLoss } from "../../src/metrics/index.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const { x: rows, y } = blobs({ samples: 90, centers: 3, features: 4, deviation: 4, seed: 3 });
const x = rows.data.map((value) => value / 5);
const net = w.sequential(w.input(4), w.dense(6), w.tanh(), w.dropout(0.2), w.dense(3));

describe.each(variants)("%s", (variant) => {
  let models: w.Model<[4], [3]>[];
  beforeAll(async () => {
    const runtime = await runtimeOf(variant);
    models = [];
    for (let seed = 0; seed < 4; seed++) {
      const model = await w.build(net, { runtime, seed });
      const options = { loss: w.softmaxCrossEntropy(), optimizer: w.sgd({ learningRate: 0.1 }), epochs: 1 + seed, seed };
      await model.fit({ x, y }, options);
      models.push(model);
    }
  });
  afterAll(() => {
    for (const model of models) model.dispose();
  });

  const meanOf = (form: "raw" | "probabilities") => {
    const all = models.map((model) => model.predict(x, { as: form }).data);
    return Array.from(all[0]!, (_, i) => all.reduce((sum, data) => sum + data[i]!, 0) / all.length);
  };
  const largest = (row: readonly number[]) => row.reduce((best, value, i) => (value > row[best]! ? i : best), 0);
  const inRows = (values: readonly number[]) => Array.from({ length: 90 }, (_, i) => values.slice(i * 3, i * 3 + 3));

  test("mean: of outputs, of probabilities, and the class of the largest mean", () => {
    const all = w.ensemble(models);
    expect(all.predict(x).data).toEqual(Float32Array.from(meanOf("raw")));
    const probabilities = all.predict(x, { as: "probabilities" });
    expect(probabilities.shape).toEqual([90, 3]);
    expect(probabilities.data).toEqual(Float32Array.from(meanOf("probabilities")));
    const classes = all.predict(x, { as: "classes" });
    expect(classes.shape).toEqual([90]);
    expect([...classes.data]).toEqual(inRows([...Float32Array.from(meanOf("probabilities"))]).map(largest));
    const one = models[0]!.predict(x, { as: "probabilities", samples: 5, seed: 3 });
    expect(w.ensemble([models[0]!]).predict(x, { as: "probabilities", samples: 5, seed: 3 })).toEqual(one);
  });

  test("vote: most votes, of a tie the lowest class", () => {
    const all = w.ensemble(models, { combine: "vote" });
    const votes = models.map((model) => model.predict(x, { as: "classes" }).data);
    const counts = Array.from({ length: 90 }, (_, i) => [0, 1, 2].map((label) => votes.filter((vote) => vote[i] === label).length));
    const ties = counts.filter((count) => count.filter((n) => n === Math.max(...count)).length > 1);
    expect(ties.length).toBeGreaterThan(0);
    expect([...all.predict(x).data]).toEqual(counts.map(largest));
    expect([...all.predict(x, { as: "probabilities" }).data]).toEqual(counts.flat().map((count) => count / 4));
  });

  test("evaluate: the loss of the mean probabilities; metrics see what predict gives", () => {
    const p = inRows(meanOf("probabilities"));
    const want = p.reduce((sum, row, i) => sum - Math.log(row[y[i]!]!), 0) / 90;
    const loss = w.softmaxCrossEntropy();
    const mean = w.ensemble(models).evaluate({ x, y }, { loss, metrics: { accuracy, logLoss } });
    expect(mean.loss).toBeCloseTo(want, 5);
    expect(mean.logLoss).toBeCloseTo(want, 5);
    expect(mean.accuracy).toBe(accuracy(y, w.ensemble(models).predict(x, { as: "classes" })));
    const voted = w.ensemble(models, { combine: "vote" });
    const vote = voted.evaluate({ x, y }, { loss, metrics: { accuracy } });
    expect(vote).toEqual({ loss: mean.loss, accuracy: accuracy(y, voted.predict(x)) });
    const weights = Float32Array.from({ length: 90 }, (_, i) => i % 3);
    const weighted = p.reduce((sum, row, i) => sum - weights[i]! * Math.log(row[y[i]!]!), 0) / weights.reduce((sum, v) => sum + v, 0);
    expect(w.ensemble(models).evaluate({ x, y, weights }, { loss }).loss).toBeCloseTo(weighted, 5);
    // No better than the mean of the losses can be (the logarithm is concave); one model alone is itself.
    const losses = models.map((model) => model.evaluate({ x, y }, { loss }).loss);
    expect(mean.loss).toBeLessThanOrEqual(losses.reduce((sum, v) => sum + v, 0) / 4);
    expect(w.ensemble([models[1]!]).evaluate({ x, y }, { loss }).loss).toBeCloseTo(losses[1]!, 5);
  });

  test("one sigmoid output: mean, vote, ties, and the loss of logits far out", async () => {
    const runtime = await runtimeOf(variant);
    const binary = w.sequential(w.input(1), w.dense(1));
    const data = { x: [[-2], [-0.5], [0.5], [2]], y: [0, 0, 1, 1] };
    const parts: w.Model<[1], [1]>[] = [];
    for (const [weight, bias] of [
      [1, 0],
      [1, -1],
      [4, 1],
      [30, -60],
    ]) {
      const model = await w.build(binary, { runtime });
      await model.fit(data, { loss: w.binaryCrossEntropy(), optimizer: w.sgd({ learningRate: 0 }), epochs: 1 });
      model.loadStateDict({ "0.weight": [[weight!]], "0.bias": [bias!] });
      parts.push(model);
    }
    const z = [-2, -0.5, 0.5, 2].map((v) => [v, v - 1, 4 * v + 1, 30 * v - 60]);
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
    const mean = z.map((row) => row.map(sigmoid).reduce((sum, p) => sum + p, 0) / 4);
    const all = w.ensemble(parts);
    all.predict(data.x, { as: "probabilities" }).data.forEach((p, i) => void expect(p).toBeCloseTo(mean[i]!, 6));
    expect([...all.predict(data.x, { as: "classes" }).data]).toEqual(mean.map((p) => (p > 0.5 ? 1 : 0)));
    const vote = w.ensemble(parts, { combine: "vote" });
    // Votes for 1: none, none, two of four (a tie: class 0), three.
    expect([...vote.predict(data.x, { as: "probabilities" }).data]).toEqual([0, 0, 0.5, 0.75]);
    expect(vote.predict(data.x).shape).toEqual([4]);
    expect([...vote.predict(data.x).data]).toEqual([0, 0, 0, 1]);
    const loss = w.binaryCrossEntropy();
    const want = mean.reduce((sum, p, i) => sum - Math.log(data.y[i] === 1 ? p : 1 - p), 0) / 4;
    expect(all.evaluate(data, { loss }).loss).toBeCloseTo(want, 5);
    const steep = w.ensemble([parts[3]!]);
    const far = { x: [[4], [-4]], y: [0, 1] }; // logits 60 and -180, both wrong
    expect(steep.evaluate(far, { loss }).loss).toBeCloseTo(120, 3);
    for (const part of parts) part.dispose();
  });

  test("regression: the mean, and its loss", async () => {
    const runtime = await runtimeOf(variant);
    const parts = await Promise.all([1, 2, 3].map((seed) => w.build(w.sequential(w.input(4), w.dense(2)), { runtime, seed })));
    const all = w.ensemble(parts);
    const outputs = parts.map((model) => model.predict(x).data);
    const mean = Array.from(outputs[0]!, (_, i) => outputs.reduce((sum, data) => sum + data[i]!, 0) / 3);
    expect(all.predict(x).data).toEqual(Float32Array.from(mean));
    const targets = Float32Array.from({ length: 180 }, (_, i) => Math.sin(i));
    const want = mean.reduce((sum, v, i) => sum + (v - targets[i]!) * (v - targets[i]!), 0) / 180;
    expect(all.evaluate({ x, y: targets }, { loss: w.mse() }).loss).toBeCloseTo(want, 5);
    expect(() => all.predict(x, { as: "classes" })).toThrow('predict: as "probabilities" needs a classifier');
    for (const part of parts) part.dispose();
  });

  test("what does not fit together is refused", async () => {
    const runtime = await runtimeOf(variant);
    const other = await w.build(w.sequential(w.input(4), w.dense(2)), { runtime });
    const wrong = [...models, other] as unknown as w.Model[];
    expect(() => w.ensemble(wrong)).toThrow("ensemble: models[4] must map as the first one does, [4] to [3], got [4] to [2]");
    expect(() => w.ensemble([])).toThrow("ensemble: models must be a list of models, one at least, got []");
    expect(() => w.ensemble([{} as w.Model])).toThrow("ensemble: models[0] must be what build or load returns");
    expect(() => w.ensemble(models, { combine: "votes" as "vote" })).toThrow(
      'ensemble: combine must be one of "mean", "vote", got "votes". Did you mean "vote"?',
    );
    const vote = w.ensemble(models, { combine: "vote" });
    expect(() => vote.predict(x, { as: "raw" })).toThrow("ensemble: a vote has no raw outputs");
    const fresh = await w.build(net, { runtime });
    expect(() => w.ensemble([models[0]!, fresh]).predict(x, { as: "classes" })).toThrow(
      "ensemble: models must have been trained by losses with one link, got softmax, none",
    );
    expect(() => w.ensemble(models).evaluate({ x, y }, { loss: w.mse } as never)).toThrow("evaluate: loss must be a loss");
    for (const model of [other, fresh]) model.dispose();
  });
});
