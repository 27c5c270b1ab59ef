/** What the lecture notes recommend against each fault, with what the library has for it. A table, no logic. */

export type Fault = "optimization" | "bias" | "variance";

export interface Remedy {
  readonly what: string;
  /** In the API; empty where it is not the library's business. */
  readonly how: string;
  /** Numbers of the notes that say so. */
  readonly notes: string;
}

const remedy = (what: string, how: string, notes: string): Remedy => ({ what, how, notes });

export const REMEDIES = {
  /** Training is worse than a simpler net's. */
  worseThanSimpler: [
    remedy(
      "Activations that do not saturate instead of sigmoid or tanh: gradients vanish on their way to the first layers",
      "relu(), maxout()",
      "001",
    ),
    remedy("Normalize between the layers", "batchNorm()", "002, 003"),
    remedy("Shortcuts round the layers, so that a deeper net can be what the simpler one is", "residual([...])", "002, 003"),
    remedy("Initial weights that fit the activation", "heNormal(), xavierUniform()", "002, 004"),
    remedy("A learning rate of its own for each weight, or momentum", "adam(), sgd({ momentum: 0.9 })", "000, 001, 002"),
  ],
  /** The training loss rises or jumps. */
  unstable: [
    remedy(
      "A smaller learning rate, or one that decays: a large one makes the loss swing",
      "findLearningRate(), cosineDecay(), warmup()",
      "002, 003",
    ),
    remedy("Bound the gradients", "clip: clipNorm(1)", "002"),
    remedy("Inputs of mean 0 and deviation 1", "standardScaler()", "002, 003"),
  ],
  /** The training loss still falls when training ends. */
  unfinished: [
    remedy("Train longer", "epochs", "002"),
    remedy("A larger learning rate, if the loss falls smoothly", "findLearningRate()", "002"),
    remedy("A faster optimizer", "adam(), sgd({ momentum: 0.9, nesterov: true })", "000, 001, 002"),
  ],
  bias: [
    remedy("A larger net: more units, more layers", "dense(256)", "002"),
    remedy("Train longer, or with a better optimizer: it may help and may not", "epochs, adam()", "002"),
    remedy("Less regularization: dropout and penalties are for nets that fit their training rows", "dropout(0), no penalty", "001"),
    remedy("Inputs that say more", "polynomialFeatures(), rbfFeatures()", "002"),
  ],
  variance: [
    remedy("More training rows, or variations of those there are", "gaussianNoise()", "002, 003"),
    remedy("Penalties on the weights", "penalty: l2(1e-4), l1(1e-5)", "000, 002"),
    remedy("Dropout", "dropout(0.5)", "000, 001, 003"),
    remedy("Stop when the validation loss is best", "earlyStopping({ patience: 10 })", "000, 002"),
    remedy("The mean of several nets", "ensemble(models)", "000, 001, 003"),
  ],
} satisfies Record<string, readonly Remedy[]>;

/** What does not help against a fault, and is often tried. */
export const AVOID: Readonly<Record<Fault, readonly string[]>> = {
  optimization: [
    "It is not overfitting: dropout, penalties and early stopping make it worse (001)",
    "A larger net is harder to train still, not better (001)",
  ],
  bias: ["More training rows do little while those there are can't be fitted (002)"],
  variance: ["A lower training loss is not the aim: choose by validation"],
};
