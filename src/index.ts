/** Entry point `whetstone`: all of training. Names only; importing it does nothing. */
export { type EmaOptions, ema, type SwaOptions, swa } from "./callbacks/averages.ts";
export type { AverageSpec, Callback, CallbackResult, LayerValues, RunAccess, RunChange, TrainingState } from "./callbacks/callback.ts";
export { type CheckpointOptions, checkpoint } from "./callbacks/checkpoint.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./callbacks/earlyStopping.ts";
export { type GradientFlow, type GradientFlowOptions, gradientFlow, type LayerFlow } from "./callbacks/gradientFlow.ts";
export { csvLog, jsonLog, type WriteLine } from "./callbacks/logs.ts";
export { type ProgressBarOptions, progressBar } from "./callbacks/progressBar.ts";
export { type ReduceOnPlateauOptions, reduceOnPlateau } from "./callbacks/reduceOnPlateau.ts";
export { type TimeLimitOptions, timeLimit } from "./callbacks/timeLimit.ts";
export { type Clip, clipLayerNorm, clipNorm, clipValue } from "./clipping.ts";
export { type Constraint, maxNorm } from "./constraints.ts";
export { DataError, FormatError, MemoryError, NonFiniteError, OptionError, ShapeError, WhetstoneError, WorkerError } from "./errors.ts";
export {
  constant,
  fromArray,
  heNormal,
  heUniform,
  type InitializerSpec,
  lecunNormal,
  lecunUniform,
  normal,
  orthogonal,
  truncatedNormal,
  uniform,
  type VarianceScalingOptions,
  varianceScaling,
  xavierNormal,
  xavierUniform,
  zeros,
} from "./initializers.ts";
export {
  elu,
  gelu,
  hardtanh,
  leakyRelu,
  logSoftmax,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
} from "./layers/activation.ts";
export { type BatchNormOptions, batchNorm } from "./layers/batchNorm.ts";
export { type DenseOptions, dense } from "./layers/dense.ts";
export { type DropoutOptions, dropout } from "./layers/dropout.ts";
export { input } from "./layers/input.ts";
export type { Layer } from "./layers/layer.ts";
export { type LayerNormOptions, layerNorm } from "./layers/layerNorm.ts";
export { type MaxoutOptions, maxout } from "./layers/maxout.ts";
export { alphaDropout, type GaussianNoiseOptions, gaussianNoise } from "./layers/noise.ts";
export { type ParallelOptions, parallel } from "./layers/parallel.ts";
export { prelu } from "./layers/prelu.ts";
export { flatten, reshape } from "./layers/reshape.ts";
export { linearDropRates, type ResidualOptions, residual } from "./layers/residual.ts";
export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from "./losses/binaryCrossEntropy.ts";
export { type CustomLossOptions, customLoss, type LossFunction } from "./losses/customLoss.ts";
export {
  type HuberOptions,
  hinge,
  huber,
  type KlDivergenceOptions,
  klDivergence,
  logCosh,
  type SmoothL1Options,
  smoothL1,
} from "./losses/elementLosses.ts";
export type { Loss } from "./losses/loss.ts";
export { type LpOptions, lp } from "./losses/lp.ts";
export { type MultiMarginOptions, multiMargin } from "./losses/multiMargin.ts";
export { mae, mse } from "./losses/regression.ts";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./losses/softmaxCrossEntropy.ts";
export { type MinimizeOptions, type Minimum, minimize, type Objective } from "./minimize.ts";
export { type BuildOptions, build } from "./model/build.ts";
export { type CheckedGradient, type CheckGradientsOptions, checkGradients, type GradientCheck } from "./model/checkGradients.ts";
export { createTrainer } from "./model/createTrainer.ts";
export { type Ensemble, type EnsembleOptions, ensemble } from "./model/ensemble.ts";
export type { EvaluateOptions, Evaluation } from "./model/evaluate.ts";
export { type FindLearningRateOptions, findLearningRate, type LearningRateCurve } from "./model/findLearningRate.ts";
export type { Data, FitOptions } from "./model/fit.ts";
export type { Gradients } from "./model/gradients.ts";
export type { ParameterGroup } from "./model/groups.ts";
export type { History, StopReason } from "./model/history.ts";
export { load } from "./model/load.ts";
export type { Metric } from "./model/metric.ts";
export type { Model, ParameterInfo, StateDict } from "./model/model.ts";
export type { PredictOptions } from "./model/predict.ts";
export { type Pretrained, type PretrainOptions, pretrainLayers } from "./model/pretrainLayers.ts";
export type { Profile, ProfiledOp } from "./model/profile.ts";
export type { Trainer, TrainerCheckpoint, TrainerOptions } from "./model/trainer.ts";
export { type Net, sequential } from "./net.ts";
export { type AdadeltaOptions, adadelta } from "./optimizers/adadelta.ts";
export { type AdagradOptions, adagrad } from "./optimizers/adagrad.ts";
export { type AdamOptions, adam } from "./optimizers/adam.ts";
export { type AdamaxOptions, adamax } from "./optimizers/adamax.ts";
export { type AdamWOptions, adamw } from "./optimizers/adamw.ts";
export { bfgs } from "./optimizers/bfgs.ts";
export { type LbfgsOptions, lbfgs } from "./optimizers/lbfgs.ts";
export { type LionOptions, lion } from "./optimizers/lion.ts";
export { type NadamOptions, nadam } from "./optimizers/nadam.ts";
export { type Hessian, type NewtonOptions, newton } from "./optimizers/newton.ts";
export type { LearningRate, Optimizer } from "./optimizers/optimizer.ts";
export { type RadamOptions, radam } from "./optimizers/radam.ts";
export { type RmspropOptions, rmsprop } from "./optimizers/rmsprop.ts";
export type { SecondOrder } from "./optimizers/secondOrder.ts";
export { type SgdOptions, sgd } from "./optimizers/sgd.ts";
export { type Decay, decoupledDecay, elasticNet, l1, l2, lq, type Penalty, type ProximalOptions } from "./penalties.ts";
export { createRuntime } from "./runtime/createRuntime.ts";
export type { Runtime, RuntimeInfo, RuntimeOptions } from "./runtime/runtime.ts";
export {
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  inverseTimeDecay,
  linearDecay,
  multiStepDecay,
  oneCycle,
  polynomialDecay,
  type Schedule,
  stepDecay,
  warmup,
} from "./schedules.ts";
export { type Tensor, tensor } from "./tensor.ts";
