/** What the losses refuse, and that their options have an effect. */
import { expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { runtimeOf } from "../model/runtimes.ts";

test("options out of range and unknown ones", () => {
  expect(() => w.huber({ delta: 0 })).toThrow("huber: delta must be a finite number above 0, got 0");
  expect(() => w.smoothL1({ beta: 0 })).toThrow("smoothL1: beta must be a finite number above 0, got 0");
  expect(() => w.klDivergence({ reduction: "sum" } as object)).toThrow(
    'klDivergence: reduction must be one of "mean", "batchmean", got "sum"',
  );
  expect(() => w.multiMargin({ margin: Infinity })).toThrow("multiMargin: margin must be a finite number, got Infinity");
  expect(() => w.lp({ p: 0.5 })).toThrow("lp: p must be a number of at least 1, or Infinity, got 0.5");
  expect(() => (w.lp as () => unknown)()).toThrow("lp: p must be a number of at least 1, or Infinity, got undefined");
  expect(() => w.huber({ beta: 1 } as object)).toThrow('huber: unknown option "beta"');
});

test("hinge takes classes as 0 and 1 or as -1 and 1; multiMargin takes labels alone", async () => {
  const one = await w.build(w.sequential(w.input(1)), { runtime: await runtimeOf("portable") });
  const x = [[0.5], [2], [-3]];
  const value = (0.5 + 0 + 4) / 3; // of the classes 1, 1, 1
  expect(one.evaluate({ x, y: [1, 1, 1] }, { loss: w.hinge() }).loss).toBeCloseTo(value, 6);
  for (const y of [
    [1, 0, 0],
    [1, -1, -1],
  ]) {
    expect(one.evaluate({ x, y }, { loss: w.hinge() }).loss).toBeCloseTo((0.5 + 3 + 0) / 3, 6);
  }
  one.dispose();
  const three = await w.build(w.sequential(w.input(3)), { runtime: await runtimeOf("portable") });
  const rows = { x: [[1, 2, 3]], y: [[0, 1, 0]] };
  expect(() => three.evaluate(rows, { loss: w.multiMargin() })).toThrow("multiMargin: targets must be labels");
  expect(three.evaluate({ x: rows.x, y: Int32Array.of(1) }, { loss: w.multiMargin() }).loss).toBeCloseTo(2 / 3, 6);
  three.dispose();
});
