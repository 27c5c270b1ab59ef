/** The bench of single ops has a row for every op of the table, and each of its records runs. */
import { expect, test } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { Module } from "../../bench/harness.ts";
import { cases, isUpdate, makeRun, shapes, sizesOf } from "../../bench/kernels/ops.ts";
import { ops } from "../../src/program/ops.ts";

const [small, , large, awkward] = shapes;
const caseOf = (title: string) => cases.find((item) => item.title === title)!;

test("every op is benched: an op with a size or a constant that the bench does not know is named here", () => {
  expect([...new Set(cases.map(({ name }) => name))].sort()).toEqual(Object.keys(ops).sort());
  for (const { name, kind } of cases) for (const shape of shapes) expect(() => sizesOf(name, shape, kind)).not.toThrow();
});

test("every kind of activation is benched, forward and backward", () => {
  const kinds = Object.keys(abi).filter((name) => name.startsWith("ACTIVATION_") && name !== "ACTIVATION_NONE");
  expect(cases.filter(({ name }) => name === "activation").length).toBe(kinds.length);
  expect(cases.filter(({ name }) => name === "activationGrad").length).toBe(kinds.length);
});

test("every update is benched with its gradients clipped and not, and the clip halves them", () => {
  const updates = cases.filter(({ name }) => isUpdate(name));
  expect(updates.filter(({ isClipped }) => isClipped).map(({ name }) => name)).toEqual(
    updates.filter(({ isClipped }) => !isClipped).map(({ name }) => name),
  );
  const module = new Module("portable");
  const velocity = (title: string) => {
    const { run, written } = makeRun(module, caseOf(title), small);
    for (let i = 0; i < 100; i++) run(); // it forgets where it began
    return written()[1]![3]!;
  };
  expect(velocity("sgdMomentum, clipped") / velocity("sgdMomentum")).toBeCloseTo(0.5, 5);
});

test("every record runs to its end, and leaves finite numbers in what it writes", () => {
  const module = new Module("portable");
  for (const shape of [small, awkward]) {
    for (const item of cases) {
      const { run, written } = makeRun(module, item, shape);
      for (let i = 0; i < 3; i++) expect(run(), `${item.title} ${shape.name}`).toBe(abi.STATUS_OK);
      for (const values of written()) expect(values.every(Number.isFinite), `${item.title} ${shape.name}`).toBe(true);
    }
  }
});

test("bytes are what an op must move: adam reads four arrays and writes three, relu reads one and writes one", () => {
  const module = new Module("portable");
  expect(makeRun(module, caseOf("adam"), small).bytes).toBe(7 * 4 * 32 * 64);
  expect(makeRun(module, caseOf("activation relu"), small).bytes).toBe(2 * 4 * 32 * 64);
  expect(makeRun(module, caseOf("gatherRows"), small).bytes).toBe(2 * 4 * 32 * 64);
  expect(makeRun(module, caseOf("matmul"), small).flop).toBe(2 * 32 * 64 * 64);
  expect(sizesOf("adam", large).count).toBe(4194304);
});
