/** Any transform from the JSON that it gave: for model files, which hold the preprocessing of their inputs. */
import { nearest, show } from "../check.ts";
import { FormatError } from "../errors.ts";
import { checkJson } from "./checkJson.ts";
import { type ColumnTransformerJSON, columnTransformer, makeTransformer } from "./columnTransformer.ts";
import { type ImputerJSON, imputerFrom } from "./imputer.ts";
import { type MinMaxScalerJSON, minMaxScalerFrom } from "./minMaxScaler.ts";
import { type OneHotEncoderJSON, oneHotEncoderFrom } from "./oneHotEncoder.ts";
import { type PcaJSON, pcaFrom } from "./pca.ts";
import { type Pipeline, type PipelineJSON, pipeline } from "./pipeline.ts";
import { type PolynomialFeaturesJSON, polynomialFeaturesFrom } from "./polynomialFeatures.ts";
import { type RbfFeaturesJSON, rbfFeaturesFrom } from "./rbfFeatures.ts";
import { type RobustScalerJSON, robustScalerFrom } from "./robustScaler.ts";
import { type StandardScalerJSON, standardScalerFrom } from "./standardScaler.ts";
import { type TableEncoderJSON, type TableTransform, tableEncoderFrom } from "./tableEncoder.ts";
import { makeTablePipeline, type TablePipelineJSON } from "./tablePipeline.ts";
import type { Transform, TransformJSON } from "./transform.ts";

const MAKERS: Readonly<Record<string, (json: TransformJSON) => Transform>> = {
  columnTransformer: (json) => columnTransformerFrom(json as ColumnTransformerJSON),
  imputer: (json) => imputerFrom(json as ImputerJSON),
  minMaxScaler: (json) => minMaxScalerFrom(json as MinMaxScalerJSON),
  oneHotEncoder: (json) => oneHotEncoderFrom(json as OneHotEncoderJSON),
  pca: (json) => pcaFrom(json as PcaJSON),
  pipeline: (json) => pipelineFrom(json as PipelineJSON),
  polynomialFeatures: (json) => polynomialFeaturesFrom(json as PolynomialFeaturesJSON),
  rbfFeatures: (json) => rbfFeaturesFrom(json as RbfFeaturesJSON),
  robustScaler: (json) => robustScalerFrom(json as RobustScalerJSON),
  standardScaler: (json) => standardScalerFrom(json as StandardScalerJSON),
};

/** The transform that `toJSON` described, with all that it has learned. @throws FormatError for anything else. */
export function transformFrom(json: TransformJSON): Transform {
  const type: unknown = json?.type;
  const make = typeof type === "string" && Object.hasOwn(MAKERS, type) ? MAKERS[type] : undefined;
  if (make) return make(json);
  const near = typeof type === "string" ? nearest(type, Object.keys(MAKERS)) : "";
  throw new FormatError(`transformFrom: type must be that of a transform, got ${show(type)}${near && `. Did you mean "${near}"?`}`);
}

/** The same for what takes tables: a tableEncoder, or a pipeline that begins with one. @throws FormatError for anything else. */
export function tableTransformFrom(json: TransformJSON): TableTransform {
  if (json?.type !== "tablePipeline") return tableEncoderFrom(json as TableEncoderJSON);
  const { encoder, steps } = json as TablePipelineJSON;
  const made = { encoder: tableEncoderFrom(encoder), steps: pipelineFrom(steps) };
  checkJson("tablePipeline", made.encoder.inputs.length === made.steps.rule.inputs);
  return makeTablePipeline(made.encoder, made.steps);
}

function pipelineFrom(json: PipelineJSON): Pipeline {
  const { type, steps } = json ?? {};
  checkJson("pipeline", type === "pipeline");
  checkJson("pipeline", Array.isArray(steps) && steps.length > 0);
  const made = steps.map(transformFrom);
  checkJson(
    "pipeline",
    made.every(({ rule }, i) => i === 0 || made[i - 1]!.rule.outputs === rule.inputs),
  );
  return pipeline(...made);
}

function columnTransformerFrom({ rest, inputs, blocks }: ColumnTransformerJSON): Transform {
  const isColumn = (j: unknown) => Number.isSafeInteger(j) && (j as number) >= 0 && (inputs === 0 || (j as number) < inputs);
  checkJson("columnTransformer", rest === "drop" || rest === "keep", Number.isSafeInteger(inputs) && inputs >= 0);
  checkJson("columnTransformer", Array.isArray(blocks) && blocks.length > 0 && blocks.every((block) => Boolean(block)));
  checkJson(
    "columnTransformer",
    blocks.every(({ columns }) => Array.isArray(columns) && columns.length > 0 && columns.every(isColumn)),
  );
  const made = blocks.map(({ columns, transform }) => ({ columns, transform: transformFrom(transform) }));
  checkJson(
    "columnTransformer",
    made.every(({ columns, transform }) => transform.rule.inputs === (inputs === 0 ? 0 : columns.length)),
  );
  columnTransformer(made, { rest }); // its checks
  return makeTransformer(made, rest, inputs);
}
