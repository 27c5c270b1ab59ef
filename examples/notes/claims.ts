/** All claims by the name of their script. */
import { claim as batchNormalization } from "./batchNormalization.ts";
import { claim as batchSize } from "./batchSize.ts";
import { claim as biasCorrection } from "./biasCorrection.ts";
import type { Claim } from "./claim.ts";
import { claim as clipping } from "./clipping.ts";
import { claim as depth } from "./depth.ts";
import { claim as initialization } from "./initialization.ts";
import { claim as inputScaling } from "./inputScaling.ts";
import { claim as momentum } from "./momentum.ts";
import { claim as rateDecay } from "./rateDecay.ts";
import { claim as residualDepth } from "./residualDepth.ts";
import { claim as rosenbrock } from "./rosenbrock.ts";
import { claim as secondOrder } from "./secondOrder.ts";

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
};
