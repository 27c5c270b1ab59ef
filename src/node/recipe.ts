/** How a net for a table is made and trained unless one says otherwise: one recipe for all data, bench/accuracy.ts measures it. */
import { batchNorm, dense, dropout, input, type Layer, type Net, relu, sequential } from "../index.ts";

export const RECIPE = {
  hidden: [64, 32] as readonly number[],
  dropout: 0.2,
  batchSize: 32,
  learningRate: 3e-3,
  weightDecay: 0.01,
  epochs: 100,
  patience: 20,
  /** Of the rows that are not for the test. */
  validation: 0.15,
  /** Of all rows. */
  test: 0.2,
};

export function tableNet(inputs: number, hidden: readonly number[], outputs: number): Net {
  const layers: Layer[] = hidden.flatMap((units) => [dense(units), batchNorm(), relu(), dropout(RECIPE.dropout)]);
  return sequential(input(inputs), ...layers, dense(outputs));
}
