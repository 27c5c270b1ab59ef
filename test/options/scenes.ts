/** Small runs whose outcome shows whether an option acts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";

/** For files, until the tests end. */
export const folder = mkdtempSync(join(tmpdir(), "options-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let shared: Promise<w.Runtime> | undefined;

export function runtime(): Promise<w.Runtime> {
  shared ??= w.createRuntime({ numerics: "portable", threads: 1 });
  return shared;
}

export const floats = (seed: number, count: number): Float32Array => Float32Array.from({ length: count }, testNumbers(seed));

/** Eight rows: three inputs, two targets. */
export const batch = { x: floats(1, 24), y: { data: floats(2, 16), shape: [8, 2] } };
/** Labels of three classes that hang together with the inputs, unevenly. */
export const labelled = {
  x: floats(3, 72),
  y: Int32Array.from(
    floats(3, 72).filter((_, i) => i % 3 === 0),
    (v) => (v < -0.4 ? 0 : v < 0.6 ? 1 : 2),
  ),
};

export const build = async (...layers: w.Layer[]): Promise<w.Model> =>
  w.build(w.sequential(w.input(3), ...layers), { seed: 1, runtime: await runtime() });

export const weightsOf = (model: w.Model): Record<string, number[]> =>
  Object.fromEntries(Object.entries(model.stateDict()).map(([name, { data }]) => [name, Array.from(data)]));

export const sgd = w.sgd({ learningRate: 0.1 });

/** Weights, losses and outputs of a net that takes steps on a batch. */
export async function steps(
  layers: readonly w.Layer[],
  own: Partial<w.TrainerOptions> = {},
  data: w.Data = batch as w.Data,
  count = 5,
): Promise<unknown> {
  const model = await build(...layers);
  const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: sgd, ...own });
  const losses = Array.from({ length: count }, () => trainer.step(data));
  const result = { losses, penalty: trainer.penalty, weights: weightsOf(model), outputs: Array.from(model.predict(batch.x).data) };
  model.dispose();
  return result;
}

export const small = (): w.Layer[] => [w.dense(4), w.tanh(), w.dense(2)];

/** A layer in the middle of a net. */
export const around = (layer: w.Layer): Promise<unknown> => steps([w.dense(4), layer, w.dense(2)]);

/** Value and gradients of a loss. */
export async function lossOf(loss: w.Loss, kind: "numbers" | "labels" | "binary" | "probabilities" = "numbers"): Promise<unknown> {
  const model = await build(w.dense(4), w.tanh(), w.dense(kind === "labels" ? 3 : 2));
  const binary = Float32Array.from(batch.y.data, (v) => (v > 0 ? 1 : 0));
  const probabilities = Float32Array.from(batch.y.data, (v, i) => (i % 2 === 0 ? (v + 1.5) / 3 : 1 - (batch.y.data[i - 1] + 1.5) / 3));
  const data = kind === "binary" ? binary : kind === "probabilities" ? probabilities : batch.y.data;
  const given = kind === "labels" ? labelled : { x: batch.x, y: { data, shape: [8, 2] } };
  const result = model.gradients(given as w.Data, loss);
  model.dispose();
  return result;
}

/** Weights and history of a fit of twelve epochs of two steps. */
export async function fitted(
  own: Partial<w.FitOptions> = {},
  data: unknown = batch,
  layers: readonly w.Layer[] = small(),
): Promise<{ history: w.History; weights: unknown }> {
  const model = await build(...layers);
  try {
    const given = { loss: w.mse(), optimizer: sgd, epochs: 12, batchSize: 4, ...own };
    const history = await model.fit(data as w.Data, given);
    return { history, weights: weightsOf(model) };
  } finally {
    model.dispose();
  }
}

export interface Failed {
  readonly error: string;
}

/** Steps that a fit takes. */
export async function stepsOf(fit: (counter: w.Callback) => Promise<unknown>): Promise<number> {
  let count = 0;
  await fit({ onStep: () => void count++ });
  return count;
}

/** What a call gives, or the message of its error. */
export async function outcome(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return { error: String(error) } satisfies Failed;
  }
}
