/** A high rate gets near the minimum fast and then wanders about it; a low one is slow; one that decays does both. */
import {
  build,
  cosineDecay,
  dense,
  exponentialDecay,
  input,
  inverseTimeDecay,
  type LearningRate,
  mse,
  sequential,
  sgd,
  stepDecay,
  zeros,
} from "whetstone";
import { numbers, ridge, standardScaler, tableEncoder } from "whetstone/data";
import { readCsvFile } from "whetstone/node";
import type { Claim } from "./claim.ts";
import { mean } from "./training.ts";

const HIGH = 0.05;
const LOW = 0.0001;

/** Ten measurements of 442 patients and the course of their disease, all standardized. */
async function diabetes() {
  const table = await readCsvFile("examples/data/diabetes.csv");
  const x = standardScaler().fitTransform(tableEncoder({ exclude: ["target"] }).fitTransform(table));
  const y = standardScaler().fitTransform(numbers(table, ["target"]));
  return { x, y };
}

export const claim: Claim = {
  says: "A rate that decays ends nearer to the minimum than a constant high one, and gets there faster than a low one",
  notes: "003",
  async run({ small, seed, runtime }) {
    const epochs = small ? 20 : 50;
    const rates: Record<string, LearningRate> = {
      "constant, high": HIGH,
      "constant, low": LOW,
      stepDecay: stepDecay({ initial: HIGH, every: epochs / 10, factor: 0.5, per: "epoch" }),
      exponentialDecay: exponentialDecay({ initial: HIGH, k: 8 / epochs, per: "epoch" }),
      inverseTimeDecay: inverseTimeDecay({ initial: HIGH, k: 2, per: "epoch" }),
      cosineDecay: cosineDecay({ initial: HIGH, steps: epochs, per: "epoch" }),
    };
    const data = await diabetes();
    const net = sequential(input(10), dense(1, { bias: false, init: zeros() }));
    const lossOf = async (weights: ArrayLike<number>) => {
      const model = await build(net, { runtime });
      model.loadStateDict({ "0.weight": { data: Float32Array.from(weights), shape: [1, 10] } });
      return model.evaluate(data, { loss: mse() }).loss;
    };
    const least = await lossOf(ridge(data.x, data.y, 0).data);
    const shown = [1, epochs / 10, epochs / 2, epochs];
    const rows: [string, ...number[]][] = [];
    for (const [name, learningRate] of Object.entries(rates)) {
      const model = await build(net, { seed, runtime });
      const excess: number[] = [];
      const onEpoch = () => void excess.push(model.evaluate(data, { loss: mse() }).loss - least);
      await model.fit(data, { loss: mse(), optimizer: sgd({ learningRate }), batchSize: 4, epochs, seed, callbacks: [{ onEpoch }] });
      model.dispose();
      rows.push([name, ...shown.map((epoch) => excess[epoch - 1]!), mean(excess.slice(-epochs / 5))]);
    }
    const [high, low, ...decays] = rows.map((row) => row.at(-1) as number);
    const figures = { least, high: high!, low: low!, worstDecay: Math.max(...decays) };
    return {
      tables: [{ columns: ["loss above the least one, after epoch", ...shown.map(String), "mean of the last fifth"], rows }],
      figures,
      holds: {
        "in the last fifth each schedule is at most a quarter as far as the constant high rate": figures.worstDecay < figures.high / 4,
        "and nearer than the constant low rate": figures.worstDecay < figures.low,
      },
    };
  },
};
