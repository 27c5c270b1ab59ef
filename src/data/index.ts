/** Entry point `whetstone/data`: reading, dividing and scaling data. */
export type { Nested, NumericData, TensorLike, TypedArray } from "./arrays.ts";
export { type Column, type CsvOptions, columnOf, type NumberColumn, readCsv, type Table, type TextColumn } from "./readCsv.ts";
export { type IdxData, readIdx } from "./readIdx.ts";
export { readTarget, type Target, type TargetOptions } from "./readTarget.ts";
export { type Rows, type SplitData, type SplitIndices, type SplitOptions, type SplitResult, split, splitIndices } from "./split.ts";
export { type Scaled, type StandardScaler, type StandardScalerJSON, standardScaler, standardScalerFrom } from "./standardScaler.ts";
export {
  type EncodedColumn,
  numbers,
  type TableEncoder,
  type TableEncoderJSON,
  type TableEncoderOptions,
  tableEncoder,
  tableEncoderFrom,
} from "./tableEncoder.ts";
