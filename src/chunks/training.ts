/** What trains models, in one piece: loaded when training begins. Only import() may name it. */
export { searchMinimum } from "../minimize/searchMinimum.ts";
export { fit } from "../model/fit.ts";
export { trainCoders } from "../model/trainCoders.ts";
export { makeTrainer } from "../model/trainer.ts";
export { tryLearningRates } from "../model/tryLearningRates.ts";
