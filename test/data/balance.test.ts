import { expect, it } from "vitest";
import { balancedBatches, classWeights } from "../../src/data/index.ts";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";

const counts = (labels: ArrayLike<unknown>): Record<string, number> =>
  Object.fromEntries(Array.from(labels).map((label) => [label, Array.from(labels).filter((other) => other === label).length]));

it("classWeights: scikit-learn's balanced weights; weighted, all classes count alike", () => {
  const labels = [0, 0, 0, 0, 1, 2, 2, 2];
  const weights = classWeights(labels);
  expect(weights).toEqual([8 / 12, 8 / 3, 8 / 9]);
  for (const c of [0, 1, 2]) expect(weights[c]! * labels.filter((label) => label === c).length).toBeCloseTo(8 / 3, 14);
  expect(classWeights(Int32Array.of(2, 0), { classes: 4 })).toEqual([0.5, 0, 0.5, 0]);
  expect(() => classWeights([0, 3], { classes: 3 })).toThrow(
    new DataError("classWeights: labels must be integers from 0 to 2, got 3 at row 1"),
  );
  expect(() => classWeights([0, -1])).toThrow(DataError);
  expect(() => classWeights([0, 0.5])).toThrow(DataError);
  expect(() => classWeights([])).toThrow(DataError);
});

it("balancedBatches: classes equal within one in every batch, every row of the rare class in turn", () => {
  const y = Int32Array.from({ length: 100 }, (_, i) => (i < 90 ? 0 : i < 96 ? 1 : 2));
  const x = { data: Float32Array.from({ length: 200 }, (_, i) => i), shape: [100, 2] };
  const batches = balancedBatches({ x, y, weights: Float32Array.from({ length: 100 }, (_, i) => i) }, { batchSize: 16 });
  const passes = [[...batches], [...batches]];
  for (const pass of passes) {
    expect(pass.length).toBe(7);
    const seen: number[] = [];
    for (const { x: rows, y: labels, weights } of pass) {
      expect(Object.values(counts(labels)).sort()).toEqual([5, 5, 6]);
      expect(rows.shape).toEqual([16, 2]);
      Array.from(weights).forEach((row, i) => {
        expect(Array.from(rows.data.subarray(2 * i, 2 * i + 2))).toEqual([2 * row, 2 * row + 1]);
        expect(labels[i]).toBe(y[row]);
        seen.push(row);
      });
    }
    const rare = Object.values(counts(seen.filter((row) => row >= 96)));
    expect(rare.length).toBe(4);
    expect(Math.max(...rare) - Math.min(...rare)).toBeLessThanOrEqual(1);
    expect(new Set(seen.filter((row) => row < 90)).size).toBe(seen.filter((row) => row < 90).length);
  }
  expect(passes[0]).not.toEqual(passes[1]);
  expect([...balancedBatches({ x, y }, { seed: 3 })]).toEqual([...balancedBatches({ x, y }, { seed: 3 })]);
});

it("balancedBatches: texts, arrays, steps; errors", () => {
  const data = { x: [[1], [2], [3]], y: ["a", "a", "b"] };
  const [batch, ...rest] = [...balancedBatches(data, { batchSize: 4, steps: 3 })];
  expect(rest.length).toBe(2);
  expect(counts(batch!.y)).toEqual({ a: 2, b: 2 });
  expect(batch!.x.filter(([value]) => value === 3).length).toBe(2);
  expect(() => balancedBatches({ x: [[1]], y: [[1, 0]] })).toThrow(DataError);
  expect(() => balancedBatches({ x: [[1]], y: [1, 2] })).toThrow(new ShapeError("balancedBatches: y must have 1 rows, got 2"));
  expect(() => balancedBatches(data, { batchSize: 0 })).toThrow(OptionError);
});
