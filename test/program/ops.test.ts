/** The op table agrees with the numbers that both languages read, and with the interpreter. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { type OpRow, ops } from "../../src/program/ops.ts";

const rows = Object.entries(ops) as [string, OpRow][];
const codes = Object.entries(abi).filter(([name]) => name.startsWith("OP_")) as [string, number][];
const constantOf = (name: string) => `OP_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

test("every code is used by one op, whose name is the constant's", () => {
  expect(rows.map(([name, { code }]) => [constantOf(name), code]).sort()).toEqual([...codes].sort());
  expect(new Set(codes.map(([, code]) => code)).size).toBe(codes.length);
});

test("the interpreter, or for updates update.ts, has one case for every code but skip, which its walk obeys itself", () => {
  const files = ["interpreter", "update"].map((name) => new URL(`../../assembly/${name}.ts`, import.meta.url));
  const source = files.map((file) => readFileSync(file, "utf8")).join("");
  const cases = [...source.matchAll(/\bcase abi\.(OP_\w+):/g)].map(([, name]) => name);
  expect(source).toContain("== abi.OP_SKIP");
  expect([...cases, "OP_SKIP"].sort()).toEqual(codes.map(([name]) => name).sort());
});

test("no op has more operands, sizes or constants than a record holds, and sizes begin where operands end", () => {
  for (const [name, row] of rows) {
    expect(Object.keys(row.operands).length, name).toBeLessThanOrEqual(abi.MAX_OPERANDS);
    expect(row.sizes.length, name).toBeLessThanOrEqual(abi.MAX_SIZES);
    expect(row.constants.length, name).toBeLessThanOrEqual(abi.MAX_CONSTANTS);
  }
  expect(abi.RECORD_OPERANDS + 4 * abi.MAX_OPERANDS).toBe(abi.RECORD_SIZES);
  expect(abi.RECORD_SIZES + 4 * abi.MAX_SIZES).toBe(abi.RECORD_CONSTANTS);
  expect(abi.RECORD_CONSTANTS + 4 * abi.MAX_CONSTANTS).toBeLessThanOrEqual(abi.RECORD_BYTES);
});

describe("what an op may touch", () => {
  const words = (name: keyof typeof ops, operand: string, sizes: Record<string, number>) =>
    (ops[name] as OpRow).operands[operand].words(sizes);

  test("elementwise ops run over whole lines of 16", () => {
    expect([0, 1, 16, 17].map((count) => words("activation", "x", { count, kind: 1 }))).toEqual([0, 16, 16, 32]);
    expect([1, 33].map((count) => words("adam", "m", { count }))).toEqual([16, 48]);
  });

  test("strided operands of products, of any orientation", () => {
    const sizes = {
      rows: 3,
      inner: 5,
      cols: 7,
      aRowStride: 20,
      aInnerStride: 4,
      bInnerStride: 28,
      bColStride: 4,
      activation: 0,
      byPanels: 0,
    };
    expect(words("matmulFew", "a", sizes)).toBe(15);
    expect(words("matmulFew", "b", sizes)).toBe(35);
    expect(words("matmulFew", "a", { ...sizes, aRowStride: 4, aInnerStride: 12 })).toBe(15);
    expect(words("matmulFew", "a", { ...sizes, inner: 0 })).toBe(0);
    expect(words("matmul", "b", sizes)).toBe(40); // panels of 8 columns
    expect(words("packB", "packed", { inner: 5, cols: 17, innerStride: 4, colStride: 20 })).toBe(120);
  });

  test("sums of pieces are float64", () => {
    expect([1, abi.PIECE, abi.PIECE + 1].map((count) => words("squareSums", "sums", { count }))).toEqual([2, 2, 4]);
    expect(words("guard", "sums", { pieces: 3 })).toBe(6);
  });
});
