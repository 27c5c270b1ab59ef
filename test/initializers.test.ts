/** The initializers beyond Xavier's and He's: truncated, LeCun's, any variance, orthogonal, given values; and what they refuse. */
import { describe, expect, test } from "vitest";
import * as w from "../src/index.ts";
import { fillOf } from "../src/initializers.ts";
import { runtimeOf, variants } from "./model/runtimes.ts";
import { readVectors } from "./vectors/read.ts";

interface Orthogonal {
  readonly name: string;
  readonly layer: string;
  readonly weight_shape: readonly [number, number];
  readonly gain: number;
}

const orthogonals = readVectors<Orthogonal>("init").filter(({ layer }) => layer === "orthogonal");

/** Largest distance of V Vᵗ from gain² I, V the rows of w or its columns, whichever are fewer. */
function offOrthogonal(weight: Float32Array, rows: number, cols: number, gain: number): number {
  const [count, length] = rows <= cols ? [rows, cols] : [cols, rows];
  const at = (i: number, j: number) => weight[rows <= cols ? i * cols + j : j * cols + i];
  let worst = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let j = 0; j < length; j++) sum += at(a, j) * at(b, j);
      worst = Math.max(worst, Math.abs(sum - (a === b ? gain * gain : 0)));
    }
  }
  return worst;
}

test("what a spec comes down to", () => {
  const shape = [6, 3]; // fanIn 3, fanOut 6
  expect(fillOf(w.truncatedNormal({ std: 0.3 }), shape)).toEqual({ distribution: "truncatedNormal", std: 0.3 });
  expect(fillOf(w.lecunNormal(), shape)).toEqual({ distribution: "normal", std: 1 / Math.sqrt(3) });
  expect(fillOf(w.lecunUniform(), shape)).toEqual({ distribution: "uniform", bound: expect.closeTo(1, 14) });
  expect(fillOf(w.varianceScaling({ scale: 12, distribution: "normal" }), shape)).toEqual({ distribution: "normal", std: 2 });
  expect(fillOf(w.varianceScaling({ scale: 6, mode: "fanOut", distribution: "uniform" }), shape)).toEqual({
    distribution: "uniform",
    bound: Math.sqrt(3),
  });
  expect(fillOf(w.varianceScaling({ scale: 18, mode: "fanAverage", distribution: "normal" }), shape)).toEqual({
    distribution: "normal",
    std: 2,
  });
  expect(fillOf(w.varianceScaling({ scale: 3 }), shape)).toEqual({
    distribution: "truncatedNormal",
    std: expect.closeTo(1 / 0.87962566, 8),
  });
});

describe.each(variants)("%s", (variant) => {
  const weightOf = async (inputs: number, units: number, init: w.InitializerSpec, seed = 3): Promise<Float32Array> => {
    const model = await w.build(w.sequential(w.input(inputs), w.dense(units, { init })), { runtime: await runtimeOf(variant), seed });
    const { data } = model.stateDict()["0.weight"];
    model.dispose();
    return data;
  };

  const moments = (values: Float32Array) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
  };

  test("truncated deviates lie within two std and deviate by 0.88 of it; scaled ones by the whole", async () => {
    const values = await weightOf(200, 300, w.truncatedNormal({ std: 0.5 }));
    const largest = Math.max(...values.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(1);
    expect(largest).toBeGreaterThan(0.99);
    const error = 4 / Math.sqrt(60_000);
    expect(Math.abs(moments(values).mean)).toBeLessThan(0.44 * error);
    expect(Math.abs(moments(values).std / 0.43981283 - 1)).toBeLessThan(error);
    const scaled = await weightOf(200, 300, w.varianceScaling({ scale: 2 }));
    expect(Math.abs(moments(scaled).std / 0.1 - 1)).toBeLessThan(error);
    expect(Math.max(...scaled)).toBeLessThan((2 * 0.1) / 0.8796);
  });

  test.each(orthogonals)("$name", async ({ weight_shape: [rows, cols], gain }) => {
    for (let seed = 0; seed < 20; seed++) {
      const weight = await weightOf(cols, rows, w.orthogonal({ gain }), seed);
      expect(offOrthogonal(weight, rows, cols, gain)).toBeLessThan(1e-6 * gain * gain);
    }
  });

  test.each([
    [1, 1],
    [1, 9],
    [9, 1],
    [5, 5],
    [64, 31],
    [33, 100],
  ])("orthogonal of shape [%i, %i], pads stay zeros", async (rows, cols) => {
    const model = await w.build(w.sequential(w.input(cols), w.dense(rows, { init: w.orthogonal() })), {
      runtime: await runtimeOf(variant),
    });
    expect(offOrthogonal(model.stateDict()["0.weight"].data, rows, cols, 1)).toBeLessThan(1e-6);
    const [{ address, words, bytes }] = model.state.parameters;
    const pads = model.runtime.arena.views.f32.subarray((address >>> 2) + words, (address + bytes) >>> 2);
    expect(pads.every((pad) => pad === 0)).toBe(true);
    model.dispose();
  });

  test("orthogonal matrices are drawn from all of them: signs and entries have no preference", async () => {
    const first: number[] = [];
    const determinants: number[] = [];
    for (let seed = 0; seed < 400; seed++) {
      const [a, b, c, d] = await weightOf(2, 2, w.orthogonal(), seed);
      first.push(a);
      determinants.push(Math.sign(a * d - b * c));
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(first))).toBeLessThan((4 * Math.SQRT1_2) / 20); // the cosine of a uniform angle
    expect(Math.abs(mean(first.map((value) => value * value)) - 0.5)).toBeLessThan((4 * Math.sqrt(1 / 8)) / 20);
    expect(Math.abs(mean(determinants))).toBeLessThan(4 / 20);
  });

  test("1000 x 1000 orthogonal weights", async () => {
    const weight = await weightOf(1000, 1000, w.orthogonal());
    const product = (i: number, k: number) => {
      let sum = 0;
      for (let j = 0; j < 1000; j++) sum += weight[i * 1000 + j] * weight[k * 1000 + j];
      return sum;
    };
    for (const [i, k] of [
      [0, 0],
      [999, 999],
      [0, 999],
      [998, 999],
      [500, 3],
    ]) {
      expect(Math.abs(product(i, k) - (i === k ? 1 : 0))).toBeLessThan(1e-6);
    }
  });

  test("given values, nested, flat or as a tensor; kept by save and load", async () => {
    const nested = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    for (const init of [w.fromArray(nested), w.fromArray(nested.flat()), w.fromArray(w.tensor(nested))]) {
      expect(await weightOf(3, 2, init)).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    }
    const net = w.sequential(w.input(1), w.dense(2, { init: w.orthogonal({ gain: 2 }), biasInit: w.fromArray([0.1, 0.2]) }));
    const model = await w.build(net, { runtime: await runtimeOf(variant) });
    expect(model.stateDict()["0.bias"].data).toEqual(Float32Array.of(0.1, 0.2));
    const same = await w.load(model.save(), { runtime: await runtimeOf(variant) });
    expect(same.stateDict()).toEqual(model.stateDict());
    expect(same.net.layers).toEqual(JSON.parse(JSON.stringify(model.net.layers)));
    model.reinitialize("0.weight", { init: w.fromArray([[7], [8]]) });
    expect(model.stateDict()["0.weight"].data).toEqual(Float32Array.of(7, 8));
    expect(() => model.reinitialize("*", { init: w.fromArray([1, 2, 3]) })).toThrow(
      "reinitialize: 0.weight: fromArray must have shape [2, 1]",
    );
    expect(() => model.reinitialize("*", { init: w.orthogonal() })).toThrow(
      "reinitialize: 0.bias: orthogonal is for tensors of two or more",
    );
    expect(model.stateDict()["0.weight"].data).toEqual(Float32Array.of(7, 8)); // not even the one that fits was written
    model.dispose();
    same.dispose();
  });
});

describe("refuses", () => {
  const cases: [string, () => unknown, string][] = [
    ["no width", () => w.truncatedNormal({ std: 0 }), "truncatedNormal: std must be a finite number above 0, got 0"],
    ["no gain", () => w.orthogonal({ gain: 0 }), "orthogonal: gain must be a finite number above 0, got 0"],
    ["a slip", () => w.orthogonal({ gian: 1 } as never), 'orthogonal: unknown option "gian". Did you mean "gain"?'],
    [
      "another fan",
      () => w.varianceScaling({ mode: "fan" as never }),
      'varianceScaling: mode must be one of "fanIn", "fanOut", "fanAverage", got "fan". Did you mean "fanIn"?',
    ],
    ["another distribution", () => w.varianceScaling({ distribution: "gamma" as never }), "varianceScaling: distribution must be one of"],
    ["ragged values", () => w.fromArray([[1], [2, 3]]), "fromArray: "],
    ["NaN", () => w.fromArray([1, Number.NaN]), "fromArray: values must be finite numbers in float32, got NaN at 1"],
    ["no such kind", () => w.dense(2, { init: { kind: "lecun" } as never }), "an initializer such as heNormal() or zeros(), got { kind }"],
    ["a spec with more", () => w.dense(2, { init: { kind: "lecunNormal", gain: 2 } as never }), 'lecunNormal: unknown option "gain"'],
  ];
  test.each(cases)("%s", (_, make, message) => {
    expect(() => w.sequential(w.input(2), make() as w.Layer)).toThrow(message);
  });

  test("shapes that do not fit, when the net gets memory", async () => {
    const values = w.sequential(w.input(3), w.dense(2, { init: w.fromArray([[1, 2]]) }));
    await expect(w.build(values)).rejects.toThrow("layer 0 (dense): weight: fromArray must have shape [2, 3], got [1, 2]");
    const bias = w.sequential(w.input(3), w.dense(2, { biasInit: w.orthogonal() }));
    await expect(w.build(bias)).rejects.toThrow("layer 0 (dense): bias: orthogonal is for tensors of two or more axes, got shape [2]");
  });
});
