/** Initial weights: PyTorch's deviations and bounds for its shapes, the default by the activation that follows, biases of 0. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { fillOf } from "../../src/initializers.ts";
import { readVectors } from "../vectors/read.ts";
import { runtimeOf, variants } from "./runtimes.ts";

interface Scheme {
  readonly scheme: string;
  readonly mode?: string;
  readonly nonlinearity: string;
  readonly negative_slope?: number;
  readonly gain: number;
  readonly distribution: "normal" | "uniform";
  readonly std: number;
  readonly bound?: number;
}

const shapes = readVectors<{ name: string; layer: string; weight_shape: number[]; groups: number; schemes: Scheme[] }>("init").filter(
  ({ layer, groups }) => layer !== "orthogonal" && groups === 1,
);

/** Ours; undefined for the default of biases. */
function initializerOf({ scheme, mode, gain }: Scheme): w.InitializerSpec | undefined {
  const fan = mode === "fan_out" ? "fanOut" : "fanIn";
  if (scheme === "xavier_normal") return w.xavierNormal({ gain });
  if (scheme === "xavier_uniform") return w.xavierUniform({ gain });
  if (scheme === "lecun_normal") return w.lecunNormal();
  if (scheme === "torch_default_weight") return w.varianceScaling({ scale: 1 / 3, distribution: "uniform" });
  if (scheme === "torch_default_bias") return undefined; // by the fan of the weight, which a bias does not know
  if (gain === 5 / 3 || gain > 1.66)
    return w.varianceScaling({ scale: gain ** 2, mode: fan, distribution: scheme === "kaiming_normal" ? "normal" : "uniform" });
  const slope = Math.sqrt(Math.max(0, 2 / gain ** 2 - 1)); // gain = √(2 / (1 + slope²))
  if (scheme === "kaiming_normal" && gain <= Math.SQRT2 + 1e-6) return w.heNormal({ mode: fan, slope });
  if (scheme === "kaiming_uniform" && gain <= Math.SQRT2 + 1e-6) return w.heUniform({ mode: fan, slope });
  return undefined;
}

test("standard deviations and bounds are PyTorch's, for dense and convolution shapes", () => {
  let count = 0;
  for (const { name, weight_shape, schemes } of shapes) {
    for (const scheme of schemes) {
      const spec = initializerOf(scheme);
      if (spec === undefined) continue;
      count++;
      const fill = fillOf(spec, weight_shape);
      expect(fill.distribution, name).toBe(scheme.distribution);
      const got = fill.distribution === "normal" ? fill.std : fill.distribution === "uniform" ? fill.bound : Number.NaN;
      const want = scheme.distribution === "normal" ? scheme.std : scheme.bound!;
      expect(Math.abs(got / want - 1), `${name} ${scheme.scheme} ${scheme.mode} ${scheme.nonlinearity}`).toBeLessThan(1e-6);
    }
  }
  expect(count).toBe(shapes.reduce((sum, { schemes }) => sum + schemes.length - 1, 0));
});

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly most: number;
}

function momentsOf(values: Float32Array): Moments {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
  return { mean, std, most: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
}

/** Mean and deviation within 4 standard errors; a uniform's largest value near its bound and not above it. */
function expectDistribution(values: Float32Array, distribution: "normal" | "uniform", std: number, what: string): void {
  const n = values.length;
  const { mean, std: got, most } = momentsOf(values);
  const kurtosis = distribution === "normal" ? 3 : 1.8;
  expect(Math.abs(mean), `${what}: mean`).toBeLessThan((4 * std) / Math.sqrt(n));
  expect(Math.abs(got - std), `${what}: deviation ${got}, want ${std}`).toBeLessThan(4 * std * Math.sqrt((kurtosis - 1) / (4 * n)));
  const bound = Math.sqrt(3) * std;
  if (distribution === "uniform") {
    expect(most).toBeLessThanOrEqual(Math.fround(bound));
    expect(most).toBeGreaterThan(bound * (1 - 20 / n));
  } else expect(most).toBeGreaterThan(bound);
  expect(new Set(values).size).toBeGreaterThan(n * 0.98);
}

describe.each(variants)("%s", (variant) => {
  const linear = shapes.filter(({ layer, weight_shape }) => layer === "linear" && weight_shape[0] > 1);
  test.each(linear)("$name: weights drawn by every scheme", async ({ weight_shape: [units, inputs], schemes }) => {
    for (const [seed, scheme] of schemes.entries()) {
      const init = initializerOf(scheme);
      if (init === undefined) continue;
      const model = await w.build(w.sequential(w.input(inputs), w.dense(units, { init })), { runtime: await runtimeOf(variant), seed });
      const { "0.weight": weight, "0.bias": bias } = model.stateDict();
      expectDistribution(weight.data, scheme.distribution, scheme.std, `${scheme.scheme} ${scheme.mode}`);
      expect(bias.data).toEqual(new Float32Array(units));
      model.dispose();
    }
  });

  test("normal, uniform, constant, zeros", async () => {
    const inits = { init: w.normal({ std: 0.3 }), biasInit: w.uniform({ bound: 2 }) };
    const net = w.sequential(
      w.input(100),
      w.dense(300, inits),
      w.dense(100, { init: w.constant(0.5), biasInit: w.constant(-1) }),
      w.dense(2, { init: w.zeros() }),
    );
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 1 });
    const state = model.stateDict();
    expectDistribution(state["0.weight"].data, "normal", 0.3, "normal");
    expectDistribution(state["0.bias"].data, "uniform", 2 / Math.sqrt(3), "uniform");
    expect(new Set(state["1.weight"].data)).toEqual(new Set([0.5]));
    expect(new Set(state["1.bias"].data)).toEqual(new Set([-1]));
    expect(new Set(state["2.weight"].data)).toEqual(new Set([0]));
    model.dispose();
  });

  const rectified = Math.sqrt(2 / 120);
  const cases: [string, w.Layer[], "normal" | "uniform", number][] = [
    ["relu", [w.relu()], "normal", rectified],
    ["gelu", [w.gelu()], "normal", rectified],
    ["silu", [w.silu()], "normal", rectified],
    ["elu", [w.elu()], "normal", rectified],
    ["mish", [w.mish()], "normal", rectified],
    ["leakyRelu, whose slope counts", [w.leakyRelu({ slope: 0.5 })], "normal", Math.sqrt(2 / 1.25 / 120)],
    ["relu behind batchNorm and dropout", [w.batchNorm(), w.dropout(0.1), w.relu()], "normal", rectified],
    ["tanh", [w.tanh()], "uniform", Math.sqrt(2 / 320)],
    ["sigmoid", [w.sigmoid()], "uniform", Math.sqrt(2 / 320)],
    ["tanh behind dropout", [w.dropout(0.5), w.tanh(), w.relu()], "uniform", Math.sqrt(2 / 320)],
    ["softmax", [w.softmax()], "uniform", Math.sqrt(2 / 320)],
    ["another dense layer before the relu", [w.dense(7), w.relu()], "uniform", Math.sqrt(2 / 320)],
    ["nothing", [], "uniform", Math.sqrt(2 / 320)],
  ];
  test.each(cases)("the default before %s", async (_, layers, distribution, std) => {
    const model = await w.build(w.sequential(w.input(120), w.dense(200), ...layers), { runtime: await runtimeOf(variant), seed: 6 });
    const state = model.stateDict();
    expectDistribution(state["0.weight"].data, distribution, std, "weight");
    for (const [name, { data }] of Object.entries(state)) {
      if (name.endsWith("bias") || name.endsWith("mean")) expect(new Set(data), name).toEqual(new Set([0]));
      if (/^1\.(weight|running_var)$/.test(name) && layers[0].kind === "batchNorm") expect(new Set(data), name).toEqual(new Set([1]));
    }
    model.dispose();
  });

  test("parameters of equal shape are drawn from streams of their own", async () => {
    const model = await w.build(w.sequential(w.input(8), w.dense(8), w.dense(8), w.dense(8)), { runtime: await runtimeOf(variant) });
    const { "0.weight": a, "1.weight": b, "2.weight": c } = model.stateDict();
    for (const [one, other] of [
      [a, b],
      [b, c],
      [a, c],
    ])
      expect(one.data.filter((value, i) => value === other.data[i]).length).toBe(0);
    model.dispose();
  });
});
