/** The short way of a batch into a step, flat numbers with a label per row: the bits and the errors of the long way. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { bitsOf } from "../runtime/teams.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const ROWS = 7;
const x = Float32Array.from({ length: 3 * ROWS }, (_, i) => ((i * 37) % 19) / 19 - 0.5);
const y = Int32Array.from({ length: ROWS }, (_, i) => (i * 5) % 4);
const rowsOf = (flat: Float32Array) => Array.from({ length: flat.length / 3 }, (_, i) => [...flat.subarray(3 * i, 3 * i + 3)]);

describe.each(variants)("labels in place, %s", (variant) => {
  const trainerOf = async (loss: w.Loss = w.softmaxCrossEntropy()) => {
    const net = w.sequential(w.input(3), w.dense(5), w.batchNorm(), w.tanh(), w.dense(4));
    const model = await w.build(net, { seed: 1, runtime: await runtimeOf(variant) });
    return { model, trainer: await w.createTrainer(model, { loss, optimizer: w.adam(), batchSize: ROWS }) };
  };

  test("the bits of nested arrays, for any number of rows", async () => {
    const [short, long] = [await trainerOf(), await trainerOf()];
    for (let rows = ROWS; rows >= 2; rows--) {
      const flat = x.slice(0, 3 * rows);
      const labels = y.slice(0, rows);
      expect(short.trainer.step({ x: flat, y: labels })).toBe(long.trainer.step({ x: rowsOf(flat), y: [...labels] }));
    }
    expect(bitsOf(short.model, short.trainer)).toEqual(bitsOf(long.model, long.trainer));
  });

  test("targets that are no labels, in an Int32Array", async () => {
    const oneHot = Int32Array.from({ length: 4 * ROWS }, (_, i) => Number(y[i >> 2] === i % 4));
    const [short, long] = [await trainerOf(), await trainerOf()];
    const step = { x, y: oneHot };
    expect(short.trainer.step(step)).toBe(
      long.trainer.step({ x: rowsOf(x), y: Array.from({ length: ROWS }, (_, i) => [...oneHot.slice(4 * i, 4 * i + 4)]) }),
    );
    const numbers = await trainerOf(w.mse());
    expect(() => numbers.trainer.step({ x, y })).toThrow(w.ShapeError);
  });

  test.each([
    [
      "a label too high",
      { x, y: y.map((label, i) => (i === 6 ? 4 : label)) },
      w.DataError,
      "y must be integer labels in [0, 4), got 4 at row 6",
    ],
    [
      "a label below 0",
      { x, y: y.map((label, i) => (i === 0 ? -1 : label)) },
      w.DataError,
      "y must be integer labels in [0, 4), got -1 at row 0",
    ],
    ["NaN", { x: x.map((value, i) => (i === 20 ? Number.NaN : value)), y }, w.DataError, "x must be finite, got NaN at row 6, column 2"],
    ["too few labels", { x, y: y.slice(1) }, w.ShapeError, "y must have shape [7, 4] or [7] (labels), as x has 7 rows, got 6 numbers"],
    ["numbers that fill no row", { x: x.slice(1), y }, w.ShapeError, "x must hold a multiple of 3 numbers"],
    ["no rows", { x: x.slice(0, 0), y: y.slice(0, 0) }, w.DataError, "x must have one row at least, got none"],
    ["too many rows", { x: Float32Array.from([...x, 1, 2, 3]), y: Int32Array.from([...y, 1]) }, w.ShapeError, "x must have at most 7 rows"],
    ["one row for batchNorm", { x: x.slice(0, 3), y: y.slice(0, 1) }, w.ShapeError, "a training batch needs at least 2 rows, got 1"],
  ] as const)("%s: the error of the long way, and nothing has changed", async (_, batch, kind, message) => {
    const [bad, good] = [await trainerOf(), await trainerOf()];
    for (const { trainer } of [bad, good]) trainer.step({ x, y });
    let error: unknown;
    try {
      bad.trainer.step(batch);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toContain(message);
    expect(() => bad.trainer.profile(1)).not.toThrow(); // of the last batch, or of zeros in its place
    for (const { trainer } of [bad, good]) trainer.step({ x, y });
    expect(bitsOf(bad.model, bad.trainer)).toEqual(bitsOf(good.model, good.trainer));
  });

  test("a refused batch leaves neither its labels nor what is not finite", async () => {
    const { model, trainer } = await trainerOf();
    const { f32, i32 } = model.runtime.arena.views;
    const find = (view: Float32Array | Int32Array, values: ArrayLike<number>) => {
      for (let at = 0; at + values.length <= view.length; at++)
        if (Array.from(values).every((value, i) => view[at + i] === value)) return at;
      return expect.fail("the batch is not in memory");
    };
    trainer.step({ x, y });
    const [atX, atY] = [find(f32, x), find(i32, y)];
    const other = y.map((label) => 3 - label);
    expect(() => trainer.step({ x: x.map((value, i) => (i === 20 ? Number.NaN : value)), y: other })).toThrow(w.DataError);
    expect(i32.slice(atY, atY + ROWS)).toEqual(y);
    expect(f32.slice(atX, atX + x.length).every(Number.isFinite)).toBe(true);
  });
});
