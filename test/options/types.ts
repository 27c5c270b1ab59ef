/**
 * Which functions take options, and which: read off the exported types, so that none can be forgotten. A parameter is a set of
 * options if it is a plain object that is none of the things that options are about.
 */

import type * as data from "../../src/data/index.ts";
import type * as core from "../../src/index.ts";
import type * as metrics from "../../src/metrics/index.ts";
import type * as node from "../../src/node/index.ts";

/** Marks of what is data, or made by a factory, and no set of options. */
type Thing =
  | readonly unknown[]
  | ArrayBufferView
  | ArrayBuffer
  | ((...args: never[]) => unknown)
  | { length: number }
  | { kind: unknown } // layers, losses, optimizers, penalties...
  | { at: unknown } // schedules
  | { layers: unknown } // nets
  | { data: unknown } // tensors
  | { x: unknown } // data
  | { lines: unknown } // tables
  | { slots: unknown } // checkpoints
  | { type: unknown } // transforms and what they are saved as
  | { write: unknown } // terminals
  | { stdout: unknown }
  | { labels: unknown } // predictions
  | { targets: unknown }
  | { getReader: unknown } // streams
  | { [Symbol.iterator]: unknown }
  | { [Symbol.asyncIterator]: unknown }
  | { dispose: unknown }; // models, runtimes

/** Keys of any name are a dictionary. */
type OptionsIn<P> = P extends object
  ? P extends Thing
    ? never
    : string extends keyof P
      ? never
      : [keyof P] extends [never]
        ? never
        : P
  : never;

/** The options of a function, or never. */
export type OptionsOf<F> = F extends (...args: infer P) => unknown ? OptionsIn<P[number]> : never;

/** The functions of M that take options. */
export type OptionsByName<M> = { readonly [F in keyof M as [OptionsOf<M[F]>] extends [never] ? never : F]: OptionsOf<M[F]> };

/** By the place where a user finds them. */
export interface Options {
  readonly whetstone: OptionsByName<typeof core> & {
    readonly "createRuntime: memory": NonNullable<core.RuntimeOptions["memory"]>;
    readonly "fit: groups[]": core.ParameterGroup;
  };
  readonly "whetstone/data": OptionsByName<typeof data>;
  /** What advice takes is what it judges. */
  readonly "whetstone/metrics": OptionsByName<Omit<typeof metrics, "advice">>;
  readonly "whetstone/node": OptionsByName<typeof node>;
  readonly model: OptionsByName<core.Model>;
  readonly modelPipeline: OptionsByName<data.ModelPipeline>;
  readonly ensemble: OptionsByName<core.Ensemble>;
}

export type KeyOf<O> = O extends unknown ? keyof O & string : never;
export type ValueOf<O, K> = O extends unknown ? (K extends keyof O ? O[K] : never) : never;

/** Two settings of an option. Where the entry's own do not do: what else is given, and what to look at. */
export interface Row<O, V> {
  readonly effect: readonly [V | undefined, V | undefined];
  readonly with?: Partial<O>;
  readonly differs?: string;
  see?(options: O): unknown;
}

/** A function with options: what is given with each of them, what to look at, and a row for each option. */
export interface Entry<O> {
  /** What differs between two settings. */
  readonly differs: string;
  readonly base?: Partial<O>;
  /** What a test compares: plain data. */
  see(options: O): unknown;
  readonly rows: { readonly [K in KeyOf<O>]-?: readonly [ValueOf<O, K> | undefined, ValueOf<O, K> | undefined] | Row<O, ValueOf<O, K>> };
}

/** An entry for each function, a row for each option: what is missing does not compile. */
export type TableOf<P> = { readonly [F in keyof P]: Entry<P[F]> };
export type Table = { readonly [P in keyof Options]: TableOf<Options[P]> };
