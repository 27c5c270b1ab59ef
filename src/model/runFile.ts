/**
 * The file of a run that can go on: a model file (saveModel.ts) with tensors "resume.*" beside the model's own, and a record of
 * the run in the metadata. load() makes a model of it, fit's `resume` goes on with the run.
 */
import { show } from "../check.ts";
import { FormatError } from "../errors.ts";
import type { TargetKind } from "../losses/loss.ts";
import { checksum } from "./checksum.ts";
import type { Measured } from "./history.ts";
import { decodeSafetensors, type SafetensorsTensor } from "./safetensors.ts";
import { saveModel } from "./saveModel.ts";
import type { ModelState } from "./state.ts";

export type Tensors = Record<string, SafetensorsTensor>;

/** What is plain data in the state of a run. */
export interface RunRecord {
  readonly version: number;
  /** Of the binary that made it: bits are the same for the same variant only. */
  readonly variant: string;
  /** What of fit's options decides on bits, by the option's name; see settings.ts. */
  readonly settings: Readonly<Record<string, string>>;
  readonly run: number;
  readonly step: number;
  /** Learning rates of all groups, without the factor, at the last step that was begun. */
  readonly rated?: { readonly step: number; readonly rates: readonly number[] };
  readonly rateFactor: number;
  /** Values in the average of the weights. */
  readonly averaged: number;
  readonly position: Position;
  readonly targetKind: TargetKind;
  /** TrainingState without the history, as callbacks saw it last; undefined if none did. */
  readonly shown?: Readonly<Record<string, unknown>>;
  /** The hook in which it was saved, which callbacks that are pending have still to see. */
  readonly hook?: "onStep" | "onEpoch" | undefined;
  readonly callbacks: readonly { readonly kind: string; readonly saved: unknown; readonly isPending: boolean }[];
  /** Undefined: nothing was recorded so far. */
  readonly history?: Measured | undefined;
}

/** Where a run is: steps taken in the epoch under way, and sums over them. */
export interface Position {
  epoch: number;
  index: number;
  rows: number;
  loss: number;
  penalty: number;
}

export interface SavedRun {
  readonly record: RunRecord;
  /** Those of the model by its names, the others with the prefix. */
  readonly tensors: Tensors;
}

export const VERSION = 1;
export const PREFIX = "resume.";
export const RUN_KEY = "whetstone.run";

/** So every such file begins: the digits of the sum over all that follows them come next. */
const START = '{"__metadata__":{"checksum":"';
const DIGITS = 8;
const SUM_AT = 8 + START.length; // after the length of the header

export function encodeRun(state: ModelState, { record, tensors }: { record: string; tensors: Tensors }): Uint8Array {
  const file = saveModel(state, { ...ownTensors(state), ...tensors }, { checksum: "0".repeat(DIGITS), [RUN_KEY]: record });
  file.set(new TextEncoder().encode(sumOf(file)), SUM_AT);
  return file;
}

/** The model's own, where they lie. */
export const ownTensors = (state: ModelState): Tensors =>
  Object.fromEntries(state.parameters.map((parameter) => [parameter.name, { data: state.view(parameter), shape: parameter.shape }]));

const sumOf = (file: Uint8Array): string =>
  checksum(file.subarray(SUM_AT + DIGITS))
    .toString(16)
    .padStart(DIGITS, "0");

/** @throws FormatError for bytes that encodeRun has not written, or that were changed since. */
export function decodeRun(bytes: Uint8Array): SavedRun {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const text = metadata[RUN_KEY];
  if (text === undefined)
    throw new FormatError("fit: resume: the bytes hold no run. They must be history.state, or what run.save() or checkpoint() gave");
  const begin = new TextDecoder().decode(bytes.subarray(8, SUM_AT + DIGITS));
  if (begin !== START + sumOf(bytes)) throw new FormatError("fit: resume: the bytes are damaged: their checksum is another one");
  const record = fromText(text) as RunRecord;
  if (record.version > VERSION)
    throw new FormatError(
      `fit: resume: the bytes have version ${record.version}, and this whetstone reads up to ${VERSION}. Update whetstone`,
    );
  return { record, tensors };
}

/** The numbers of a tensor. @throws FormatError if there are not as many. */
export function valuesOf(tensors: Tensors, name: string, words: number): Float32Array {
  const data = tensors[name]?.data;
  if (data?.length !== words) throw new FormatError(`fit: resume: ${name} must hold ${words} numbers, got ${show(data?.length)}`);
  return data;
}

/** JSON with every number as it is: NaN, infinities and -0 too. */
export function toText(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) => {
    if (typeof entry !== "number" || (Number.isFinite(entry) && !Object.is(entry, -0))) return entry;
    return { $number: entry === 0 ? "-0" : String(entry) };
  });
}

export function fromText(text: string): unknown {
  return JSON.parse(text, (_, entry: { $number?: string } | null) => (typeof entry?.$number === "string" ? Number(entry.$number) : entry));
}
