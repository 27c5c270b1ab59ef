/**
 * Preprocessing, a net and what its outputs mean, as one thing: it is fitted on raw rows, predicts raw rows, and lies in one
 * file. The net's own business is model/'s, what transforms learn is theirs.
 */
import { checkOptions, fail } from "../check.ts";
import { DataError, OptionError, WorkerError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import type { EvaluateOptions, Evaluation } from "../model/evaluate.ts";
import type { Data, FitOptions } from "../model/fit.ts";
import type { History } from "../model/history.ts";
import type { Model } from "../model/model.ts";
import type { PredictOptions } from "../model/predict.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { isNames } from "./checkJson.ts";
import { back, checkTargetTransform, inOwnUnit } from "./modelTargets.ts";
import {
  extentsOf,
  isForTables,
  learn,
  type Preparation,
  type PreparedRows,
  prepare,
  type RawData,
  setAside,
  type TakenRows,
  takeInputs,
  takeRaw,
  toInputs,
} from "./preparation.ts";
import type { RawRows } from "./rawRows.ts";
import type { TableTransform } from "./tableEncoder.ts";
import type { Transform, TransformJSON } from "./transform.ts";

export interface ModelPipelineOptions {
  /**
   * Makes the net's model, once `fit` knows how many inputs and outputs the data needs:
   * `(inputs, outputs) => build(sequential(input(inputs), dense(16), relu(), dense(outputs)))`.
   */
  model: (inputs: number, outputs: number) => Promise<Model> | Model;
  /** What rows go through before the net: a transform, a tableEncoder, a pipeline of them. Default: numbers as they are. */
  inputs?: Transform | TableTransform;
  /** The column to predict where rows are tables; several for several outputs. It is no input. */
  target?: string | readonly string[];
  /** Names of the classes in the order of the outputs. Default: those that `fit` finds, sorted. */
  classes?: readonly string[];
  /** What targets go through before the loss, back again in predictions and metrics: `standardScaler()`, for quantities. */
  targetTransform?: Transform;
}

export interface RawFitOptions extends Omit<FitOptions, "validation"> {
  /** A fraction or a count of the rows, set aside by the seed (stratified for classes) before any transform learns; or raw data. */
  validation?: number | RawData;
}

/** What lies in the file beside the net: `model.preprocessing`. */
export interface ModelPipelineJSON {
  readonly type: "modelPipeline";
  readonly inputs?: TransformJSON;
  readonly target?: readonly string[];
  readonly classes?: readonly string[];
  readonly targetTransform?: TransformJSON;
}

/**
 * Transforms and a model that is made when the data is known.
 * @throws OptionError for unknown options, what is no transform, a targetTransform that has no inverse.
 */
export function modelPipeline(options: ModelPipelineOptions): ModelPipeline {
  const where = "modelPipeline";
  checkOptions(where, options, ["model", "inputs", "target", "classes", "targetTransform"]);
  const { model, inputs, target, classes, targetTransform } = options;
  if (typeof model !== "function") fail(`${where}: model`, "a function (inputs, outputs) => build(...)", model);
  if (inputs !== undefined && typeof inputs?.fit !== "function") fail(`${where}: inputs`, "a transform such as standardScaler()", inputs);
  const columns = target === undefined ? undefined : [target].flat();
  if (columns && !isNames(columns)) fail(`${where}: target`, "the name of a column, or different names", target);
  if (classes !== undefined && !(isNames(classes) && classes.length > 1)) fail(`${where}: classes`, "two different names or more", classes);
  if (targetTransform !== undefined) checkTargetTransform(`${where}: targetTransform`, targetTransform);
  if (inputs !== undefined && (inputs as unknown) === targetTransform)
    throw new OptionError(`${where}: inputs and targetTransform must be two transforms, got one for both`);
  return new ModelPipeline({ inputs, target: columns, targetTransform }, classes, { make: model });
}

/** See modelPipeline, which makes one, and pipelineOf. */
export class ModelPipeline {
  readonly #preparation: Preparation;
  readonly #make: ModelPipelineOptions["model"] | undefined;
  #classes: readonly string[] | undefined;
  #model: Model | undefined;
  #isFitting = false;

  /** Use modelPipeline or pipelineOf. @internal */
  constructor(
    preparation: Preparation,
    classes: readonly string[] | undefined,
    { make, model }: { make?: ModelPipelineOptions["model"]; model?: Model },
  ) {
    this.#preparation = preparation;
    this.#classes = classes;
    this.#make = make;
    this.#model = model;
  }

  /** @throws DataError before fit. */
  get model(): Model {
    if (this.#model) return this.#model;
    throw new DataError("modelPipeline: there is no model before fit");
  }

  get inputs(): Transform | TableTransform | undefined {
    return this.#preparation.inputs;
  }

  /** Names of the columns to predict. */
  get target(): readonly string[] | undefined {
    return this.#preparation.target;
  }

  /** Names of the classes, in the order of the outputs; undefined where the target is no class. */
  get classes(): readonly string[] | undefined {
    return this.#classes;
  }

  /** What the columns of a file to predict hold: `readCsv(text, { kinds })`. A code such as "007" stays a text. */
  get kinds(): Readonly<Record<string, "number" | "text">> {
    return isForTables(this.inputs) ? this.inputs.kinds : {};
  }

  /**
   * Trains as model.fit does, with the same options. At the first time the transforms learn, from the training rows alone, and
   * the model is made; later calls, and those of a loaded pipeline, train it on with the transforms as they are.
   * @throws as the transforms and model.fit. If nothing was trained the pipeline is as new.
   */
  async fit(data: RawData, options: RawFitOptions): Promise<History> {
    if (this.#isFitting) throw new WorkerError("fit: the pipeline is being fitted. Wait until that has ended");
    this.#isFitting = true;
    try {
      return await this.#fit(data, options);
    } finally {
      this.#isFitting = false;
    }
  }

  async #fit(data: RawData, options: RawFitOptions): Promise<History> {
    const own = this.#preparation;
    const loss = lossOf("fit", options);
    const { validation, seed } = options;
    const all = takeRaw(own, "fit", data, loss, this.#classes);
    const given = isData(validation) ? takeRaw(own, "fit: validation", validation, loss, all.classes) : undefined;
    const { train, held } = typeof validation === "number" ? setAside(all, validation, seed, loss) : { train: all, held: given };
    if (this.#model) return this.#train(this.#model, prepare(own, "fit", train), held, all.classes, options);
    learn(own, train);
    const prepared = prepare(own, "fit", train);
    const model = await this.#make!(...extentsOf(prepared, train, loss));
    if (typeof model?.fit !== "function") fail("modelPipeline: model", "a function that returns build(...)", model);
    try {
      return await this.#train(model, prepared, held, all.classes, options);
    } finally {
      if (this.#model === undefined) model.dispose();
    }
  }

  /** The model is this pipeline's from the first step on, and stays so however the run ends. */
  async #train(
    model: Model,
    rows: PreparedRows,
    held: TakenRows | undefined,
    classes: readonly string[] | undefined,
    options: RawFitOptions,
  ) {
    const own = this.#preparation;
    const { runs } = model.state;
    const before = [model.preprocessing, this.#model, this.#classes] as const;
    const validation = held && prepare(own, "fit: validation", held);
    const metrics = inOwnUnit(own.targetTransform, options.metrics);
    [this.#model, this.#classes] = [model, classes];
    model.preprocessing = this.toJSON(); // before the training, so that its checkpoints hold it
    try {
      return await model.fit(inShapeOf(model, rows), { ...options, validation: validation && inShapeOf(model, validation), metrics });
    } finally {
      if (model.state.runs === runs) [model.preprocessing, this.#model, this.#classes] = before;
    }
  }

  /** The net's inputs for raw rows: for gradients, or a loop of your own. */
  transform(rows: RawRows): Tensor {
    return this.#inputs("transform", rows);
  }

  /**
   * As model.predict, from raw rows: outputs are in the target's own unit, "probabilities" and "classes" in the order of
   * `classes`. Columns are found by name, others (the target among them) ignored; unknown categories are zeros.
   * @throws DataError naming the columns that are missing, or the place of a value that is missing or no number.
   */
  predict(rows: RawRows, options: PredictOptions = {}): Tensor {
    const { targetTransform } = this.#preparation;
    const y = this.model.predict(this.#inputs("predict", rows), options);
    return targetTransform && (options.as ?? "raw") === "raw" ? back(targetTransform, y) : y;
  }

  /** The name of each row's class. @throws OptionError if the target is no class. */
  classify(rows: RawRows): string[] {
    const { classes } = this;
    if (classes === undefined) throw new OptionError("classify: the target must be a class, which it is not. Use predict");
    return Array.from(this.predict(rows, { as: "classes" }).data, (label) => classes[label]!);
  }

  /** As model.evaluate, on raw data: the loss as the net sees it, metrics in the target's own unit. */
  evaluate(data: RawData, options: EvaluateOptions): Evaluation {
    const { model } = this;
    const own = this.#preparation;
    const taken = takeRaw(own, "evaluate", data, lossOf("evaluate", options), this.#classes);
    const metrics = inOwnUnit(own.targetTransform, options.metrics);
    return model.evaluate(inShapeOf(model, prepare(own, "evaluate", taken)), { ...options, metrics });
  }

  /** The file of the model, with all of this in it: `pipelineOf(await load(bytes))` predicts the same raw rows. */
  save(): Uint8Array {
    return this.model.save();
  }

  toJSON(): ModelPipelineJSON {
    const { inputs, target, targetTransform } = this.#preparation;
    const classes = this.#classes;
    return {
      type: "modelPipeline",
      ...(inputs && { inputs: inputs.toJSON() }),
      ...(target && { target }),
      ...(classes && { classes }),
      ...(targetTransform && { targetTransform: targetTransform.toJSON() }),
    };
  }

  /** Gives the model's memory back. */
  dispose(): void {
    this.#model?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #inputs(where: string, rows: RawRows): Tensor {
    const { model } = this;
    const width = sizeOf(model.state.layout.inputShape);
    return inShape(model, toInputs(this.#preparation, where, takeInputs(this.#preparation, where, rows), { width }));
  }
}

/** Flat rows in the shape that the net's input has; others are left to the model to judge. */
function inShape(model: Model, { data, shape }: Tensor): Tensor {
  const { inputShape } = model.state.layout;
  return { data, shape: shape.length === 2 && shape[1] === sizeOf(inputShape) ? [shape[0]!, ...inputShape] : shape };
}

const inShapeOf = (model: Model, rows: PreparedRows): Data => ({ ...rows, x: inShape(model, rows.x) }) as Data;

const isData = (validation: RawFitOptions["validation"]): validation is RawData =>
  validation !== undefined && typeof validation !== "number";

/** The loss says what targets mean. model.fit and model.evaluate look at all other options. */
function lossOf(where: string, options: { readonly loss?: Loss } | undefined): Loss {
  const loss = options?.loss;
  const slip = typeof loss === "function" ? "Call it: loss: mse()" : "";
  if (typeof loss?.link !== "string") fail(`${where}: loss`, "a loss such as mse()", loss, slip);
  return loss;
}
