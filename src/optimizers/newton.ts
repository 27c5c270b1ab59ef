/**
 * Newton's method: the Hessian itself, made positive where it is not.
 */
import { checkOptions, fail } from "../check.ts";
import { NonFiniteError } from "../errors.ts";
import { type Curvature, type Evaluate, negate, type Point, type Precision, type SecondOrder } from "./secondOrder.ts";

/** Writes the second derivatives of f at x, n rows of n numbers; only the lower triangle is read. */
export type Hessian = (x: Float64Array, hessian: Float64Array) => void;

export interface NewtonOptions {
  /** Default: differences of the gradient, which cost n evaluations of f a step. */
  hessian?: Hessian;
}

const MOST_PARAMETERS = 16384;
/** Least part of the Hessian's size that is added to its diagonal, where it is not positive. */
const SHIFT = 1e-3;

/**
 * Newton's method (Nocedal & Wright, algorithms 3.2 and 3.3): d = -(H + τI)⁻¹ g, τ = 0 where H is positive definite, else the
 * first of a doubling sequence that makes it so; the length of a step by strong Wolfe line search. Keeps n² f64. For minimize.
 * @throws OptionError if an option is unknown or no function; NonFiniteError if the Hessian is not finite.
 */
export function newton(options: NewtonOptions = {}): SecondOrder {
  checkOptions("newton", options, ["hessian"]);
  const { hessian } = options;
  if (hessian !== undefined && typeof hessian !== "function")
    fail("newton: hessian", "a function (x, hessian) that writes n·n numbers", hessian);
  return {
    kind: "newton",
    order: 2,
    options: { hessian: hessian === undefined ? "differences" : "function" },
    begin: (n, precision) => hessians(n, hessian, precision),
  };
}

function hessians(n: number, given: Hessian | undefined, precision: Precision): Curvature {
  if (n > MOST_PARAMETERS) fail("newton: x0", `at most ${MOST_PARAMETERS} numbers`, n, "lbfgs() needs no matrix of n² numbers.");
  const h = new Float64Array(n * n);
  const factor = new Float64Array(n * n);
  const moved = new Float64Array(n);
  const gradient = new Float64Array(n);
  return {
    isScaled: true,
    direction(at, out, evaluate) {
      if (given) {
        h.fill(0);
        moved.set(at.x); // a copy: what is given can't change where we are
        given(moved, h);
      } else differences(h, at, evaluate, precision, moved, gradient);
      const bad = h.findIndex((value, k) => k % n <= Math.floor(k / n) && !Number.isFinite(value));
      if (bad >= 0) {
        const where = `hessian[${Math.floor(bad / n)}, ${bad % n}]`;
        throw new NonFiniteError(`newton: step ${at.steps}: ${where} is ${h[bad]}`, { step: at.steps, layer: where, value: h[bad]! });
      }
      negate(at.gradient, out);
      factorize(h, factor, n);
      solve(factor, out, n);
    },
    learn() {},
    reset: () => false,
  };
}

/** Forward differences of the gradient, column by column, and their mean with the transpose. */
function differences(
  h: Float64Array,
  at: Point,
  evaluate: Evaluate,
  { unit, round }: Precision,
  moved: Float64Array,
  gradient: Float64Array,
): void {
  const width = Math.sqrt(unit); // balances the error of a difference against its rounding
  const n = moved.length;
  for (let j = 0; j < n; j++) {
    moved.set(at.x);
    moved[j] = at.x[j]! + width * Math.max(1, Math.abs(at.x[j]!));
    round(moved);
    const moves = moved[j]! - at.x[j]!;
    evaluate(moved, gradient);
    for (let i = 0; i < n; i++) h[i * n + j] = (gradient[i]! - at.gradient[i]!) / moves;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) h[i * n + j] = (h[i * n + j]! + h[j * n + i]!) / 2;
  }
}

/** Lower Cholesky factor of h + τI, with the smallest τ of algorithm 3.3 for which there is one. */
function factorize(h: Float64Array, factor: Float64Array, n: number): void {
  let size = 0;
  let least = Infinity;
  for (let i = 0; i < n; i++) {
    least = Math.min(least, h[i * n + i]!);
    for (let j = 0; j <= i; j++) size = Math.max(size, Math.abs(h[i * n + j]!));
  }
  const shift = SHIFT * (size > 0 ? size : 1);
  for (let tau = least > 0 ? 0 : shift - least; !cholesky(h, tau, factor, n); ) tau = Math.max(2 * tau, shift);
}

/** factor factorᵗ = h + τI; false if that is not positive definite. */
function cholesky(h: Float64Array, tau: number, factor: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = h[i * n + j]! + (i === j ? tau : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
      if (i !== j) factor[i * n + j] = sum / factor[j * n + j]!;
      else if (sum > Number.EPSILON * (Math.abs(h[i * n + i]!) + tau)) factor[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** x = (factor factorᵗ)⁻¹ x */
function solve(factor: Float64Array, x: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = x[i]! - factor[i * n + k]! * x[k]!;
    x[i] = x[i]! / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = x[i]! - factor[k * n + i]! * x[k]!;
    x[i] = x[i]! / factor[i * n + i]!;
  }
}
