/** Entry point `whetstone/metrics`: (yTrue, yPred, options?) => value. */
export { accuracy } from "./accuracy.ts";
export { type AveragePrecisionOptions, averagePrecision } from "./averagePrecision.ts";
export { balancedAccuracy } from "./balancedAccuracy.ts";
export { type CalibrationCurve, type CalibrationCurveOptions, calibrationCurve } from "./calibrationCurve.ts";
export { type ConfusionMatrixOptions, confusionMatrix } from "./confusionMatrix.ts";
export { mae, mse, rmse } from "./errors.ts";
export type { LabelOptions } from "./labels.ts";
export { logLoss } from "./logLoss.ts";
export { matthewsCorrelation } from "./matthewsCorrelation.ts";
export { f1, type PrecisionRecallOptions, precision, recall } from "./precisionRecall.ts";
export { r2 } from "./r2.ts";
export { type RocAucOptions, rocAuc } from "./rocAuc.ts";
export { type RocCurve, type RocCurveOptions, rocCurve } from "./rocCurve.ts";
export { type TopKAccuracyOptions, topKAccuracy } from "./topKAccuracy.ts";
