/**
 * Each share writes its own part and no more. Shares that overlap give the same bits as those that do not, so comparing results
 * can't tell them apart; two ranks that write one line at once would be slow, and wrong where an op works in place.
 */
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { numbers } from "./compare.ts";
import { Kernels, variants } from "./harness.ts";

const MARK = 777;
const ROWS = 6;
const COLS = 48;
const COUNT = ROWS * COLS;
const RANKS = 3;

interface Stage {
  readonly kernels: Kernels;
  /** An operand of random numbers in [0.5, 1.5). */
  readonly put: (count: number) => number;
  readonly y: number;
}

/** The descriptor of y = a · b for contiguous operands. */
function product({ kernels, put, y }: Stage, rows: number, cols: number, inner = 4): number {
  const address = kernels.alloc(64);
  const fields = kernels.u32(address, 16);
  const values: [number, number][] = [
    [abi.PRODUCT_A, put(rows * inner)],
    [abi.PRODUCT_B, put(inner * cols)],
    [abi.PRODUCT_Y, y],
    [abi.PRODUCT_ROWS, rows],
    [abi.PRODUCT_COLS, cols],
    [abi.PRODUCT_INNER, inner],
    [abi.PRODUCT_A_ROW, inner * 4],
    [abi.PRODUCT_A_INNER, 4],
    [abi.PRODUCT_B_INNER, cols * 4],
    [abi.PRODUCT_B_COL, 4],
    [abi.PRODUCT_ACTIVATION, abi.ACTIVATION_NONE],
  ];
  for (const [field, value] of values) fields[field >>> 2] = value;
  return address;
}

/** What is cut, by kernel, and a call of one share. */
const calls: Record<string, [cut: "bytes" | "rows" | "columns" | "panels", call: (stage: Stage, begin: number, end: number) => void]> = {
  expBelow0Array: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.expBelow0Array(put(COUNT), y, begin, end)],
  expArray: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.expArray(put(COUNT), y, begin, end)],
  logArray: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.logArray(put(COUNT), y, begin, end)],
  tanhArray: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.tanhArray(put(COUNT), y, begin, end)],
  add: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.add(put(COUNT), put(COUNT), y, begin, end)],
  combine: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.combine(put(COUNT), put(COUNT), y, 2, 3, begin, end)],
  activation: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.activation(abi.ACTIVATION_TANH, put(COUNT), y, 0, begin, end)],
  activationGrad: [
    "bytes",
    ({ kernels, put, y }, begin, end) => kernels.call.activationGrad(abi.ACTIVATION_TANH, put(COUNT), put(COUNT), y, 0, begin, end),
  ],
  columnInverse: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.columnInverse(put(COUNT), y, 1, begin, end)],
  columnScale: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.columnScale(put(COUNT), put(COUNT), y, 1, begin, end)],
  prelu: ["bytes", ({ kernels, put, y }, begin, end) => kernels.call.prelu(put(COUNT), put(1), y, begin, end)],
  fillConstant: ["bytes", ({ kernels, y }, begin, end) => kernels.call.fillConstant(y, 1, begin, end)],
  fillUniform: ["bytes", ({ kernels, y }, begin, end) => kernels.call.fillUniform(y, 0, 1, 1, 2, 3, begin, end)],
  gatherRows: [
    "rows",
    ({ kernels, put, y }, begin, end) => {
      const indices = kernels.putU32(Array.from({ length: ROWS }, (_, i) => i));
      kernels.call.gatherRows(put(COUNT), indices, y, COLS, begin, end);
    },
  ],
  copyColumns: ["rows", ({ kernels, put, y }, begin, end) => kernels.call.copyColumns(put(COUNT), y, COLS, COLS, COLS, begin, end)],
  scaleRows: ["rows", ({ kernels, put, y }, begin, end) => kernels.call.scaleRows(put(COUNT), put(ROWS), y, COLS, begin, end)],
  softmaxRows: ["rows", ({ kernels, put, y }, begin, end) => kernels.call.softmaxRows(put(COUNT), y, COLS, begin, end)],
  normalizeColumns: [
    "rows",
    ({ kernels, put, y }, begin, end) => {
      kernels.call.normalizeColumns(put(COUNT), put(COLS), put(COLS), put(COLS), put(COLS), y, -Infinity, COLS, begin, end);
    },
  ],
  normalizeChannels: [
    "rows", // one channel: a plane is a row
    ({ kernels, put, y }, begin, end) => {
      kernels.call.normalizeChannels(put(COUNT), put(1), put(1), put(1), put(1), y, -Infinity, 1, COLS, begin, end);
    },
  ],
  normalizeChannelsGrad: [
    "rows",
    ({ kernels, put, y }, begin, end) => {
      const [dy, x] = [put(COUNT), put(COUNT)];
      kernels.call.normalizeChannelsGrad(dy, x, put(1), put(1), put(1), put(1), put(1), y, ROWS, 1, COLS, begin, end);
    },
  ],
  normalizeRows: [
    "rows",
    ({ kernels, put, y }, begin, end) => {
      kernels.call.normalizeRows(put(COUNT), put(COLS), put(COLS), y, put(ROWS), put(ROWS), COLS, 1, begin, end);
    },
  ],
  maxPieces: ["rows", ({ kernels, put, y }, begin, end) => kernels.call.maxPieces(put(2 * COUNT), y, COLS, 2, begin, end)],
  "matmul by rows": [
    "rows",
    (stage, begin, end) => {
      const scratch = stage.kernels.alloc(abi.SCRATCH_BYTES);
      stage.kernels.call.matmul(product(stage, ROWS, COLS), scratch, begin, end, 0, COLS / abi.GEMM_NR);
    },
  ],
  "matmul by panels": [
    "panels",
    (stage, begin, end) => {
      const scratch = stage.kernels.alloc(abi.SCRATCH_BYTES);
      stage.kernels.call.matmul(product(stage, 1, COUNT), scratch, 0, 1, begin, end);
    },
  ],
  packB: ["panels", ({ kernels, put, y }, begin, end) => kernels.call.packB(put(COUNT), y, 1, COUNT, COUNT * 4, 4, begin, end)],
  columnSum: ["columns", ({ kernels, put, y }, begin, end) => kernels.call.columnSum(put(COUNT), y, ROWS, COLS, begin, end)],
  columnMoments: [
    "columns",
    ({ kernels, put, y }, begin, end) => kernels.call.columnMoments(put(COUNT), put(COLS), y, ROWS, COLS, begin, end),
  ],
  channelMoments: [
    "columns", // of one position: a channel is a column
    ({ kernels, put, y }, begin, end) => kernels.call.channelMoments(put(COUNT), put(COLS), y, ROWS, COLS, 1, begin, end),
  ],
  normalizeChannelsSums: [
    "columns",
    ({ kernels, put, y }, begin, end) => {
      kernels.call.normalizeChannelsSums(put(COUNT), put(COUNT), put(COLS), put(COLS), put(COLS), y, ROWS, COLS, 1, begin, end);
    },
  ],
  normalizeColumnsSums: [
    "columns",
    ({ kernels, put, y }, begin, end) => {
      kernels.call.normalizeColumnsSums(put(COUNT), put(COUNT), put(COLS), put(COLS), put(COLS), y, ROWS, COLS, begin, end);
    },
  ],
  normalizeRowsSums: [
    "columns",
    ({ kernels, put, y }, begin, end) => {
      kernels.call.normalizeRowsSums(put(COUNT), put(COUNT), put(ROWS), put(ROWS), put(COLS), y, ROWS, COLS, begin, end);
    },
  ],
};

describe.each(variants)("%s", (variant) => {
  const kernels = new Kernels(variant);

  test.each(Object.keys(calls))("%s", (name) => {
    const [cut, call] = calls[name];
    const count = cut === "columns" ? COLS : COUNT;
    const units = { bytes: COUNT * 4, rows: ROWS, columns: COLS, panels: COUNT / abi.GEMM_NR }[cut];
    for (let rank = 0; rank < RANKS; rank++) {
      kernels.reset();
      let seed = 1;
      const put = (size: number) => kernels.put(numbers(seed++, size, 0.5).map((v) => v + 1));
      const y = kernels.put(new Array(count).fill(MARK));
      call({ kernels, put, y }, (units / RANKS) * rank, (units / RANKS) * (rank + 1));
      const written = Array.from(kernels.f32(y, count), (v) => v !== MARK);
      const isOurs = Array.from({ length: count }, (_, i) => Math.floor((i * RANKS) / count) === rank);
      expect(written, `rank ${rank}`).toEqual(isOurs);
    }
  });
});
