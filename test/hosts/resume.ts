/** A small run with all that moves in one, stopped and resumed: what hosts compare, and hand to each other. */
import type { Model, Runtime } from "../../src/index.ts";
import { digest } from "./digest.ts";
import { decayingRate, digitsTask, makeData, type Whetstone } from "./tasks.ts";

/** 20 of its 24 steps: ends of epochs, steps before and after them, and the last one. */
export const STOPS = [7, 1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19, 21, 23, 24];

export interface Resumed {
  readonly state: Uint8Array;
  /** Of weights, slots and best weights, and of the history. */
  readonly hash: string;
}

export async function resumeOn(
  { sequential, input, dense, batchNorm, relu, dropout, build, softmaxCrossEntropy, adam, l2, earlyStopping, reduceOnPlateau }: Whetstone,
  runtime: Runtime,
  { stop, resume }: { stop?: number; resume?: Uint8Array },
): Promise<Resumed> {
  const net = sequential(input(64), dense(12), batchNorm(), relu(), dropout(0.2), dense(10));
  const model: Model = await build(net, { seed: resume ? 1 : 7, runtime });
  const task = { ...digitsTask({ sequential, input, dense, batchNorm, relu, dropout } as Whetstone), rows: 240 };
  const history = await model.fit(makeData(task), {
    loss: softmaxCrossEntropy(),
    optimizer: adam({ learningRate: decayingRate }),
    epochs: 4,
    batchSize: 32,
    validation: 0.2,
    penalty: l2(1e-4),
    callbacks: [
      earlyStopping({ patience: Infinity }),
      reduceOnPlateau({ patience: 0, threshold: 0.5 }),
      { onStep: ({ step }) => (step === stop ? "stop" : undefined) },
    ],
    resume,
  });
  const state = history.state!;
  // A safetensors file: after its header nothing but values.
  const header = Number(new DataView(state.buffer, state.byteOffset).getBigUint64(0, true));
  const columns = [history.loss, history.valLoss, history.penalty, history.learningRate];
  const hash = await digest([state.subarray(8 + header), ...columns.map((column) => Float64Array.from(column))]);
  model.dispose();
  return { state, hash };
}

export const textOf = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

export const fromText = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
