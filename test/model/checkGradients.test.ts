/** checkGradients: right gradients pass, wrong ones are found where they are, and of the model no byte changes. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const numbers = (seed: number, count: number, scale = 1): Float32Array => {
  const next = testNumbers(seed);
  return Float32Array.from({ length: count }, () => next() * scale);
};

const nets: Record<string, w.Layer[]> = {
  "smooth, one hidden layer": [w.dense(16), w.tanh()],
  "relu, two hidden layers": [w.dense(64), w.relu(), w.dense(64), w.relu()],
  "batchNorm and dropout": [w.dense(64), w.batchNorm(), w.relu(), w.dropout(0.3)],
  "layerNorm, gelu, a residual block": [w.dense(32), w.layerNorm(), w.gelu(), w.residual([w.dense(32), w.selu()])],
  "maxout, prelu, mish": [w.maxout(20), w.prelu(), w.dense(10), w.mish()],
  "six sigmoids, whose gradients vanish": Array.from({ length: 6 }, () => [w.dense(16), w.sigmoid()]).flat(),
};

describe.each(variants)("%s", (variant) => {
  const build = async (layers: w.Layer[], seed = 3) =>
    w.build(w.sequential(w.input(12), ...layers, w.dense(5)), { runtime: await runtimeOf(variant), seed });

  test.each(Object.keys(nets))("%s: passes for every loss, and no byte of the model changes", async (name) => {
    const model = await build(nets[name]!);
    model.loadStateDict({ ...model.stateDict(), "0.bias": model.stateDict()["0.bias"]!.data.map(() => -0) });
    const before = model.save();
    const predictions = model.predict(numbers(2, 12));
    const cases: [w.Loss, (rows: number) => Int32Array | Float32Array][] = [
      [w.softmaxCrossEntropy({ classWeights: [1, 2, 3, 1, 1] }), (rows) => Int32Array.from({ length: rows }, (_, i) => (i * i) % 5)],
      [w.mse(), (rows) => numbers(7, rows * 5)],
      [w.mae(), (rows) => numbers(8, rows * 5)],
    ];
    for (const rows of [4, 32]) {
      for (const scale of [1, 100]) {
        for (const [loss, targets] of cases) {
          const batch = {
            x: numbers(5 + rows, rows * 12, scale),
            y: targets(rows),
            weights: numbers(9, rows).map((v) => Math.abs(v) + 0.1),
          };
          const { passed, worst, tensors } = w.checkGradients(model, batch as w.Data<w.Tensor["shape"] & number[]>, loss);
          expect(passed, JSON.stringify([loss.kind, rows, scale, worst])).toBe(true);
          expect(tensors.map((tensor) => tensor.name)).toEqual([
            ...model
              .parameters()
              .filter(({ trainable }) => trainable)
              .map((p) => p.name),
            "input",
          ]);
        }
      }
    }
    expect(model.save()).toEqual(before);
    expect(Object.is(model.stateDict()["0.bias"]!.data[0], -0)).toBe(true);
    expect(model.predict(numbers(2, 12))).toEqual(predictions);
    model.dispose();
  });

  test("a slope is that of the loss in exact arithmetic, and the gradient that of model.gradients", async () => {
    const model = await build([]);
    const batch = { x: numbers(1, 96), y: numbers(2, 40) };
    const { tensors, worst } = w.checkGradients(model, batch, w.mse(), { samples: 1000 });
    const [weight, bias, input] = tensors;
    expect([weight!.checked, bias!.checked, input!.checked]).toEqual([60, 5, 96]);
    const state = model.stateDict();
    // d/dw of the mean of (x Wᵀ + b - y)² over 8 rows of 5.
    const [out, k] = weight!.index as [number, number];
    let slope = 0;
    for (let row = 0; row < 8; row++) {
      let y = state["0.bias"]!.data[out]! - batch.y[row * 5 + out]!;
      for (let i = 0; i < 12; i++) y += batch.x[row * 12 + i]! * state["0.weight"]!.data[out * 12 + i]!;
      slope += (2 * y * batch.x[row * 12 + k]!) / 40;
    }
    expect(Math.abs(weight!.measured - slope)).toBeLessThan(4 * weight!.uncertainty + 1e-6);
    expect(weight!.uncertainty).toBeLessThan(1e-4);
    expect(weight!.computed).toBe(model.gradients(batch, w.mse()).parameters["0.weight"]!.data[out * 12 + k]);
    expect(worst.relativeError).toBe(Math.max(...tensors.map(({ relativeError }) => relativeError)));
    model.dispose();
  });

  test("a loss whose gradient is another one's fails, and the report says where", async () => {
    const right = w.mse();
    const other = w.huber({ delta: 0.5 });
    const wrong: w.Loss = {
      ...right,
      emit(builder, buffers) {
        right.emit(builder, { ...buffers, losses: builder.buffer("unused", { perRow: 1 }) });
        other.emit(builder, { ...buffers, dx: undefined });
      },
    };
    const model = await build([w.dense(16), w.tanh()]);
    const batch = { x: numbers(1, 96), y: numbers(2, 40) };
    const { passed, worst, tensors } = w.checkGradients(model, batch, wrong);
    expect(passed).toBe(false);
    expect(worst.relativeError).toBeGreaterThan(0.2);
    for (const tensor of tensors) expect(tensor.relativeError).toBeGreaterThan(0.02);
    const { index, computed, measured } = tensors.find(({ name }) => name === "2.bias")!;
    expect(computed).toBe(model.gradients(batch, right).parameters["2.bias"]!.data[index[0]!]);
    expect(measured).toBeCloseTo(model.gradients(batch, other).parameters["2.bias"]!.data[index[0]!]!, 4);
    model.dispose();
  });

  test("a loss of one's own: right as its author meant it, wrong by a forgotten mean", async () => {
    const model = await build([w.dense(16), w.tanh()]);
    const batch = { x: numbers(1, 96), y: numbers(2, 40) };
    const value = (t: w.Tensor, p: w.Tensor) => p.data.reduce((sum, v, i) => sum + Math.cosh(v - t.data[i]!), 0) / 40;
    const slope = (t: w.Tensor, p: w.Tensor) => p.data.map((v, i) => Math.sinh(v - t.data[i]!) / 40);
    expect(w.checkGradients(model, batch, w.customLoss({ value, gradient: slope })).passed).toBe(true);
    const forgotten = w.customLoss({ value, gradient: (t: w.Tensor, p: w.Tensor) => slope(t, p).map((v) => v * 5) });
    const { passed, worst } = w.checkGradients(model, batch, forgotten);
    expect(passed).toBe(false);
    expect(worst.computed / worst.measured).toBeCloseTo(5, 1);
    model.dispose();
  });

  test("frozen parameters are left out; of large tensors some entries are drawn, the largest gradient among them", async () => {
    const model = await build([w.dense(40), w.tanh()]);
    model.freeze("0.bias");
    const batch = { x: numbers(1, 96), y: numbers(2, 40) };
    const report = (options?: w.CheckGradientsOptions) => w.checkGradients(model, batch, w.mse(), options);
    expect(report().tensors.map(({ name, checked }) => [name, checked])).toEqual([
      ["0.weight", 16],
      ["2.weight", 16],
      ["2.bias", 5],
      ["input", 16],
    ]);
    const { tensors } = report({ samples: 1 });
    const gradient = model.gradients(batch, w.mse()).parameters["0.weight"]!.data;
    const largest = gradient.reduce((best, value, i) => (Math.abs(value) > Math.abs(gradient[best]!) ? i : best), 0);
    expect(tensors[0]!.index).toEqual([Math.floor(largest / 12), largest % 12]);
    expect(report({ seed: 1 })).not.toEqual(report({ seed: 2 }));
    expect(report({ seed: 1 })).toEqual(report({ seed: 1 }));
    model.dispose();
  });
});

test("what can't be checked is refused", async () => {
  const model = await w.build(w.sequential(w.input(2), w.dense(1)));
  const batch = { x: [[1, 2]], y: [1] };
  expect(() => w.checkGradients({} as w.Model, batch, w.mse())).toThrow("checkGradients: model must be what build or load returns");
  expect(() => w.checkGradients(model, batch, w.mse as unknown as w.Loss)).toThrow("checkGradients: loss must be a loss");
  expect(() => w.checkGradients(model, batch, w.mse(), { sample: 3 } as w.CheckGradientsOptions)).toThrow(
    'unknown option "sample". Did you mean "samples"?',
  );
  expect(() => w.checkGradients(model, batch, w.mse(), { tolerance: 0 })).toThrow(
    "checkGradients: tolerance must be a finite number above 0, got 0",
  );
  expect(() => w.checkGradients(model, { x: [[1]], y: [1] } as never, w.mse())).toThrow("checkGradients: x");
  model.dispose();
});
