/**
 * The training tasks that benches and their peers share: nets as in the design's table of times, data made up by seed.
 * Not how they are timed.
 */
import {
  adam,
  batchNorm,
  build,
  createTrainer,
  dense,
  dropout,
  input,
  type Net,
  type Optimizer,
  type Runtime,
  relu,
  sequential,
  sgd,
  softmaxCrossEntropy,
  type Trainer,
} from "../../src/index.ts";

export interface Task {
  readonly name: string;
  readonly title: string;
  /** Extents from input to output. */
  readonly widths: readonly number[];
  readonly batchSize: number;
  readonly net: Net;
  readonly optimizer: Optimizer;
  /** The most that a step may take, in seconds; undefined where no figure is promised. */
  readonly bar?: number;
}

const DEEP = 20;

export const tasks: readonly Task[] = [
  {
    name: "iris",
    title: "4-16-3, batch 16, SGD with momentum",
    widths: [4, 16, 3],
    batchSize: 16,
    net: sequential(input(4), dense(16), relu(), dense(3)),
    optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }),
    bar: 3e-6,
  },
  {
    name: "digits",
    title: "64-128-64-10, batch norm, dropout 0.2, batch 32, Adam",
    widths: [64, 128, 64, 10],
    batchSize: 32,
    net: sequential(input(64), dense(128), batchNorm(), relu(), dropout(0.2), dense(64), batchNorm(), relu(), dropout(0.2), dense(10)),
    optimizer: adam(),
    bar: 150e-6,
  },
  {
    name: "mnist",
    title: "784-512-512-10, dropout 0.2, batch 128, Adam",
    widths: [784, 512, 512, 10],
    batchSize: 128,
    net: sequential(input(784), dense(512), relu(), dropout(0.2), dense(512), relu(), dropout(0.2), dense(10)),
    optimizer: adam(),
  },
  {
    name: "wide",
    title: "1024-2048-1024-10, batch 256, Adam",
    widths: [1024, 2048, 1024, 10],
    batchSize: 256,
    net: sequential(input(1024), dense(2048), relu(), dense(1024), relu(), dense(10)),
    optimizer: adam(),
  },
  {
    name: "deep",
    title: "64-(32 x 20)-10, batch 32, Adam",
    widths: [64, ...Array<number>(DEEP).fill(32), 10],
    batchSize: 32,
    net: sequential(input(64), ...Array.from({ length: DEEP }, () => [dense(32), relu()]).flat(), dense(10)),
    optimizer: adam(),
  },
  {
    name: "irisOne",
    title: "4-16-3, one row, SGD",
    widths: [4, 16, 3],
    batchSize: 1,
    net: sequential(input(4), dense(16), relu(), dense(3)),
    optimizer: sgd({ learningRate: 0.01 }),
  },
  {
    name: "mnistOne",
    title: "784-512-512-10, one row, SGD",
    widths: [784, 512, 512, 10],
    batchSize: 1,
    net: sequential(input(784), dense(512), relu(), dense(512), relu(), dense(10)),
    optimizer: sgd({ learningRate: 0.01 }),
  },
];

/** Floating-point operations of the products of a step, two per multiply-add; the first layer's input gradient is not computed. */
export function flopOf({ widths, batchSize }: Task): number {
  let flop = 0;
  for (let layer = 1; layer < widths.length; layer++) flop += (layer === 1 ? 4 : 6) * batchSize * widths[layer - 1] * widths[layer];
  return flop;
}

const BATCHES = 8;

/** A seeded stream of numbers in [-1, 1). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  };
}

/** Rows of noise round one centre per class: something to learn, so that gradients are neither rounding nor explosions. */
export function rowsOf({ widths }: Task, count: number): { x: Float32Array; y: Int32Array } {
  const columns = widths[0];
  const classes = widths[widths.length - 1];
  const next = numbers(1);
  const centres = Float32Array.from({ length: classes * columns }, next);
  const y = Int32Array.from({ length: count }, () => Math.floor(((next() + 1) / 2) * classes));
  const x = Float32Array.from({ length: count * columns }, (_, i) => {
    return centres[y[Math.floor(i / columns)] * columns + (i % columns)] + 2 * next();
  });
  return { x, y };
}

/** Rows in batches; the last one may be smaller. */
export function cut({ widths, batchSize }: Task, { x, y }: { x: Float32Array; y: Int32Array }): { x: Float32Array; y: Int32Array }[] {
  return Array.from({ length: Math.ceil(y.length / batchSize) }, (_, i) => ({
    x: x.slice(i * batchSize * widths[0], (i + 1) * batchSize * widths[0]),
    y: y.slice(i * batchSize, (i + 1) * batchSize),
  }));
}

/** A trainer of the task, and its step through the public facade, on one batch after another. */
export async function trainingOf(task: Task, runtime: Runtime): Promise<{ trainer: Trainer; step: () => void }> {
  const model = await build(task.net, { seed: 1, runtime });
  const trainer = await createTrainer(model, { loss: softmaxCrossEntropy(), optimizer: task.optimizer, batchSize: task.batchSize });
  const batches = cut(task, rowsOf(task, BATCHES * task.batchSize));
  let turn = 0;
  const step = () => {
    trainer.step(batches[turn]);
    turn = (turn + 1) % BATCHES;
  };
  return { trainer, step };
}

export const stepOf = async (task: Task, runtime: Runtime): Promise<() => void> => (await trainingOf(task, runtime)).step;
