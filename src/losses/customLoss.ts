/** A loss that the user writes: two functions on plain arrays, called between the forward and the backward pass of a step. */
import { checkOneOf, checkOptions, fail, show } from "../check.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import { isTensor, isTypedArray, type NestedNumbers, shapeOfArrays, type Tensor, type TypedArray, tensor } from "../tensor.ts";
import type { Link, Loss } from "./loss.ts";

/**
 * Targets: a tensor [rows, ...], or an Int32Array of labels if such were given; outputs of the net, [rows, ...output], before the
 * link; and the weights of the rows, if the data has any. Only to be read; value and gradient of a step get the same ones.
 */
export type LossFunction<Targets, Result> = (yTrue: Targets, yPred: Tensor, weights?: Float32Array) => Result;

export interface CustomLossOptions<Targets extends Int32Array | Tensor = Tensor> {
  /** The loss of a batch: the mean over its rows, or what you want to be small. With weights w, Σ w·row loss / Σ w. */
  value: LossFunction<Targets, number>;
  /** Its derivative by each output, in the shape of yPred or flat. Of a mean over rows, each row's part is divided by their number. */
  gradient: LossFunction<Targets, NestedNumbers | Tensor>;
  /** For messages and the model's file. Default "customLoss". */
  name?: string;
  /** What makes predictions of outputs, for metrics and predict's "probabilities" and "classes". Default "identity". */
  link?: Link;
  /** "output" (default): targets have the outputs' shape. "labels": class labels too. Or the shape of a row, [] for one number. */
  targets?: "output" | "labels" | Shape;
}

/**
 * A loss of your own. It runs in JavaScript, so keep it short; it must not wait, nor use a model or trainer of the same runtime.
 * Training it may `throw`: the step is not taken then. evaluate and validation call `value` once, with all rows. Whether the
 * gradient is that of the value, checkGradients() tells.
 *
 *     customLoss({
 *       value: (t, p) => p.data.reduce((sum, v, i) => sum + Math.cosh(v - t.data[i]), 0) / p.shape[0],
 *       gradient: (t, p) => p.data.map((v, i) => Math.sinh(v - t.data[i]) / p.shape[0]),
 *     })
 *
 * @throws OptionError for unknown options, what is not a function, or data with weights where a function takes none.
 */
export function customLoss<Targets extends Int32Array | Tensor = Tensor>(options: CustomLossOptions<Targets>): Loss {
  const where = "customLoss";
  if (typeof options !== "object" || options === null) fail(where, "given { value, gradient }", options);
  checkOptions(where, options, ["value", "gradient", "name", "link", "targets"]);
  const { value, gradient, name = where, link = "identity", targets = "output" } = options;
  for (const [key, f] of Object.entries({ value, gradient })) {
    if (typeof f !== "function") fail(`${where}: ${key}`, "a function (yTrue, yPred, weights)", f);
  }
  if (typeof name !== "string" || name === "") fail(`${where}: name`, "a text", name);
  checkOneOf(`${where}: link`, link, ["identity", "softmax", "sigmoid"]);
  if (!Array.isArray(targets)) checkOneOf(`${where}: targets`, targets as string, ["output", "labels"]);
  else if (!targets.every((extent) => Number.isSafeInteger(extent) && extent > 0))
    fail(`${where}: targets`, "a shape of positive integers", targets);
  /** A default of the third parameter hides it: `length` counts up to the first one. */
  const checkWeights = (weights: unknown) => {
    if (weights !== undefined && [value, gradient].some(({ length }) => length === 1 || length === 2))
      throw new OptionError(`${name}: the data has weights, which value and gradient must take as third parameter, without a default`);
  };
  return {
    kind: name,
    link,
    takesLabels: targets === "labels",
    weighsLabels: false,
    targetShape: Array.isArray(targets) ? [...targets] : undefined,
    check(output) {
      if (link === "softmax" && output.length !== 1)
        throw new ShapeError(`${name}: link "softmax" needs an output of shape [classes], got ${showShape(output)}`);
    },
    columnWeights: () => undefined,
    emit: (_, { weights }) => checkWeights(weights),
    callbacks: {
      value(yTrue, yPred, weights) {
        checkWeights(weights);
        const result: unknown = value(yTrue as Targets, yPred, weights);
        const fix = result instanceof Promise ? "A step can't wait: make it synchronous" : "";
        if (typeof result !== "number") fail(`${name}: value's result`, "a number", result, fix);
        return result;
      },
      gradient(yTrue, yPred, weights) {
        return readGradient(name, gradient(yTrue as Targets, yPred, weights), sizeOf(yPred.shape));
      },
    },
  };
}

function readGradient(name: string, result: unknown, size: number): TypedArray {
  const isNested = !isTypedArray(result) && !isTensor(result) && shapeOfArrays(result) !== undefined;
  const data = isTensor(result) ? result.data : isNested ? tensor(result as NestedNumbers).data : result;
  if (isTypedArray(data) && data.length === size) return data;
  const came = isTypedArray(data) ? `${data.length}` : show(result);
  throw new ShapeError(`${name}: gradient's result must be ${size} numbers, one for each output, got ${came}`);
}
