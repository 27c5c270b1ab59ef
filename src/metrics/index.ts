/** Entry point `whetstone/metrics`: (yTrue, yPred, options?) => value. */
export { accuracy } from "./accuracy.ts";
export { type ConfusionMatrixOptions, confusionMatrix } from "./confusionMatrix.ts";
export { mae, mse, rmse } from "./errors.ts";
export type { LabelOptions } from "./labels.ts";
export { r2 } from "./r2.ts";
