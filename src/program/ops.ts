/**
 * The op table: one row per op of the step program. Names, codes, operands with what is read and written, sizes, constants.
 * Builder, planner, encoder, verifier and printer read it; nothing else says what an op looks like.
 */
import * as abi from "../../assembly/abi.ts";
import { piecesOf } from "./count.ts";

/** The sizes of an op as numbers, at a given number of rows. Strides and byte counts end in `Stride`; the rest are elements. */
export type Sizes = Readonly<Record<string, number>>;

/**
 * How an op is divided among ranks: by 64-byte lines, rows, columns, channels, planes (a row of a channel), panels of a product,
 * pieces of a sum, or not at all.
 */
export type Share = "lines" | "rows" | "columns" | "channels" | "planes" | "panels" | "product" | "pieces" | "none";

export interface Operand {
  readonly access: "read" | "write" | "update";
  readonly optional: boolean;
  /** 4-byte words that the op may touch, from the operand's address on. */
  readonly words: (sizes: Sizes) => number;
}

export interface OpRow {
  readonly code: number;
  readonly share: Share;
  readonly operands: Readonly<Record<string, Operand>>;
  readonly sizes: readonly string[];
  readonly constants: readonly string[];
}

type Words = (sizes: Sizes) => number;
const read = (words: Words): Operand => ({ access: "read", optional: false, words });
const write = (words: Words): Operand => ({ access: "write", optional: false, words });
const update = (words: Words): Operand => ({ access: "update", optional: false, words });
const maybe = (operand: Operand): Operand => ({ ...operand, optional: true });

/** Whole lines: elementwise ops run over the padding of their buffers. */
const lines: Words = (s) => Math.ceil(s.count! / 16) * 16;
const columnLines: Words = (s) => Math.ceil(s.cols! / 16) * 16;
const matrix: Words = (s) => s.rows! * s.cols!;
const rows: Words = (s) => s.rows!;
const cols: Words = (s) => s.cols!;
const planes: Words = (s) => s.rows! * s.channels! * s.positions!;
const channels: Words = (s) => s.channels!;
const pieceMatrix: Words = (s) => s.rows! * s.cols! * s.pieces!;
const columnBlock = (width: string, from: string): Words => {
  return (s) => (s.rows! === 0 ? 0 : (s.rows! - 1) * s[width]! + s[from]! + s.cols!);
};
const one: Words = () => 1;
const control: Words = () => abi.CONTROL_BYTES / 4;
const scalars: Words = () => abi.UPDATE_BYTES / 4;
/** One f64 per piece. */
const pieces: Words = (s) => piecesOf(s.count!) * 2;
const strided = (first: string, firstStride: string, second: string, secondStride: string): Words => {
  return (s) =>
    s[first]! === 0 || s[second]! === 0 ? 0 : ((s[first]! - 1) * s[firstStride]! + (s[second]! - 1) * s[secondStride]!) / 4 + 1;
};
const packed: Words = (s) => Math.ceil(s.cols! / abi.GEMM_NR) * abi.GEMM_NR * s.inner!;

const a = read(strided("rows", "aRowStride", "inner", "aInnerStride"));
const unpacked = read(strided("inner", "bInnerStride", "cols", "bColStride"));
/** With a mask, y is multiplied by it; with t, then by the gradient of the activation there, in place of the activation. */
const product = { bias: maybe(read(cols)), y: write(matrix), z: maybe(write(matrix)), mask: maybe(read(matrix)), t: maybe(read(matrix)) };
const productSizes = ["rows", "cols", "inner", "aRowStride", "aInnerStride", "bInnerStride", "bColStride", "activation", "byPanels"];
const lossEnds = { weights: maybe(read(rows)), losses: write(rows), dx: maybe(write(matrix)), control: read(control) };
const classLoss = { classWeights: maybe(read(cols)), ...lossEnds };
/** Of all values of a batch by the moments of each column, or of each channel; none of the results is below `floor`. */
const normalization = (all: Words, each: Words) => ({
  x: read(all),
  mean: read(each),
  inverse: read(each),
  weight: read(each),
  bias: read(each),
  y: write(all),
});
const normalizationSums = (all: Words, each: Words) => ({
  dy: read(all),
  x: read(all),
  mean: read(each),
  inverse: read(each),
  dweight: write(each),
  dbias: write(each),
});
const normalizationGrad = (all: Words, each: Words) => ({
  dy: read(all),
  x: read(all),
  mean: read(each),
  inverse: read(each),
  weight: read(each),
  dweight: read(each),
  dbias: read(each),
  dx: write(all),
});
const matrixSizes = ["rows", "cols"];
const planeSizes = ["rows", "channels", "positions"];

const op = (code: number, share: Share, operands: Record<string, Operand>, sizes: string[] = [], constants: string[] = []): OpRow => ({
  code,
  share,
  operands,
  sizes,
  constants,
});
const elementLoss = (code: number): OpRow =>
  op(code, "rows", { x: read(matrix), targets: read(matrix), ...lossEnds }, matrixSizes, ["p", "factor"]);
const optimizer = (code: number, slots: number): OpRow => {
  const names = ["m", "v", "u"].slice(0, slots);
  const operands: Record<string, Operand> = { w: update(lines), g: read(lines), scalars: read(scalars) };
  for (const name of names) operands[name] = update(lines);
  return op(code, "lines", { ...operands, control: read(control) }, ["count"]);
};

export const ops = {
  gatherRows: op(abi.OP_GATHER_ROWS, "rows", { x: read(one), control: read(control), y: write(matrix) }, matrixSizes),
  packB: op(abi.OP_PACK_B, "panels", { b: read(strided("inner", "innerStride", "cols", "colStride")), packed: write(packed) }, [
    "inner",
    "cols",
    "innerStride",
    "colStride",
  ]),
  matmul: op(abi.OP_MATMUL, "product", { a, b: read(packed), ...product }, productSizes, ["p"]),
  matmulPacking: op(abi.OP_MATMUL_PACKING, "panels", { a, b: unpacked, ...product }, productSizes, ["p"]),
  matmulFew: op(abi.OP_MATMUL_FEW, "columns", { a, b: unpacked, ...product }, productSizes, ["p"]),
  matmulSmall: op(abi.OP_MATMUL_SMALL, "columns", { a, b: unpacked, ...product }, productSizes, ["p"]),
  // p: slope of leakyRelu, alpha of elu, factor of relu's gradient; else unused.
  activation: op(abi.OP_ACTIVATION, "lines", { x: read(lines), y: write(lines) }, ["count", "kind"], ["p"]),
  activationGrad: op(abi.OP_ACTIVATION_GRAD, "lines", { dy: read(lines), t: read(lines), dx: write(lines) }, ["count", "kind"], ["p"]),
  softmax: op(abi.OP_SOFTMAX, "rows", { x: read(matrix), y: write(matrix) }, matrixSizes),
  softmaxGrad: op(abi.OP_SOFTMAX_GRAD, "rows", { dy: read(matrix), y: read(matrix), dx: write(matrix) }, matrixSizes),
  logSoftmax: op(abi.OP_LOG_SOFTMAX, "rows", { x: read(matrix), y: write(matrix) }, matrixSizes),
  logSoftmaxGrad: op(abi.OP_LOG_SOFTMAX_GRAD, "rows", { dy: read(matrix), y: read(matrix), dx: write(matrix) }, matrixSizes),
  dropout: op(
    abi.OP_DROPOUT,
    "lines",
    { x: read(lines), y: write(lines), mask: maybe(write(lines)), control: read(control) },
    ["count", "stream", "threshold"],
    ["scale"],
  ),
  add: op(abi.OP_ADD, "lines", { x: read(lines), y: read(lines), z: write(lines) }, ["count"]),
  multiply: op(abi.OP_MULTIPLY, "lines", { x: read(lines), y: read(lines), z: write(lines) }, ["count"]),
  columnSum: op(abi.OP_COLUMN_SUM, "columns", { x: read(matrix), y: write(cols) }, matrixSizes),
  columnMoments: op(abi.OP_COLUMN_MOMENTS, "columns", { x: read(matrix), mean: write(cols), variance: write(cols) }, matrixSizes),
  columnInverse: op(abi.OP_COLUMN_INVERSE, "lines", { variance: read(lines), inverse: write(lines) }, ["count"], ["eps"]),
  normalizeColumns: op(abi.OP_NORMALIZE_COLUMNS, "rows", normalization(matrix, cols), matrixSizes, ["floor"]),
  normalizeColumnsSums: op(abi.OP_NORMALIZE_COLUMNS_SUMS, "columns", normalizationSums(matrix, cols), matrixSizes),
  normalizeColumnsGrad: op(abi.OP_NORMALIZE_COLUMNS_GRAD, "rows", normalizationGrad(matrix, cols), matrixSizes),
  blendStatistics: op(
    abi.OP_BLEND_STATISTICS,
    "lines",
    { mean: read(columnLines), variance: read(columnLines), runningMean: update(columnLines), runningVariance: update(columnLines) },
    ["samples", "cols"], // of so many values are mean and variance
    ["momentum"],
  ),
  columnScale: op(abi.OP_COLUMN_SCALE, "lines", { variance: read(lines), weight: read(lines), scale: write(lines) }, ["count"], ["eps"]),
  scaleRows: op(abi.OP_SCALE_ROWS, "rows", { w: read(matrix), scale: read(rows), y: write(matrix) }, matrixSizes),
  foldBias: op(
    abi.OP_FOLD_BIAS,
    "lines",
    { bias: maybe(read(lines)), mean: read(lines), scale: read(lines), shift: read(lines), y: write(lines) },
    ["count"],
  ),
  weightTotal: op(
    abi.OP_WEIGHT_TOTAL,
    "none",
    { weights: maybe(read(rows)), labels: maybe(read(rows)), classWeights: maybe(read(cols)), control: update(control) },
    matrixSizes,
  ),
  softmaxCrossEntropyLabels: op(
    abi.OP_SOFTMAX_CROSS_ENTROPY_LABELS,
    "rows",
    { x: read(matrix), labels: read(rows), ...classLoss },
    matrixSizes,
    ["smoothing"],
  ),
  softmaxCrossEntropyTargets: op(
    abi.OP_SOFTMAX_CROSS_ENTROPY_TARGETS,
    "rows",
    { x: read(matrix), targets: read(matrix), ...classLoss },
    matrixSizes,
    ["smoothing"],
  ),
  squaredError: op(abi.OP_SQUARED_ERROR, "rows", { x: read(matrix), targets: read(matrix), ...lossEnds }, matrixSizes),
  absoluteError: op(abi.OP_ABSOLUTE_ERROR, "rows", { x: read(matrix), targets: read(matrix), ...lossEnds }, matrixSizes),
  binaryCrossEntropy: op(
    abi.OP_BINARY_CROSS_ENTROPY,
    "rows",
    { x: read(matrix), targets: read(matrix), positiveWeights: maybe(read(cols)), ...lossEnds },
    matrixSizes,
  ),
  lossMean: op(abi.OP_LOSS_MEAN, "none", { losses: read(rows), weights: maybe(read(rows)), control: update(control) }, ["rows"]),
  penaltyGrad: op(
    abi.OP_PENALTY_GRAD,
    "pieces",
    { w: read(lines), g: update(lines), sums: write(pieces) },
    ["count"],
    ["l1", "l2", "slope"],
  ),
  powerPenaltyGrad: op(
    abi.OP_POWER_PENALTY_GRAD,
    "pieces",
    { w: read(lines), g: update(lines), sums: write(pieces) },
    ["count"],
    ["factor", "p"],
  ),
  penaltySum: op(abi.OP_PENALTY_SUM, "none", { sums: read((s) => s.pieces! * 2), control: update(control) }, ["pieces"]),
  squareSums: op(abi.OP_SQUARE_SUMS, "pieces", { x: read(lines), sums: write(pieces) }, ["count"]),
  finiteSums: op(abi.OP_FINITE_SUMS, "pieces", { x: read(lines), sums: write(pieces) }, ["count"]),
  scaleToNorm: op(abi.OP_SCALE_TO_NORM, "lines", { x: update(lines), sums: read((s) => s.pieces! * 2) }, ["count", "pieces"], ["max"]),
  limitRowNorms: op(abi.OP_LIMIT_ROW_NORMS, "rows", { w: update(matrix) }, matrixSizes, ["max"]),
  softThreshold: op(abi.OP_SOFT_THRESHOLD, "lines", { w: update(lines), scalars: read(scalars) }, ["count"], ["lambda"]),
  guard: op(abi.OP_GUARD, "none", { sums: read((s) => s.pieces! * 2), control: update(control) }, ["pieces"]),
  prelu: op(abi.OP_PRELU, "lines", { x: read(lines), weight: read(one), y: write(lines) }, ["count"]),
  preluGrad: op(abi.OP_PRELU_GRAD, "lines", { dy: read(lines), x: read(lines), weight: read(one), dx: write(lines) }, ["count"]),
  preluSums: op(abi.OP_PRELU_SUMS, "pieces", { dy: read((s) => s.count!), x: read((s) => s.count!), sums: write(pieces) }, ["count"]),
  pieceTotal: op(abi.OP_PIECE_TOTAL, "none", { sums: read(pieces), y: write(one) }, ["count"]),
  maxPieces: op(abi.OP_MAX_PIECES, "rows", { x: read(pieceMatrix), y: write(matrix) }, ["rows", "cols", "pieces"]),
  maxPiecesGrad: op(abi.OP_MAX_PIECES_GRAD, "rows", { dy: read(matrix), x: read(pieceMatrix), dx: write(pieceMatrix) }, [
    "rows",
    "cols",
    "pieces",
  ]),
  normalizeRows: op(
    abi.OP_NORMALIZE_ROWS,
    "rows",
    { x: read(matrix), weight: read(cols), bias: read(cols), y: write(matrix), mean: write(rows), inverse: write(rows) },
    matrixSizes,
    ["eps"],
  ),
  normalizeRowsSums: op(
    abi.OP_NORMALIZE_ROWS_SUMS,
    "columns",
    { dy: read(matrix), x: read(matrix), mean: read(rows), inverse: read(rows), dweight: write(cols), dbias: write(cols) },
    matrixSizes,
  ),
  normalizeRowsGrad: op(
    abi.OP_NORMALIZE_ROWS_GRAD,
    "rows",
    { dy: read(matrix), x: read(matrix), mean: read(rows), inverse: read(rows), weight: read(cols), dx: write(matrix) },
    matrixSizes,
  ),
  // Not run but obeyed: all ranks jump over the next records if this step's draw is below the threshold (or, whenKept, if not).
  skip: op(abi.OP_SKIP, "none", { control: read(control) }, ["records", "stream", "threshold", "whenKept"]),
  fill: op(abi.OP_FILL, "lines", { y: write(lines) }, ["count"], ["value"]),
  accumulate: op(abi.OP_ACCUMULATE, "lines", { g: read(lines), mean: update(lines), control: read(control) }, ["count"]),
  combine: op(abi.OP_COMBINE, "lines", { x: read(lines), y: maybe(read(lines)), z: write(lines) }, ["count"], ["p", "q"]),
  copyColumns: op(abi.OP_COPY_COLUMNS, "rows", { x: read(columnBlock("xCols", "xFrom")), y: write(columnBlock("yCols", "yFrom")) }, [
    "rows",
    "cols",
    "xCols",
    "yCols",
    "xFrom",
    "yFrom",
  ]),
  alphaDropout: op(
    abi.OP_ALPHA_DROPOUT,
    "lines",
    { x: read(lines), y: write(lines), mask: write(lines), control: read(control) },
    ["count", "stream", "threshold"],
    ["scale", "shift", "dropped"],
  ),
  gaussianNoise: op(
    abi.OP_GAUSSIAN_NOISE,
    "lines",
    { x: read(lines), y: write(lines), control: read(control) },
    ["count", "stream"],
    ["std"],
  ),
  huberError: elementLoss(abi.OP_HUBER_ERROR),
  logCoshError: elementLoss(abi.OP_LOG_COSH_ERROR),
  hingeError: elementLoss(abi.OP_HINGE_ERROR),
  klDivergence: elementLoss(abi.OP_KL_DIVERGENCE),
  multiMargin: op(abi.OP_MULTI_MARGIN, "rows", { x: read(matrix), labels: read(rows), ...lossEnds }, matrixSizes, ["margin"]),
  normError: op(abi.OP_NORM_ERROR, "rows", { x: read(matrix), targets: read(matrix), ...lossEnds }, matrixSizes, ["p"]),
  channelMoments: op(abi.OP_CHANNEL_MOMENTS, "channels", { x: read(planes), mean: write(channels), variance: write(channels) }, planeSizes),
  normalizeChannels: op(abi.OP_NORMALIZE_CHANNELS, "planes", normalization(planes, channels), planeSizes, ["floor"]),
  normalizeChannelsSums: op(abi.OP_NORMALIZE_CHANNELS_SUMS, "channels", normalizationSums(planes, channels), planeSizes),
  normalizeChannelsGrad: op(abi.OP_NORMALIZE_CHANNELS_GRAD, "planes", normalizationGrad(planes, channels), planeSizes),
  sgd: optimizer(abi.OP_SGD, 0),
  sgdMomentum: optimizer(abi.OP_SGD_MOMENTUM, 1),
  adagrad: optimizer(abi.OP_ADAGRAD, 1),
  adadelta: optimizer(abi.OP_ADADELTA, 2),
  rmsprop: optimizer(abi.OP_RMSPROP, 1),
  rmspropMomentum: optimizer(abi.OP_RMSPROP_MOMENTUM, 2),
  rmspropCentered: optimizer(abi.OP_RMSPROP_CENTERED, 2),
  rmspropCenteredMomentum: optimizer(abi.OP_RMSPROP_CENTERED_MOMENTUM, 3),
  adam: optimizer(abi.OP_ADAM, 2),
  adamAmsgrad: optimizer(abi.OP_ADAM_AMSGRAD, 3),
  adamax: optimizer(abi.OP_ADAMAX, 2),
  nadam: optimizer(abi.OP_NADAM, 2),
  lion: optimizer(abi.OP_LION, 1),
} satisfies Record<string, OpRow>;

export type OpName = keyof typeof ops;

/** Whether an op is a matrix product, by whichever path. */
export const isProductName = (name: OpName): boolean => name.startsWith("matmul");
