/**
 * BFGS: the whole inverse Hessian, learned from all steps.
 */
import { checkOptions, fail } from "../check.ts";
import { type Curvature, dot, negate, type SecondOrder } from "./secondOrder.ts";

/** A matrix of 2 GiB. */
const MOST_PARAMETERS = 16384;

/**
 * BFGS (Nocedal & Wright, algorithm 6.1): d = -H g, H the estimate of the inverse Hessian, which the steps refine; the length of a
 * step by strong Wolfe line search. Keeps n² f64: for up to some thousand parameters, lbfgs for more. For minimize.
 * @throws OptionError if an option is given.
 */
export function bfgs(options: Record<string, never> = {}): SecondOrder {
  checkOptions("bfgs", options, []);
  return { kind: "bfgs", order: 2, options: {}, begin: matrix };
}

function matrix(n: number): Curvature {
  if (n > MOST_PARAMETERS) fail("bfgs: x0", `at most ${MOST_PARAMETERS} numbers`, n, "lbfgs() needs no matrix of n² numbers.");
  let inverse: Float64Array | undefined;
  const hy = new Float64Array(n);
  return {
    get isScaled() {
      return inverse !== undefined;
    },
    direction({ gradient }, out) {
      if (inverse === undefined) negate(gradient, out);
      else for (let i = 0; i < n; i++) out[i] = -dot(inverse.subarray(i * n, (i + 1) * n), gradient);
    },
    learn(s, y) {
      const sy = dot(s, y);
      inverse ??= scaledIdentity(n, sy / dot(y, y)); // of the size that the first step has shown
      for (let i = 0; i < n; i++) hy[i] = dot(inverse.subarray(i * n, (i + 1) * n), y);
      const ofS = (1 + dot(y, hy) / sy) / sy;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          const value = inverse[i * n + j]! + ofS * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / sy;
          inverse[i * n + j] = value;
          inverse[j * n + i] = value;
        }
      }
    },
    reset() {
      const had = inverse !== undefined;
      inverse = undefined;
      return had;
    },
  };
}

function scaledIdentity(n: number, scale: number): Float64Array {
  const h = new Float64Array(n * n);
  for (let i = 0; i < n; i++) h[i * n + i] = scale;
  return h;
}
