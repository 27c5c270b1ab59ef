/** Data and recipes that the tests of this folder share: small and quick. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ModelPipeline, modelPipeline, readCsv, readTarget, standardScaler, tableEncoder } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import type { ModelRecipe, Run } from "../../src/metrics/index.ts";

/** 150 flowers, sorted by class as they come. */
export function iris(): { x: w.Tensor; y: Int32Array } {
  const path = fileURLToPath(new URL("../../examples/data/iris.csv", import.meta.url));
  const table = readCsv(readFileSync(path));
  const target = table.columns.at(-1)!.name;
  const read = readTarget(table, target);
  if (read.task !== "classification") throw new Error("iris has classes");
  return { x: tableEncoder({ exclude: [target] }).fitTransform(table), y: read.y };
}

export interface Setting {
  readonly units: number;
  readonly learningRate?: number;
  readonly runtime?: w.Runtime;
}

export const flowerNet = (units: number) => w.sequential(w.input(4), w.dense(units), w.relu(), w.dense(3));

export const flowerFit = (learningRate = 0.02) => ({ loss: w.softmaxCrossEntropy(), optimizer: w.adam({ learningRate }), epochs: 20 });

/** A net of one hidden layer on scaled flowers. */
export function flowerRecipe({ units, learningRate, runtime }: Setting, { seed }: Run): ModelRecipe<ModelPipeline> {
  const model = () => w.build(flowerNet(units), { seed, runtime });
  return { model: modelPipeline({ inputs: standardScaler(), model }), fit: flowerFit(learningRate) };
}

export const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export const deviationOf = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - meanOf(values)) ** 2, 0) / values.length);
