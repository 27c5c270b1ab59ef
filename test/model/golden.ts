/** Turns the layers, losses and optimizers of the golden vectors into ours. */
import * as w from "../../src/index.ts";
import type { Layer } from "../../src/layers/layer.ts";
import type { Golden } from "../vectors/read.ts";

export interface GoldenLayer {
  readonly type: string;
  readonly in?: number;
  readonly out?: number;
  readonly bias?: boolean;
  readonly features?: number;
  readonly eps?: number;
  readonly momentum?: number;
  readonly alpha?: number;
  readonly negative_slope?: number;
  readonly units?: number;
  readonly pieces?: number;
  readonly shape?: readonly number[];
}

export interface GoldenLoss {
  readonly type: string;
  readonly label_smoothing?: number;
  readonly class_weights?: readonly number[];
  readonly pos_weight?: readonly number[];
  readonly delta?: number;
  readonly beta?: number;
  readonly reduction?: string;
  readonly margin?: number;
}

export interface GoldenRun {
  readonly name: string;
  readonly layers: readonly GoldenLayer[];
  readonly loss: GoldenLoss;
  readonly optimizer: { readonly type: string; readonly options: Readonly<Record<string, unknown>> };
  readonly weight_decay: number;
  readonly l1: number;
  readonly l2: number;
  readonly clip: { readonly type: string; readonly value: number } | null;
  readonly steps: number;
  readonly initial: Readonly<Record<string, Golden>>;
  readonly batches: readonly { readonly x: Golden; readonly y: Golden }[];
  readonly lrs: readonly number[];
  readonly losses: { readonly float32: readonly number[]; readonly float64: readonly number[] };
  readonly final: { readonly float32: Readonly<Record<string, Golden>>; readonly float64: Readonly<Record<string, Golden>> };
}

const layers: Record<string, (layer: GoldenLayer) => Layer> = {
  maxout: ({ units, pieces }) => w.maxout(units!, { pieces }),
  layerNorm: ({ shape, eps }) => w.layerNorm({ axes: shape!.length, eps }),
  flatten: w.flatten,
  hardtanh: w.hardtanh,
  linear: ({ out, bias = true }) => w.dense(out!, { bias }),
  batchNorm1d: ({ eps, momentum }) => w.batchNorm({ eps, momentum }),
  batchNorm2d: ({ eps, momentum }) => w.batchNorm({ eps, momentum }),
  elu: ({ alpha }) => w.elu({ alpha }),
  leakyRelu: ({ negative_slope }) => w.leakyRelu({ slope: negative_slope }),
  geluTanh: () => w.gelu({ approximate: "tanh" }),
  relu: w.relu,
  selu: w.selu,
  gelu: () => w.gelu(),
  silu: w.silu,
  softplus: w.softplus,
  sigmoid: w.sigmoid,
  tanh: w.tanh,
  softsign: w.softsign,
  mish: w.mish,
  softmax: w.softmax,
  logSoftmax: w.logSoftmax,
};

const losses: Record<string, (loss: GoldenLoss) => w.Loss> = {
  softmaxCrossEntropy: ({ label_smoothing, class_weights }) =>
    w.softmaxCrossEntropy({ labelSmoothing: label_smoothing, classWeights: class_weights }),
  binaryCrossEntropyWithLogits: ({ pos_weight }) => w.binaryCrossEntropy({ positiveWeight: pos_weight }),
  mse: w.mse,
  huber: ({ delta }) => w.huber({ delta }),
  smoothL1: ({ beta }) => w.smoothL1({ beta }),
  klDiv: ({ reduction }) => w.klDivergence({ reduction: reduction as "mean" }),
  multiMargin: ({ margin }) => w.multiMargin({ margin }),
  l1: w.mae,
};

/** Whether this version has all that the case needs. */
export function isCovered({ layers: list, loss, optimizer }: Pick<GoldenRun, "layers" | "loss" | "optimizer">): boolean {
  return list.every(({ type }) => type in layers) && loss.type in losses && optimizer.type in optimizers;
}

export const isLayerCovered = (type: string): boolean => type in layers;
export const isLossCovered = (type: string): boolean => type in losses;
export const layerOf = (layer: GoldenLayer): Layer => layers[layer.type]!(layer);
export const lossOf = (loss: GoldenLoss): w.Loss => losses[loss.type]!(loss);

interface OptimizerOptions {
  learningRate: w.LearningRate;
  weightDecay: number;
}

type Options = Readonly<Record<string, unknown>>;
const optimizers: Record<string, (o: Options, shared: OptimizerOptions) => w.Optimizer> = {
  sgd: (o, shared) =>
    w.sgd({ ...shared, momentum: o.momentum as number, dampening: o.dampening as number, nesterov: o.nesterov as boolean }),
  adagrad: (o, shared) =>
    w.adagrad({
      ...shared,
      learningRateDecay: o.lr_decay as number,
      initialAccumulator: o.initial_accumulator_value as number,
      eps: o.eps as number,
    }),
  rmsprop: (o, shared) =>
    w.rmsprop({
      ...shared,
      alpha: o.alpha as number,
      eps: o.eps as number,
      momentum: o.momentum as number,
      centered: o.centered as boolean,
    }),
  adadelta: (o, shared) => w.adadelta({ ...shared, rho: o.rho as number, eps: o.eps as number }),
  adam: (o, shared) => w.adam({ ...shared, ...betas(o), eps: o.eps as number, amsgrad: o.amsgrad as boolean }),
  adamw: (o, shared) => w.adamw({ ...shared, ...betas(o), eps: o.eps as number, amsgrad: o.amsgrad as boolean }),
  adamax: (o, shared) => w.adamax({ ...shared, ...betas(o), eps: o.eps as number }),
  nadam: (o, shared) => w.nadam({ ...shared, ...betas(o), eps: o.eps as number, momentumDecay: o.momentum_decay as number }),
  radam: (o, shared) => w.radam({ ...shared, ...betas(o), eps: o.eps as number }),
};

function betas(options: Options): { beta1: number; beta2: number } {
  const [beta1, beta2] = options.betas as [number, number];
  return { beta1, beta2 };
}

/** `lrs`: the rate of each step, for runs with a schedule. */
export function optimizerOf(type: string, options: Options, weightDecay: number, lrs?: readonly number[]): w.Optimizer {
  const learningRate = lrs === undefined ? (options.lr as number) : { at: (step: number) => lrs[step]! };
  return optimizers[type]!(options, { learningRate, weightDecay });
}
