/** All claims by the name of their script. */
import { claim as batchNormalization } from "./batchNormalization.ts";
import { claim as batchSize } from "./batchSize.ts";
import { claim as biasCorrection } from "./biasCorrection.ts";
import { claim as biasVariance } from "./biasVariance.ts";
import type { Claim } from "./claim.ts";
import { claim as clipping } from "./clipping.ts";
import { claim as depth } from "./depth.ts";
import { claim as dropConnect } from "./dropConnect.ts";
import { claim as dropoutAverage } from "./dropoutAverage.ts";
import { claim as ensemble } from "./ensemble.ts";
import { claim as initialization } from "./initialization.ts";
import { claim as inputScaling } from "./inputScaling.ts";
import { claim as maxout } from "./maxout.ts";
import { claim as momentum } from "./momentum.ts";
import { claim as overfitting } from "./overfitting.ts";
import { claim as pretraining } from "./pretraining.ts";
import { claim as rateDecay } from "./rateDecay.ts";
import { claim as residualDepth } from "./residualDepth.ts";
import { claim as rosenbrock } from "./rosenbrock.ts";
import { claim as secondOrder } from "./secondOrder.ts";
import { claim as sparsity } from "./sparsity.ts";
import { claim as stochasticDepth } from "./stochasticDepth.ts";
import { claim as transfer } from "./transfer.ts";

export const claims: Readonly<Record<string, Claim>> = {
  depth,
  initialization,
  batchNormalization,
  residualDepth,
  clipping,
  inputScaling,
  momentum,
  rosenbrock,
  biasCorrection,
  rateDecay,
  batchSize,
  secondOrder,
  sparsity,
  biasVariance,
  overfitting,
  dropoutAverage,
  ensemble,
  maxout,
  dropConnect,
  stochasticDepth,
  pretraining,
  transfer,
};
