/**
 * What a layer is, as data and as a type. Not what it does: behaviour is looked up by `kind` in rules.ts.
 */
import type { Shape } from "../shape.ts";

/**
 * What a layer does to the shape of a row, for the compiler of types only. `rank`, where a layer names it, is the rank
 * that the shape before the layer must have (a union of numbers allows several).
 */
export type Effect =
  | { readonly type: "input"; readonly shape: Shape }
  | { readonly type: "same"; readonly rank?: number }
  | { readonly type: "units"; readonly units: number; readonly rank?: number } // replaces the last axis
  | { readonly type: "flatten"; readonly rank?: number }
  | { readonly type: "reshape"; readonly shape: Shape; readonly rank?: number };

/** A layer is plain data: its kind and its options. */
export interface Layer<E extends Effect = Effect> {
  readonly kind: string;
  /** Never set: it only carries the type. */
  readonly effect?: E;
}

/** What `input(...shape)` returns: the first element of every net. */
export interface InputLayer<S extends Shape = Shape> extends Layer<{ readonly type: "input"; readonly shape: S }> {
  readonly kind: "input";
  readonly shape: S;
}
