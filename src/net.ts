/**
 * The description of a net: a list of layers, with the shapes of its rows as types.
 * Not its memory (build gives that) and not the options of its layers (their factories check them).
 */
import { show } from "./check.ts";
import { OptionError, ShapeError } from "./errors.ts";
import type { Effect, Layer } from "./layers/layer.ts";
import type { Shape } from "./shape.ts";

/** A net as plain, frozen, JSON-serializable data. `In` and `Out` are the shapes of one row, without the batch axis. */
export interface Net<In extends Shape = Shape, Out extends Shape = Shape> {
  /** The `input` layer first. */
  readonly layers: readonly Layer[];
  /** Never set: it only carries the types. */
  readonly shapes?: { readonly input: In; readonly output: Out };
}

/** What the compiler shows where a layer can't follow the layers before it. */
export interface Problem<Message extends string> {
  readonly problem: Message;
}

/** A tuple of extents without `readonly`; a shape of unknown rank stays as it is. */
type Extents<S extends Shape> = number extends S["length"] ? Shape : [...S];

/** The shape after one layer. An effect that is not known exactly gives a shape that is not known. */
type After<S extends Shape, E extends Effect> = [E] extends [{ type: "same" }]
  ? S
  : [E] extends [{ type: "units"; units: infer U extends number }]
    ? S extends readonly [...infer Head extends number[], number]
      ? [...Head, U]
      : Shape
    : [E] extends [{ type: "flatten" }]
      ? S extends readonly [number]
        ? S
        : [number] // no product of literal types: the extent is checked by build
      : [E] extends [{ type: "reshape"; shape: infer To extends Shape }]
        ? Extents<To>
        : Shape;

/** `never` if a layer of effect E may come after shape S, else a sentence that says why not. */
type Objection<S extends Shape, E extends Effect> = [E] extends [{ type: "input" }]
  ? "only the first layer may be input(...)"
  : [E] extends [{ rank: infer R extends number }]
    ? number extends S["length"]
      ? never // a shape of unknown rank: build looks at it
      : S["length"] extends R
        ? never
        : `this layer takes rows of rank ${R}, but the layers before it give rank ${S["length"]}`
    : never;

/**
 * Shape after all of `Layers`, beginning with S, or a Problem at the layer that can't follow. One tail-recursive type:
 * the compiler turns it into a loop, so that its depth limit does not count. Seen collects a mark per layer, to know the place.
 */
type Walk<S extends Shape, Layers extends readonly unknown[], Seen extends readonly unknown[]> = Layers extends readonly [
  Layer<infer E>,
  ...infer Rest,
]
  ? [Objection<S, E>] extends [never]
    ? Walk<After<S, E>, Rest, [...Seen, 0]>
    : { readonly at: Seen["length"]; readonly problem: Problem<Objection<S, E>> }
  : { readonly output: Layers extends readonly [] ? S : Shape }; // what is left is an array of unknown length

/** The same for a list that must begin with `input`. */
type WalkNet<Layers extends readonly Layer[]> = Layers extends readonly [Layer<infer E>, ...infer Rest]
  ? [E] extends [{ type: "input"; shape: infer S extends Shape }]
    ? Walk<Extents<S>, Rest, [0]>
    : Effect extends E
      ? { readonly output: Shape } // a plain Layer, from a file say
      : { readonly at: 0; readonly problem: Problem<"a net begins with input(...shape)"> }
  : Layers extends readonly []
    ? { readonly at: 0; readonly problem: Problem<"a net begins with input(...shape)"> }
    : { readonly output: Shape };

/** `unknown` for lists that fit, else the list with a Problem in the place of the layer that does not. */
type Verdict<Layers extends readonly Layer[]> =
  WalkNet<Layers> extends { readonly at: infer At extends number; readonly problem: infer P }
    ? Layers extends readonly []
      ? readonly [P]
      : { readonly [K in keyof Layers]: K extends `${At}` ? P : Layers[K] }
    : unknown;

type InputOf<Layers extends readonly Layer[]> = Layers extends readonly [Layer<infer E>, ...unknown[]]
  ? [E] extends [{ type: "input"; shape: infer S extends Shape }]
    ? Extents<S>
    : Shape
  : Shape;

type OutputOf<Layers extends readonly Layer[]> = WalkNet<Layers> extends { readonly output: infer S extends Shape } ? S : Shape;

/**
 * A net whose layers follow one another: `sequential(input(64), dense(128), relu(), dense(10))` is a `Net<[64], [10]>`.
 * A spread `Layer[]` is accepted; the shape after it is not known to the compiler. The net holds frozen copies of the layers.
 * @throws OptionError if an element is not a layer, or if `input` is missing, not first or there twice.
 * @throws ShapeError if the input's extents are not positive integers.
 */
export function sequential<const Layers extends readonly Layer[]>(
  ...layers: Layers & Verdict<Layers>
): Net<InputOf<Layers>, OutputOf<Layers>> {
  const list: readonly unknown[] = layers;
  list.forEach(checkLayer);
  const [first] = list as readonly (Layer & { readonly shape?: unknown })[];
  if (first?.kind !== "input") {
    const came = first === undefined ? "no layers" : `"${first.kind}"`;
    throw new OptionError(
      `sequential: layers[0] must be input(...shape), got ${came}. Its shape is that of one row, without the batch axis.`,
    );
  }
  checkExtents(first.shape);
  return Object.freeze({ layers: frozenCopy(list) as readonly Layer[] });
}

function checkLayer(layer: unknown, index: number): void {
  const isLayer = typeof layer === "object" && layer !== null && typeof (layer as Partial<Layer>).kind === "string";
  if (!isLayer) throw new OptionError(`sequential: layers[${index}] must be a layer, got ${show(layer)}${cure(layer)}`);
  if (index > 0 && (layer as Layer).kind === "input") {
    throw new OptionError(`sequential: layers[${index}] must not be input(...), got a second one. Only the first layer is the input.`);
  }
}

/** The usual slips: a factory that was not called, a list that was not spread. */
function cure(layer: unknown): string {
  if (typeof layer === "function") return `. Call it: ${layer.name || "layer"}().`;
  if (Array.isArray(layer)) return ". Spread a list of layers: sequential(...layers).";
  return "";
}

function checkExtents(shape: unknown): void {
  const isShape = Array.isArray(shape) && shape.length > 0 && shape.every((extent) => Number.isSafeInteger(extent) && extent > 0);
  if (!isShape) throw new ShapeError(`sequential: input's shape must be positive integers, one at least, got ${show(shape)}`);
}

/** Lists and plain objects copied and frozen at every depth; all else (numbers, typed arrays, functions) as it is. */
function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, frozenCopy(part)])));
}
