/** The module: runProgram, and every kernel re-exported so that tests, profiles and benches use the shipped binary. */
export { probeFused } from "./probe";
export { sgd, sgdMomentum } from "./optimizers/sgd";
export { adagrad } from "./optimizers/adagrad";
export { adadelta } from "./optimizers/adadelta";
export { rmsprop, rmspropCentered, rmspropCenteredMomentum, rmspropMomentum } from "./optimizers/rmsprop";
export { adam, adamAmsgrad } from "./optimizers/adam";
