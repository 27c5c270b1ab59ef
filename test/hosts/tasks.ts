/** The two trainings that every host repeats, and their data: made up from integers, so that no host's Math is asked. */
import type { Layer, Net, Schedule } from "../../src/index.ts";

/** The package as a namespace: each host imports it in its own way. */
export type Whetstone = typeof import("../../src/index.ts");

export interface Task {
  readonly net: Net;
  readonly inputs: number;
  readonly classes: number;
  readonly batchSize: number;
  readonly rows: number;
  readonly steps: number;
  /** "always": every op that can be shared is; "auto": the plan that users get. */
  readonly share: "always" | "auto";
  readonly threads: readonly number[];
}

export function digitsTask({ sequential, input, dense, batchNorm, relu, dropout }: Whetstone): Task {
  const block = (units: number): Layer[] => [dense(units), batchNorm(), relu(), dropout(0.2)];
  const net = sequential(input(64), ...block(128), ...block(64), dense(10));
  return { net, inputs: 64, classes: 10, batchSize: 32, rows: 150, steps: 200, share: "always", threads: [1, 2, 3, 4, 8] };
}

export function mnistTask({ sequential, input, dense, relu, dropout }: Whetstone): Task {
  const net = sequential(input(784), dense(512), relu(), dropout(0.2), dense(512), relu(), dropout(0.2), dense(10));
  return { net, inputs: 784, classes: 10, batchSize: 128, rows: 300, steps: 5, share: "auto", threads: [1, 2, 4] };
}

/** A rate that falls: made of an addition and two divisions, which are the same everywhere. */
export const decayingRate: Schedule = { at: (step) => 0.004 / (1 + step / 50) };

/** Rows of a class lie around a centre of their own. Labels go round. */
export function makeData({ inputs, classes, rows }: Task): { x: Float32Array; y: Int32Array } {
  const uniform = uniforms(1);
  const centres = Float32Array.from({ length: classes * inputs }, uniform);
  const y = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const x = new Float32Array(rows * inputs);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < inputs; col++) x[row * inputs + col] = centres[y[row]! * inputs + col]! + uniform() - 1;
  }
  return { x, y };
}

/** xorshift32 (Marsaglia 2003) as numbers in [0, 1), multiples of 2^-24. */
function uniforms(seed: number): () => number {
  let word = seed;
  return () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word >>> 8) / 16777216;
  };
}
