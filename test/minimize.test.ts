/** minimize: PyTorch's paths step by step, kernels on both binaries and float64 loops; what it returns, and what it refuses. */
import { describe, expect, test } from "vitest";
import { adam, createRuntime, DataError, minimize, NonFiniteError, OptionError, sgd } from "../src/index.ts";
import { optimizerOf } from "./model/golden.ts";
import { runtimeOf, variants } from "./model/runtimes.ts";
import { type Golden, readVectors } from "./vectors/read.ts";

interface Path {
  readonly name: string;
  readonly optimizer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly x0: Golden;
  readonly grads: Golden;
  readonly params: Golden;
}

const covered = ["sgd", "adagrad", "rmsprop", "adadelta", "adam", "adamw", "adamax", "nadam", "radam"];
const paths = readVectors<Path>("optimizers").filter(({ optimizer }) => covered.includes(optimizer));

test("the vectors hold every optimizer of this version", () => {
  expect([...new Set(paths.map(({ optimizer }) => optimizer))]).toEqual(covered);
  expect(paths.length).toBe(readVectors<Path>("optimizers").length);
});

/** Runs the path's gradients through minimize and compares x after every step. */
async function follow<V extends Float32Array | Float64Array>(
  path: Path,
  x0: V,
  options: object,
  [absolute, relative]: [number, number],
): Promise<void> {
  const { grads, params } = path;
  const [steps, n] = grads.shape;
  const optimizer = optimizerOf(path.optimizer, path.options, path.options.weight_decay as number);
  let calls = 0;
  const f = (_: V, gradient: V): number => {
    gradient.set(grads.data.slice(calls * n, (calls + 1) * n));
    return calls++;
  };
  const seen: number[] = [];
  const onStep = ({ step, x, value }: { step: number; x: V; value: number }) => {
    seen.push(step);
    expect(value).toBe(step);
    for (let i = 0; i < n; i++) {
      const want = params.data[step * n + i];
      const tolerance = absolute + relative * Math.abs(want);
      if (!(Math.abs(x[i] - want) <= tolerance)) expect.fail(`step ${step}, x[${i}]: got ${x[i]}, want ${want} ± ${tolerance}`);
    }
  };
  const result = await minimize(f, x0, optimizer, { steps, onStep, ...options });
  expect(seen).toEqual(Array.from({ length: steps }, (_, step) => step));
  expect(result).toMatchObject({ value: steps - 1, steps, evaluations: steps, converged: false });
  expect(Math.abs(result.x[0] - params.data[(steps - 1) * n])).toBeLessThanOrEqual(absolute + relative * Math.abs(result.x[0]));
}

describe.each(variants)("Float32Array, %s: within 1e-5 + 1e-5 |want|", (variant) => {
  test.each(paths)("$name", async (path) => {
    await follow(path, Float32Array.from(path.x0.data), { runtime: await runtimeOf(variant) }, [1e-5, 1e-5]);
  });
});

// The vectors are rounded to 9 digits.
describe("Float64Array: within 1e-8 |want|", () => {
  test.each(paths)("$name", async (path) => {
    await follow(path, Float64Array.from(path.x0.data), {}, [1e-12, 1e-8]);
  });
});

/** Σ (xᵢ - i)². */
function bowl<V extends Float32Array | Float64Array>(x: V, gradient: V): number {
  let value = 0;
  for (let i = 0; i < x.length; i++) {
    value += (x[i] - i) ** 2;
    gradient[i] = 2 * (x[i] - i);
  }
  return value;
}

describe.each([Float32Array, Float64Array])("%o", (Numbers) => {
  test("finds a minimum, stops at the tolerance, and leaves x0 alone", async () => {
    const x0 = new Numbers([5, 5, 5]);
    const copies: (Float32Array | Float64Array)[] = [];
    const options = { steps: 2000, tolerance: 1e-5, onStep: ({ x }: { x: Float32Array | Float64Array }) => void copies.push(x) };
    const result = await minimize(bowl, x0, sgd({ learningRate: 0.1 }), options);
    expect(Array.from(x0)).toEqual([5, 5, 5]);
    expect(result.converged).toBe(true);
    expect(result.steps).toBeGreaterThan(20);
    expect(result.steps).toBeLessThan(200);
    expect(result.evaluations).toBe(result.steps + 1);
    result.x.forEach((value, i) => void expect(Math.abs(value - i)).toBeLessThan(1e-5));
    expect(result.value).toBeLessThan(1e-10);
    expect(copies.length).toBe(result.steps);
    expect(copies[0][0]).toBe(new Numbers([4])[0]); // a copy of its own step, not the last x
    expect(copies.at(-1)).toEqual(result.x);
    expect(copies.at(-1)).not.toBe(result.x);
  });

  test("without a tolerance neither a constant value nor a zero gradient stops it", async () => {
    const result = await minimize(() => 3, new Numbers([1, 2]), adam(), { steps: 40 });
    expect(result).toEqual({ x: new Numbers([1, 2]), value: 3, steps: 40, evaluations: 40, converged: false });
  });

  test("the gradient is cleared before each call", async () => {
    const seen: number[] = [];
    const f = (_: Float32Array | Float64Array, gradient: Float32Array | Float64Array) => {
      seen.push(gradient[0]);
      gradient[0] += 1;
      return 0;
    };
    await minimize(f, new Numbers([0]), sgd({ learningRate: 1 }), { steps: 3 });
    expect(seen).toEqual([0, 0, 0]);
  });

  test("all of x counts as weights: weightDecay acts on it", async () => {
    const { x } = await minimize(() => 0, new Numbers([8]), sgd({ learningRate: 0.5, weightDecay: 0.5 }), { steps: 2 });
    expect(x[0]).toBe(8 * 0.75 * 0.75);
  });

  test("a schedule's rate of each step", async () => {
    const f = (_: Float32Array | Float64Array, gradient: Float32Array | Float64Array) => {
      gradient[0] = 1;
      return 0;
    };
    const { x } = await minimize(f, new Numbers([0]), sgd({ learningRate: { at: (step) => 2 ** step } }), { steps: 4 });
    expect(x[0]).toBe(-15);
  });

  test("zero steps return x0 itself, as a copy", async () => {
    const x0 = new Numbers([1, 2]);
    const result = await minimize(bowl, x0, sgd({ learningRate: 1 }), { steps: 0 });
    expect(result).toMatchObject({ x: x0, steps: 0, evaluations: 0, converged: false });
    expect(result.x).not.toBe(x0);
  });

  test("a value or gradient that stops being finite", async () => {
    const value = minimize(() => Number.NaN, new Numbers([0]), sgd({ learningRate: 1 }));
    await expect(value).rejects.toThrow("minimize: step 0: f is NaN");
    const f = (x: Float32Array | Float64Array, gradient: Float32Array | Float64Array) => {
      gradient[1] = x[1] < -2.5 ? -Infinity : 1;
      return 1;
    };
    const error = await minimize(f, new Numbers([0, 0]), sgd({ learningRate: 1 })).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ step: 3, layer: "gradient[1]", value: -Infinity });
    expect((error as Error).message).toBe("minimize: step 3: the gradient is -Infinity at 1");
  });
});

test("sizes around a line of 16, the same as float64 within float32's rounding", async () => {
  for (const n of [0, 1, 15, 16, 17, 100]) {
    const start = Array.from({ length: n }, (_, i) => i / 2 - 3);
    const single = await minimize(bowl, Float32Array.from(start), adam({ learningRate: 0.1 }), { steps: 50 });
    const double = await minimize(bowl, Float64Array.from(start), adam({ learningRate: 0.1 }), { steps: 50 });
    expect(single.x.length).toBe(n);
    single.x.forEach((value, i) => void expect(Math.abs(value - double.x[i])).toBeLessThan(1e-4));
  }
});

test("memory is given back, also after an error in f", async () => {
  const runtime = await createRuntime();
  await minimize(bowl, new Float32Array(1), adam(), { steps: 1, runtime }); // the scratch of the threads stays
  const used = runtime.info.memory.used;
  await minimize(bowl, new Float32Array(1000), adam(), { steps: 2, runtime });
  const fails = minimize(
    () => {
      throw new RangeError("mine");
    },
    new Float32Array(1000),
    adam(),
    { runtime },
  );
  await expect(fails).rejects.toThrow(new RangeError("mine"));
  expect(runtime.info.memory.used).toBe(used);
  runtime.dispose();
});

describe("refuses", () => {
  const x0 = new Float32Array(2);
  const rule = sgd({ learningRate: 0.1 });
  const cases: [string, () => Promise<unknown>, typeof OptionError | typeof DataError, string][] = [
    [
      "plain arrays",
      () => minimize(bowl, [1, 2] as never, rule),
      DataError,
      "minimize: x0 must be a Float32Array (wasm kernels) or a Float64Array (float64 loops), got [1, 2]",
    ],
    [
      "NaN",
      () => minimize(bowl, new Float64Array([0, Number.NaN]), rule),
      DataError,
      "minimize: x0 must hold finite numbers, got NaN at 1",
    ],
    ["no function", () => minimize(3 as never, x0, rule), OptionError, "minimize: f must be a function (x, gradient) => value, got 3"],
    [
      "an optimizer that was not called",
      () => minimize(bowl, x0, adam as never),
      OptionError,
      "minimize: optimizer must be an optimizer such as adam(), got the function adam",
    ],
    [
      "an unknown option",
      () => minimize(bowl, x0, rule, { step: 3 } as never),
      OptionError,
      'minimize: unknown option "step". Did you mean "steps"?',
    ],
    [
      "a negative tolerance",
      () => minimize(bowl, x0, rule, { tolerance: -1 }),
      OptionError,
      "minimize: tolerance must be a finite number, 0 or above, got -1",
    ],
    [
      "half a step",
      () => minimize(bowl, x0, rule, { steps: 0.5 }),
      OptionError,
      "minimize: steps must be an integer of at least 0, got 0.5",
    ],
    [
      "onStep that can't be called",
      () => minimize(bowl, x0, rule, { onStep: 1 as never }),
      OptionError,
      "minimize: onStep must be a function, got 1",
    ],
    ["a value that is no number", () => minimize(() => "1" as never, x0, rule), OptionError, 'minimize: f must return a number, got "1"'],
    [
      "a schedule that gives NaN",
      () => minimize(bowl, x0, sgd({ learningRate: { at: () => Number.NaN } })),
      OptionError,
      "learningRate: the schedule's rate at step 0 must be a finite number, 0 or above, got NaN",
    ],
  ];
  test.each(cases)("%s", async (_, run, type, message) => {
    const error = await run().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toBe(message);
  });
});
