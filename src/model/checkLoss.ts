/** What is given as a loss: whether it is one, and whether it suits a net. */
import { show } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { Loss } from "../losses/loss.ts";
import type { ModelState } from "./state.ts";

/** A loss, and not its factory: `mse` instead of `mse()` is the usual slip. */
export function checkIsLoss(where: string, loss: unknown): asserts loss is Loss {
  if (typeof loss === "object" && loss !== null && typeof (loss as Loss).emit === "function") return;
  const slip = typeof loss === "function" ? `. Call it: loss: ${loss.name}()` : "";
  throw new OptionError(`${where}: loss must be a loss such as softmaxCrossEntropy(), got ${show(loss)}${slip}`);
}

/** @throws OptionError if the net ends with the loss's own link; ShapeError if the output does not suit the loss. */
export function checkLoss(state: ModelState, loss: Loss, where: string): void {
  loss.check(state.layout.outputShape, where);
  const last = state.layout.layers.at(-1);
  const own = loss.link === "softmax" ? ["softmax", "logSoftmax"] : loss.link === "sigmoid" ? ["sigmoid"] : [];
  if (last !== undefined && own.includes(last.layer.kind)) {
    throw new OptionError(
      `${where}: ${last.where} must not come before ${loss.kind}, which takes logits and applies ${loss.link} itself. Remove ${last.layer.kind}() from the net: predict(x, { as: "probabilities" }) gives probabilities`,
    );
  }
}
