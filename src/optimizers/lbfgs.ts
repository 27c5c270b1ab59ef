/**
 * L-BFGS: the inverse Hessian as the last few steps have shown it.
 */
import { checkCount, checkOptions } from "../check.ts";
import { type Curvature, dot, negate, type SecondOrder } from "./secondOrder.ts";

export interface LbfgsOptions {
  /** Steps that are remembered. Default 10. */
  history?: number;
}

/**
 * L-BFGS (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5): d = -H g, H from the last `history` steps
 * by the two-loop recursion; the length of a step by strong Wolfe line search. Keeps 2·history f64 per parameter.
 * For minimize, and for fit with batchSize "full", where an epoch is one iteration and its loss and outputs are those after it.
 * @throws OptionError if an option is unknown or outside its range.
 */
export function lbfgs(options: LbfgsOptions = {}): SecondOrder {
  checkOptions("lbfgs", options, ["history"]);
  const { history = 10 } = options;
  checkCount("lbfgs: history", history);
  return { kind: "lbfgs", order: 2, options: { history }, begin: () => memory(history) };
}

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** 1 / (s · y) */
  readonly rho: number;
}

function memory(history: number): Curvature {
  const pairs: Pair[] = [];
  const parts: number[] = [];
  return {
    get isScaled() {
      return pairs.length > 0;
    },
    direction({ gradient }, out) {
      negate(gradient, out);
      for (let k = pairs.length - 1; k >= 0; k--) {
        const { s, y, rho } = pairs[k]!;
        parts[k] = rho * dot(s, out);
        for (let i = 0; i < out.length; i++) out[i] = out[i]! - parts[k]! * y[i]!;
      }
      const last = pairs.at(-1);
      if (last === undefined) return;
      const scale = 1 / (last.rho * dot(last.y, last.y)); // the curvature along the last step
      for (let i = 0; i < out.length; i++) out[i] = scale * out[i]!;
      for (const [k, { s, y, rho }] of pairs.entries()) {
        const part = parts[k]! - rho * dot(y, out);
        for (let i = 0; i < out.length; i++) out[i] = out[i]! + part * s[i]!;
      }
    },
    learn(s, y) {
      // The arrays of the pair that is forgotten are used again.
      const old = pairs.length === history ? pairs.shift()! : { s: new Float64Array(s.length), y: new Float64Array(s.length) };
      old.s.set(s);
      old.y.set(y);
      pairs.push({ s: old.s, y: old.y, rho: 1 / dot(s, y) });
    },
    pairs: () => pairs,
    reset() {
      const had = pairs.length > 0;
      pairs.length = 0;
      return had;
    },
  };
}
