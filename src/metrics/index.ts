/**
 * Entry point `whetstone/metrics`: measures of predictions, (yTrue, yPred, options?) => value, and of whole models. The latter
 * only call models that they are given, so that the entry stays small: nothing of the core is behind it.
 */
export { type Advice, type AdviceInput, advice, type Evidence } from "../judging/advice.ts";
export { type BiasVariance, type BiasVarianceOptions, biasVariance, type KnownProblem, type PointErrors } from "../judging/biasVariance.ts";
export { type CrossValidateOptions, type CrossValidation, crossValidate, type SettingResult } from "../judging/crossValidate.ts";
export type { FoldResult, FoldState, Judgement, JudgeOptions } from "../judging/judge.ts";
export { type LearningCurve, type LearningCurveOptions, type LearningPoint, learningCurve } from "../judging/learningCurve.ts";
export type { JudgedData, ModelRecipe, OwnRecipe, Predict, Recipe, Run, Scores, Trainable } from "../judging/recipe.ts";
export type { Fault, Remedy } from "../judging/remedies.ts";
export { type ValidationCurve, type ValidationCurveOptions, type ValidationPoint, validationCurve } from "../judging/validationCurve.ts";
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
