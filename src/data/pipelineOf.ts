/** The pipeline that lies in a model's file. It may come from anywhere: everything is checked against the net. */
import { FormatError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { sizeOf } from "../shape.ts";
import { isNames } from "./checkJson.ts";
import { ModelPipeline, type ModelPipelineJSON } from "./modelPipeline.ts";
import { isForTables } from "./preparation.ts";
import { tableTransformFrom, transformFrom } from "./transformFrom.ts";

/**
 * The pipeline of a model that was saved by one: `pipelineOf(await load(bytes))`.
 * @throws FormatError if the model holds none, or one that does not fit its net: it may come from anywhere.
 */
export function pipelineOf(model: Model): ModelPipeline {
  const json = model.preprocessing as ModelPipelineJSON | null | undefined;
  if (json?.type !== "modelPipeline") {
    throw new FormatError("pipelineOf: the model holds no pipeline. Save it with the save of a modelPipeline that was fitted");
  }
  const { target, classes } = json;
  const isTables = json.inputs?.type === "tableEncoder" || json.inputs?.type === "tablePipeline";
  const inputs = json.inputs === undefined ? undefined : isTables ? tableTransformFrom(json.inputs) : transformFrom(json.inputs);
  const targetTransform = json.targetTransform === undefined ? undefined : transformFrom(json.targetTransform);
  const { inputShape, outputShape } = model.state.layout;
  const outputs = sizeOf(outputShape);
  const isSound =
    (inputs === undefined || (isForTables(inputs) ? inputs.outputs : inputs.rule.outputs) === sizeOf(inputShape)) &&
    (target === undefined || isNames(target)) &&
    (classes === undefined || (isNames(classes) && (classes.length === outputs || (classes.length === 2 && outputs === 1)))) &&
    (targetTransform === undefined || (targetTransform.rule.invert !== undefined && targetTransform.rule.outputs === outputs));
  if (!isSound) throw new FormatError("pipelineOf: the model's pipeline does not fit its net");
  return new ModelPipeline({ inputs, target, targetTransform }, classes, { model });
}
