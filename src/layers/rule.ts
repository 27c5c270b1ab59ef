/**
 * The behaviour of a kind of layer: its output shape, its parameters, and the ops it writes. Rules are found by kind in
 * rules.ts and apart from the layers, which are plain data: a page may describe a net before it loads what runs one.
 */
import type { InitializerSpec } from "../initializers.ts";
import type { Penalty } from "../penalties.ts";
import type { Buffer, Builder, Mode, Value } from "../program/builder.ts";
import type { Shape } from "../shape.ts";
import type { Layer } from "./layer.ts";

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  /** "statistic": kept with the weights, moved by training, never by an optimizer (running mean and variance). */
  readonly role: "parameter" | "statistic";
  /** "default" is resolved by the activation that follows. */
  readonly init: InitializerSpec | "default";
  /** Set for what is never penalized or decayed, whatever its number of axes: scales and shifts of a normalization. */
  readonly isPlain?: true;
  /** Of weights: in the place of the penalty that training is given. */
  readonly penalty?: Penalty | undefined;
  /** Of weights: the largest norm of a row, in the place of that training is given. */
  readonly maxNorm?: number | undefined;
}

/** A parameter as a program sees it. */
export interface ParameterBuffers {
  readonly value: Buffer;
  /** Where its gradient goes; undefined in inference and for frozen parameters. */
  readonly gradient: Buffer | undefined;
}

export interface ForwardContext {
  readonly builder: Builder;
  readonly x: Value;
  readonly parameters: Readonly<Record<string, ParameterBuffers>>;
  /** Number of this layer's random stream. */
  readonly stream: number;
  /** Where seed, run and step are. */
  readonly control: Buffer;
  /** For layers that hold layers: writes one of their branches, in the order in which `nest` placed them. */
  readonly branches: readonly ((x: Value) => Value)[];
  /** In inference: a normalization of single features right after this layer, which it may fold into its product. */
  readonly fold?: Fold;
}

export interface Fold {
  readonly parameters: Readonly<Record<string, ParameterBuffers>>;
  readonly eps: number;
}

/** Layers in a row within another layer, each with its name there: "0", "shortcut". */
export type Branch = readonly (readonly [name: string, layer: Layer])[];

export interface LayerRule<L extends Layer = Layer> {
  /** @throws OptionError for options out of range: nets also come from files. `where` names the layer. */
  check(layer: L, where: string): void;
  /** @throws ShapeError if the layer can't take such input. */
  outputShape(layer: L, input: Shape, where: string): Shape;
  /**
   * In the place of outputShape, for a layer that holds layers: places each branch, which starts from this layer's input and
   * whose output shape `place` returns, and returns the shape of the whole.
   */
  nest?(layer: L, input: Shape, where: string, place: (branch: Branch) => Shape): Shape;
  /** The rule in the place of this one for such input, where not all input is alike. */
  at?(input: Shape): LayerRule<L>;
  parameters(layer: L, input: Shape): readonly ParameterSpec[];
  /** Writes the forward ops and records the gradient; returns the output. */
  forward(layer: L, context: ForwardContext): Value;
  /** Whether this layer, outside training, can take a batch-norm after it into its own product. */
  canFold?(layer: L, mode: Mode): boolean;
  /** Whether training needs at least two rows in a batch. */
  readonly needsTwoRows?: boolean;
}
