/** Entry point `whetstone/data`: reading, dividing and transforming data. */
export type { Nested, NumericData, TensorLike, TypedArray } from "./arrays.ts";
export { type BalancedBatchesOptions, balancedBatches, type ClassWeightsOptions, classWeights } from "./balance.ts";
export { type BatchOptions, batches, type Piece, type PieceRows, type StreamedBatch } from "./batches.ts";
export {
  type ColumnBlock,
  type ColumnTransformer,
  type ColumnTransformerJSON,
  type ColumnTransformerOptions,
  columnTransformer,
} from "./columnTransformer.ts";
export type { EncodedColumn } from "./encodeColumns.ts";
export { type Fold, type FoldOptions, groupKFold, kFold, leaveOneOut, stratifiedKFold } from "./folds.ts";
export {
  type BlobsOptions,
  blobs,
  type CirclesOptions,
  circles,
  type LabelledData,
  type MoonsOptions,
  moons,
  type RegressionData,
  type RegressionOptions,
  regression,
  type SpiralsOptions,
  spirals,
} from "./generators.ts";
export { type Imputer, type ImputerJSON, type ImputerOptions, imputer } from "./imputer.ts";
export { type JsonOptions, readJson, type StreamJsonOptions, streamJson } from "./jsonRows.ts";
export { type MinMaxScaler, type MinMaxScalerJSON, type MinMaxScalerOptions, minMaxScaler } from "./minMaxScaler.ts";
export {
  ModelPipeline,
  type ModelPipelineJSON,
  type ModelPipelineOptions,
  modelPipeline,
  type RawFitOptions,
} from "./modelPipeline.ts";
export type { RawTargets } from "./modelTargets.ts";
export { type OneHotEncoder, type OneHotEncoderJSON, type OneHotEncoderOptions, oneHotEncoder } from "./oneHotEncoder.ts";
export { type Pca, type PcaJSON, type PcaOptions, pca } from "./pca.ts";
export { type Pipeline, type PipelineJSON, pipeline } from "./pipeline.ts";
export { pipelineOf } from "./pipelineOf.ts";
export {
  type PolynomialFeatures,
  type PolynomialFeaturesJSON,
  type PolynomialFeaturesOptions,
  polynomialFeatures,
} from "./polynomialFeatures.ts";
export type { RawData } from "./preparation.ts";
export { type RawRows, takeTableRows } from "./rawRows.ts";
export { type RbfFeatures, type RbfFeaturesJSON, type RbfFeaturesOptions, rbfFeatures } from "./rbfFeatures.ts";
export { type Column, type CsvOptions, columnOf, type NumberColumn, readCsv, type Table, type TextColumn } from "./readCsv.ts";
export { type IdxData, readIdx } from "./readIdx.ts";
export { readTarget, type Target, type TargetOptions } from "./readTarget.ts";
export { ridge } from "./ridge.ts";
export { type RobustScaler, type RobustScalerJSON, robustScaler } from "./robustScaler.ts";
export type { Encoded, Matrix, Scaled } from "./rows.ts";
export { type Rows, type SplitData, type SplitIndices, type SplitOptions, type SplitResult, split, splitIndices } from "./split.ts";
export { type StandardScaler, type StandardScalerJSON, standardScaler, standardScalerFrom } from "./standardScaler.ts";
export { type StreamCsvOptions, streamCsv } from "./streamCsv.ts";
export {
  numbers,
  type TableEncoder,
  type TableEncoderJSON,
  type TableEncoderOptions,
  type TableTransform,
  tableEncoder,
  tableEncoderFrom,
} from "./tableEncoder.ts";
export type { TablePipeline, TablePipelineJSON } from "./tablePipeline.ts";
export type { ByteSource, ByteStream } from "./textStream.ts";
export { type Encoder, type Scaler, type Transform, type TransformJSON, type TransformRule, transformOf } from "./transform.ts";
export { tableTransformFrom, transformFrom } from "./transformFrom.ts";
