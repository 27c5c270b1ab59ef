/** Whether a model's gradients are right. What compares them comes with the model, which a page need not load before it has one. */
import { show } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import type { Shape } from "../shape.ts";
import type { NestedNumbers, TargetInput, TensorInput } from "../tensor.ts";
import { isModel } from "./isModel.ts";
import type { Model } from "./model.ts";

export interface CheckGradientsOptions {
  /** The most entries of each tensor that are looked at: drawn by `seed`, and the one with the largest gradient. Default 16. */
  samples?: number;
  /** The largest relative error that passes. Default 0.02. */
  tolerance?: number;
  /** Of the entries drawn. Default 0. */
  seed?: number;
}

/** The worst entry of one tensor. */
export interface CheckedGradient {
  /** "0.weight", or "input". */
  name: string;
  /** Entries looked at. */
  checked: number;
  /** Where the error is largest, one index per axis. */
  index: number[];
  /** The gradient there: as the model computes it, and from differences of the loss. */
  computed: number;
  measured: number;
  /** Standard error of `measured`, from the scatter of the differences. */
  uncertainty: number;
  /** |computed - measured|, less four times the uncertainty, over the larger of both and of the tensor's root mean square. */
  relativeError: number;
}

export interface GradientCheck {
  /** Whether every relative error is within the tolerance. */
  passed: boolean;
  /** The tensor with the largest relative error. */
  worst: CheckedGradient;
  /** In the order of the net, the input last. */
  tensors: CheckedGradient[];
}

/**
 * Compares model.gradients (training mode, masks of step 0, without penalties; frozen parameters are left out) with central
 * differences of the loss. A kink (of relu, mae, hinge) among the steps of an entry shows as uncertainty. All bytes of the
 * model are as before when it returns.
 * @throws OptionError, ShapeError, DataError for what model.gradients would not take, and for unknown options.
 */
export function checkGradients<In extends Shape, Out extends Shape>(
  model: Model<In, Out>,
  batch: { x: TensorInput<In>; y: TargetInput<Out>; weights?: NestedNumbers },
  loss: Loss,
  options: CheckGradientsOptions = {},
): GradientCheck {
  if (!isModel(model)) throw new OptionError(`checkGradients: model must be what build or load returns, got ${show(model)}`);
  return model.tools.compareGradients(model.state, batch, loss, options);
}
