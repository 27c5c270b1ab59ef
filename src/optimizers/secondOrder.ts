/**
 * The contract of methods that look at how the gradient changes: where to go from a point, and what a step has taught. How far to
 * go is descent.ts's and lineSearch.ts's.
 */

/** f(x), whose gradient is written. It may be called at any x. */
export type Evaluate = (x: Float64Array, gradient: Float64Array) => number;

/** What f can see of x. */
export interface Precision {
  /** Distance from 1 to the next number. */
  readonly unit: number;
  /** Rounds in place. */
  round(x: Float64Array): void;
}

export const FLOAT64: Precision = { unit: 2.220446049250313e-16, round: () => {} };
export const FLOAT32: Precision = {
  unit: 1.1920928955078125e-7,
  round: (x) => {
    for (let i = 0; i < x.length; i++) x[i] = Math.fround(x[i]!);
  },
};

export interface Point {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
  readonly value: number;
  /** Iterations that led here. */
  readonly steps: number;
}

/** What a method knows of the curvature around a path. */
export interface Curvature {
  /** Whether a direction comes with its length: a step of 1 is a good guess. */
  readonly isScaled: boolean;
  /** Writes the direction from a point; `evaluate` is there for methods that need more gradients. */
  direction(at: Point, out: Float64Array, evaluate: Evaluate): void;
  /** Takes note of a step s and the change y of the gradient over it, with s · y > 0. May not keep the arrays. */
  learn(s: Float64Array, y: Float64Array): void;
  /** Forgets everything: a direction did not lead down. False if there was nothing to forget. */
  reset(): boolean;
  /** Where all that it knows are steps: those, the oldest first. Learning them again leads to the same memory. */
  pairs?(): readonly { readonly s: Float64Array; readonly y: Float64Array }[];
}

export interface SecondOrder {
  /** Name of the method, "lbfgs". */
  readonly kind: string;
  readonly order: 2;
  /** Every option with its value, as plain data; a function shows as "function". */
  readonly options: Readonly<Record<string, number | string>>;
  /** A memory of its own for vectors of n numbers. */
  begin(n: number, precision: Precision): Curvature;
}

export function isSecondOrder(value: unknown): value is SecondOrder {
  return typeof value === "object" && value !== null && (value as SecondOrder).order === 2;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function negate(x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < x.length; i++) out[i] = -x[i]!;
}

export function largest(x: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]!));
  return most;
}
