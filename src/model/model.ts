/**
 * A net with memory: what one trains, asks and saves. It holds no arithmetic of its own; each task is a file beside it.
 */
import { checkOptions, fail } from "../check.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { checkFits, checkInitializer, type InitializerSpec } from "../initializers.ts";
import type { Loss } from "../losses/loss.ts";
import type { Net } from "../net.ts";
import { checkSeed } from "../random.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import { type NestedNumbers, type Numbers, type TargetInput, type Tensor, type TensorInput, tensor, tensorShape } from "../tensor.ts";
import { beginFit } from "./beginFit.ts";
import { compareGradients } from "./compareGradients.ts";
import { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.ts";
import type { Data, FitOptions } from "./fit.ts";
import { type Gradients, gradients } from "./gradients.ts";
import type { History } from "./history.ts";
import { isTrainable } from "./isTrainable.ts";
import { matchNames } from "./matchNames.ts";
import { type PredictOptions, predict } from "./predict.ts";
import { saveModel } from "./saveModel.ts";
import { ModelState, type StoredParameter } from "./state.ts";
import { summarize } from "./summary.ts";

export type StateDict = Record<string, Tensor>;

/** Values of a parameter when they are given: numbers with a shape (from JSON too), nested arrays, or flat numbers. */
export type ParameterValues = { readonly data: Numbers; readonly shape: Shape } | NestedNumbers;

export type StateDictInput = Readonly<Record<string, ParameterValues>>;

export interface ParameterInfo {
  /** "0.weight" */
  readonly name: string;
  readonly shape: Shape;
  /** False for running statistics and frozen parameters. */
  readonly trainable: boolean;
}

export class Model<out In extends Shape = Shape, out Out extends Shape = Shape> {
  readonly net: Net<In, Out>;
  /** The memory behind the model; not part of the public API. @internal */
  readonly state: ModelState;

  /** Use build() or load(). @internal */
  constructor(net: Net<In, Out>, runtime: Runtime, seed: number | undefined) {
    this.net = net;
    this.state = new ModelState(net, runtime);
    if (seed === undefined) return; // zeros, until they are loaded
    for (const parameter of this.state.parameters) this.state.initialize(parameter, seed);
  }

  /** For functions that are given a model: they reach it here, and need not load what models are made of. @internal */
  get tools() {
    return { compareGradients, modelOf: (net: Net): Model => new Model(net, this.runtime, 0) };
  }

  get runtime(): Runtime {
    return this.state.runtime;
  }

  /** What raw rows need before predict: plain data, kept in the file. whetstone itself does not read it. */
  get preprocessing(): unknown {
    return this.state.preprocessing;
  }

  set preprocessing(value: unknown) {
    if (value !== undefined && !isJson(value)) fail("model.preprocessing", "plain data that JSON can hold", value);
    this.state.preprocessing = value;
  }

  /**
   * Trains; see FitOptions for every option and its default. The model keeps the weights of the best epoch where earlyStopping
   * watches, else those of the last whole finite step.
   * @throws DataError, ShapeError, OptionError before anything is written; NonFiniteError if loss or gradients stop being
   * finite; the signal's reason if it aborts. The last two carry `history`.
   */
  fit(data: Data<In, Out> | Iterable<Data<In, Out>> | AsyncIterable<Data<In, Out>>, options: FitOptions): Promise<History> {
    return beginFit(this.state, data, options);
  }

  /**
   * Outputs for rows x, a copy: [rows, ...output]. `as: "raw"` (default) the net's own output; "probabilities" and "classes"
   * through the link of the loss that trained the model. `samples`: the mean over that many dropout masks.
   */
  predict(x: TensorInput<In>, options: PredictOptions = {}): Tensor {
    return predict(this.state, x, options);
  }

  /** Loss (mean over rows, without penalties) and metrics on data, in inference mode. */
  evaluate(data: Data<In, Out>, options: EvaluateOptions): Evaluation {
    return evaluate(this.state, data, options);
  }

  /** Loss and its gradients by parameters and input, in training mode with the masks of step 0. Changes nothing. */
  gradients(batch: { x: TensorInput<In>; y: TargetInput<Out>; weights?: NestedNumbers }, loss: Loss): Gradients {
    return gradients(this.state, batch, loss);
  }

  /** Copies of all parameters and statistics, by PyTorch's names: the keys of nn.Sequential(...layers after the input). */
  stateDict(): StateDict {
    this.state.checkUsable("stateDict");
    return Object.fromEntries(
      this.state.parameters.map((parameter) => [parameter.name, { data: this.state.view(parameter).slice(), shape: parameter.shape }]),
    );
  }

  /**
   * Takes over weights. With `strict` (default) names must be the same; num_batches_tracked is ignored.
   * @throws ShapeError if a shape differs, DataError if a value is not finite: nothing is written then.
   */
  loadStateDict(dict: StateDictInput, options: { strict?: boolean } = {}): { missing: string[]; unexpected: string[] } {
    checkOptions("loadStateDict", options, ["strict"]);
    // All weights at once mend a model that lost a thread: what was broken is not looked at.
    const wasBroken = this.state.isBroken;
    this.state.isBroken = false;
    try {
      this.state.checkFree("loadStateDict");
      const result = loadStateDict(this.state, dict, options.strict ?? true);
      this.state.isBroken = wasBroken && result.missing.length > 0;
      return result;
    } catch (error) {
      this.state.isBroken = wasBroken;
      throw error;
    }
  }

  parameters(): ParameterInfo[] {
    return this.state.parameters.map((parameter) => ({ name: parameter.name, shape: parameter.shape, trainable: isTrainable(parameter) }));
  }

  /**
   * Excludes parameters from training: they keep their bytes, have no optimizer slots and cost no gradient. Patterns: a name,
   * or one with * for any characters: "0.*". Returns the names.
   * @throws OptionError if nothing matches.
   */
  freeze(...patterns: string[]): string[] {
    return this.#setFrozen("freeze", patterns, true);
  }

  /** The opposite of freeze. */
  thaw(...patterns: string[]): string[] {
    return this.#setFrozen("thaw", patterns, false);
  }

  #setFrozen(where: string, patterns: string[], isFrozen: boolean): string[] {
    this.state.checkFree(where);
    const matched = matchNames(
      where,
      this.state.parameters.filter(({ spec }) => spec.role === "parameter"),
      patterns,
    );
    for (const parameter of matched) parameter.isFrozen = isFrozen;
    this.state.frozenVersion++;
    return matched.map(({ name }) => name);
  }

  /** Draws parameters and statistics that match anew, with their own initializers or the one given. Returns the names. */
  reinitialize(patterns: string | string[], options: { seed?: number; init?: InitializerSpec } = {}): string[] {
    checkOptions("reinitialize", options, ["seed", "init"]);
    const { seed = 0, init } = options;
    checkSeed("reinitialize: seed", seed);
    if (init !== undefined) checkInitializer("reinitialize: init", init);
    this.state.checkFree("reinitialize");
    const matched = matchNames("reinitialize", this.state.parameters, [patterns].flat());
    if (init !== undefined) for (const { name, shape } of matched) checkFits(`reinitialize: ${name}`, init, shape);
    for (const parameter of matched) this.state.initialize(parameter, seed, init);
    return matched.map(({ name }) => name);
  }

  /** The model as the bytes of a safetensors file, which PyTorch reads too; `load` is its inverse. */
  save(): Uint8Array {
    this.state.checkUsable("save");
    return saveModel(this.state, this.stateDict());
  }

  /** A table of layers, shapes and parameter counts. */
  summary(): string {
    return summarize(this.state);
  }

  /** Gives the memory back at once; else that happens when the model is garbage collected. */
  dispose(): void {
    if (this.state.isDisposed) return;
    this.state.checkNotBusy("dispose"); // a broken model, or one of a disposed runtime, has memory to give back too
    this.state.isDisposed = true;
    for (const region of [this.state.region, ...this.state.programRegions]) region.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function loadStateDict(state: ModelState, dict: StateDictInput, isStrict: boolean): { missing: string[]; unexpected: string[] } {
  const where = "loadStateDict";
  if (typeof dict !== "object" || dict === null) fail(`${where}: dict`, "an object of tensors by name", dict);
  const own = new Map(state.parameters.map((parameter) => [parameter.name, parameter]));
  const missing = [...own.keys()].filter((name) => !Object.hasOwn(dict, name));
  const unexpected = Object.keys(dict).filter((name) => !own.has(name) && !name.endsWith("num_batches_tracked"));
  if (isStrict && missing.length + unexpected.length > 0) {
    const list = (title: string, names: string[]) => (names.length > 0 ? ` ${title}: ${names.join(", ")}.` : "");
    throw new OptionError(
      `${where}: names must be those of the model.${list("Missing", missing)}${list("Unexpected", unexpected)} Give { strict: false } to load the rest`,
    );
  }
  const checked = [...own.values()]
    .filter(({ name }) => Object.hasOwn(dict, name))
    .map((parameter) => [parameter, valuesFor(parameter, dict[parameter.name]!)] as const);
  for (const [parameter, values] of checked) state.view(parameter).set(values);
  state.version++;
  return { missing, unexpected };
}

const hasShape = (given: ParameterValues): given is Exclude<ParameterValues, NestedNumbers> =>
  !Array.isArray(given) && "data" in given && "shape" in given;

function readTensor(where: string, given: ParameterValues): Tensor {
  try {
    if (typeof given !== "object" || given === null || !hasShape(given)) return tensor(given);
    const { data, shape } = given;
    if (!(data instanceof Float32Array)) return tensor(data, shape);
    return { data, shape: tensorShape("tensor: data", { data, shape }) }; // no copy: all of a file's tensors come at once
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`${where}: ${error.message}`);
    if (error instanceof ShapeError) throw new ShapeError(`${where}: ${error.message}`);
    throw error;
  }
}

function valuesFor({ name, shape, words }: StoredParameter, given: ParameterValues): Float32Array {
  const where = `loadStateDict: ${name}`;
  // Flat numbers carry no shape of their own: only their count can be wrong. Tensors from JSON hold plain arrays.
  const { data, shape: came } = readTensor(where, given);
  const isFlat = !hasShape(given) && came.length === 1 && data.length === words;
  if (!isFlat && !sameShape(came, shape)) throw new ShapeError(`${where} must have shape ${showShape(shape)}, got ${showShape(came)}`);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new DataError(`${where} must hold finite numbers, got ${data[bad]} at ${bad}`);
  return data;
}

/** Whether JSON holds it: no function, no cycle. */
function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}
