/**
 * Every op of the step program as one record with operands, at four shapes. It is driven by the op table: an op whose sizes or
 * constants have no value here cannot be made, and test/bench says so.
 */
import * as abi from "../../assembly/abi.ts";
import { piecesOf } from "../../src/program/count.ts";
import { isProductName, type OpName, type OpRow, ops, type Sizes } from "../../src/program/ops.ts";
import type { Module } from "../harness.ts";

export interface Shape {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly inner: number;
}

/** Elementwise ops take rows x cols elements; `large` is the 4 M parameters of the promise on optimizers. */
export const shapes: readonly Shape[] = [
  { name: "small", rows: 32, cols: 64, inner: 64 },
  { name: "medium", rows: 128, cols: 512, inner: 512 },
  { name: "large", rows: 2048, cols: 2048, inner: 256 },
  { name: "awkward", rows: 101, cols: 103, inner: 107 },
];

export interface OpRun {
  readonly title: string;
  /** Bytes that the op must read and write, once each. */
  readonly bytes: number;
  /** Floating-point operations; products only. */
  readonly flop: number | undefined;
  /** Runs the record; returns STATUS_*. */
  readonly run: () => number;
  /** What the op wrote: float32, or float64 where it sums. */
  readonly written: () => readonly (Float32Array | Float64Array)[];
}

const kinds = Object.entries(abi).flatMap(([name, kind]): [title: string, kind: number][] => {
  const title = /^ACTIVATION_(?!NONE)(\w+)$/.exec(name)?.[1];
  return title === undefined ? [] : [[title.toLowerCase(), kind]];
});

export interface OpCase {
  readonly name: OpName;
  readonly title: string;
  readonly kind?: number;
  /** Whether gradients are clipped by their norm; updates only. */
  readonly isClipped?: boolean;
}

export const isUpdate = (name: OpName): boolean => ops[name].code >= abi.OP_SGD && ops[name].code <= abi.OP_LION;

/** The ops that are timed. A kind of activation is an op of its own here: each is another loop. So is an update that clips. */
export const cases: readonly OpCase[] = (Object.keys(ops) as OpName[]).flatMap((name): OpCase[] => {
  if (name === "activation" || name === "activationGrad") return kinds.map(([title, kind]) => ({ name, title: `${name} ${title}`, kind }));
  return isUpdate(name)
    ? [
        { name, title: name },
        { name, title: `${name}, clipped`, isClipped: true },
      ]
    : [{ name, title: name }];
});

/** Values of the sizes by name, where the op does not need others. Products are of the form NT, as in a dense layer. */
function sizesAt({ rows, cols, inner }: Shape): Sizes {
  const count = rows * cols;
  return {
    rows,
    cols,
    inner,
    count,
    pieces: piecesOf(count),
    kind: abi.ACTIVATION_GELU,
    activation: abi.ACTIVATION_RELU,
    byPanels: 0,
    aRowStride: inner * 4,
    aInnerStride: 4,
    bInnerStride: 4,
    bColStride: inner * 4,
    innerStride: 4,
    colStride: inner * 4,
    stream: 3,
    threshold: 0x80000000 / 5,
    records: 0,
    whenKept: 0,
    xCols: cols,
    yCols: 2 * cols,
    xFrom: 0,
    yFrom: cols,
    samples: rows,
    channels: 8,
    positions: Math.ceil(cols / 8),
  };
}

const constantsAt = ({ rows, cols }: Shape): Readonly<Record<string, number>> => ({
  p: 2,
  factor: 1,
  scale: 1.25,
  eps: 1e-5,
  floor: Number.NEGATIVE_INFINITY,
  momentum: 0.1,
  smoothing: 0.1,
  l1: 1e-9,
  l2: 1e-9,
  slope: 1e-9,
  lambda: 1e-9,
  // The norm of the sums: scaleToNorm scales by a hair less than 1, so that x stays what it is.
  max: Math.sqrt(piecesOf(rows * cols)),
  margin: 1,
  value: 0.5,
  q: 0.5,
  shift: 0.1,
  dropped: -1,
  std: 0.1,
});

/** What differs for one op. */
const special: Partial<Record<OpName, (sizes: Sizes) => Sizes>> = {
  // Only products of at most 32,768 multiply-adds run it: the first rows and columns, of the first inner.
  matmulSmall: ({ rows, cols, inner }) => ({ rows: Math.min(rows, 32), cols: Math.min(cols, 32), inner: Math.min(inner, 32) }),
  // All of a must have room in the scratch.
  matmulPacking: ({ rows, inner }) => ({ rows: Math.min(rows, Math.floor(abi.WHOLE_A_BYTES / 4 / Math.min(inner, abi.GEMM_KC))) }),
  // Only programs of at most 8 rows run it.
  matmulFew: ({ rows }) => ({ rows: Math.min(rows, 8) }),
  maxPieces: () => ({ pieces: 2 }),
  maxPiecesGrad: () => ({ pieces: 2 }),
};

/** Operands that hold labels, sums in float64, and what must be positive. */
const LABELS = new Set(["labels"]);
const SUMS = new Set(["sums"]);
const POSITIVE = new Set([
  "variance",
  "inverse",
  "runningVariance",
  "targets",
  "weights",
  "classWeights",
  "positiveWeights",
  "m",
  "v",
  "u",
]);

export function sizesOf(name: OpName, shape: Shape, kind?: number): Sizes {
  const all = sizesAt(shape);
  const own = { ...all, ...special[name]?.(all), ...(kind === undefined ? {} : { kind }) };
  return Object.fromEntries((ops[name] as OpRow).sizes.map((size) => [size, valueNamed(own, name, "size", size)]));
}

function valueNamed(from: Readonly<Record<string, number>>, op: string, what: string, name: string): number {
  const value = from[name];
  if (value === undefined) throw new Error(`bench/kernels/ops.ts has no value for the ${what} "${name}" of ${op}`);
  return value;
}

/** An op in the module's memory, which it takes from the start. */
export function makeRun(module: Module, { name, title, kind, isClipped = false }: OpCase, shape: Shape): OpRun {
  module.reset();
  const row: OpRow = ops[name];
  const sizes = sizesOf(name, shape, kind);
  const control = controlOf(module, shape);
  if (isClipped) module.f32(control, abi.CONTROL_BYTES / 4)[abi.CONTROL_CLIP_SCALE / 4] = 0.5;
  const addresses = Object.entries(row.operands).map(([operand, { words }]) => {
    if (operand === "control") return control;
    return operandOf(module, operand, wordsOf(name, operand, words(sizes), shape), shape.cols);
  });
  const record = module.floats(abi.RECORD_BYTES / 4);
  const u32 = module.u32(record, abi.RECORD_BYTES / 4).fill(0);
  const f32 = module.f32(record, u32.length);
  u32[abi.RECORD_CODE / 4] = row.code;
  u32[abi.RECORD_RANKS / 4] = 1;
  u32.set(addresses, abi.RECORD_OPERANDS / 4);
  u32.set(Object.values(sizes), abi.RECORD_SIZES / 4);
  const constants = constantsAt(shape);
  f32.set(
    row.constants.map((constant) => valueNamed(constants, name, "constant", constant)),
    abi.RECORD_CONSTANTS / 4,
  );
  const { runProgram } = module.call;
  return {
    title,
    bytes: bytesOf(name, sizes, shape),
    flop: isProductName(name) ? 2 * sizes.rows! * sizes.cols! * sizes.inner! : undefined,
    run: () => runProgram(record, control, 0, 1, 0, 1, 0),
    written: () =>
      Object.entries(row.operands).flatMap(([operand, { access, words }], k) => {
        if (access === "read" || operand === "control") return [];
        const length = words(sizes);
        const isSums = SUMS.has(operand);
        return [isSums ? new Float64Array(module.memory.buffer, addresses[k], length / 2) : module.f32(addresses[k], length)];
      }),
  };
}

/** gatherRows reads any of the rows of a table: here as many as it writes. */
function wordsOf(name: OpName, operand: string, words: number, { rows, cols }: Shape): number {
  return name === "gatherRows" && operand === "x" ? rows * cols : words;
}

function bytesOf(name: OpName, sizes: Sizes, shape: Shape): number {
  return Object.entries((ops[name] as OpRow).operands).reduce((sum, [operand, { access, words }]) => {
    if (operand === "control" || operand === "scalars") return sum;
    return sum + wordsOf(name, operand, words(sizes), shape) * 4 * (access === "update" ? 2 : 1);
  }, 0);
}

function controlOf(module: Module, { rows }: Shape): number {
  const scratch = module.floats(abi.SCRATCH_STRIDE / 4);
  const indices = module.floats(rows);
  module.u32(indices, rows).forEach((_, i, all) => {
    all[i] = (i * 7919) % rows;
  });
  const control = module.floats(abi.CONTROL_BYTES / 4);
  const u32 = module.u32(control, abi.CONTROL_BYTES / 4).fill(0);
  const f32 = module.f32(control, u32.length);
  u32[abi.CONTROL_ROWS / 4] = rows;
  u32[abi.CONTROL_INDICES / 4] = indices;
  u32[abi.CONTROL_SCRATCH / 4] = scratch;
  f32[abi.CONTROL_INVERSE_WEIGHT / 4] = 1 / rows;
  f32[abi.CONTROL_CLIP_MAX / 4] = Infinity;
  f32[abi.CONTROL_CLIP_SCALE / 4] = 1;
  return control;
}

/** An operand with values that stay finite and ordinary however often the op runs. */
function operandOf(module: Module, operand: string, words: number, cols: number): number {
  const address = module.floats(words);
  const f32 = module.f32(address, words);
  if (LABELS.has(operand)) for (let i = 0; i < words; i++) module.u32(address, words)[i] = i % cols;
  else if (SUMS.has(operand)) new Float64Array(module.memory.buffer, address, words >> 1).fill(1);
  else if (POSITIVE.has(operand)) for (let i = 0; i < words; i++) f32[i] = 0.6 + 0.4 * f32[i];
  else if (operand === "scalars") writeScalars(f32);
  return address;
}

/** Every factor of a rule is ½, so that slots stay averages; the rate is too small to move a weight far. */
function writeScalars(f32: Float32Array): void {
  f32.fill(0.5);
  f32[abi.UPDATE_KEEP / 4] = 1;
  f32[abi.UPDATE_DECAY / 4] = 0;
  f32[abi.UPDATE_LIMIT / 4] = Infinity;
  f32[abi.UPDATE_LEAST / 4] = 2 ** -126;
  f32[abi.UPDATE_RATE / 4] = 1e-9;
}
