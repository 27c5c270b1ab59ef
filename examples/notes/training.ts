/** What several scripts do with a model. */
import { type FitOptions, type Model, NonFiniteError } from "whetstone";
import { accuracy } from "whetstone/metrics";
import type { Rows } from "./data.ts";

export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** Trains a classifier and measures it on rows; `meanLoss` is that of the epochs. A run that stops being finite has an infinite loss, and no answer is right. */
export async function fitAndScore(
  model: Model,
  train: Rows,
  options: FitOptions,
  rows: Rows = train,
): Promise<Score & { readonly meanLoss: number }> {
  try {
    const history = await model.fit(train, options);
    return { ...score(model, rows, options.loss), meanLoss: mean(history.loss) };
  } catch (error) {
    if (error instanceof NonFiniteError) return { loss: Infinity, accuracy: 0, meanLoss: Infinity };
    throw error;
  }
}

export function score(model: Model, rows: Rows, loss: FitOptions["loss"]): Score {
  const measured = model.evaluate(rows, { loss, metrics: { accuracy } });
  return { loss: measured.loss, accuracy: measured.accuracy! };
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
