/** lbfgs, bfgs and newton in minimize: the golden functions within SciPy's evaluations, the contract of results, and refusals. */
import { describe, expect, test } from "vitest";
import { bfgs, lbfgs, minimize, NonFiniteError, newton, OptionError, type SecondOrder } from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { beale, type Case, functionOf, quadratic, rosenbrock } from "../reference/secondOrder.ts";
import { readVectors } from "../vectors/read.ts";

type Values = Float32Array | Float64Array;
const cases = readVectors<Case>("minimize");
const methods: [string, () => SecondOrder][] = [
  ["lbfgs", lbfgs],
  ["bfgs", bfgs],
  ["newton", newton],
];

/** The least value to full precision: the file's is rounded to 9 digits. */
function leastOf(golden: Case): number {
  if (golden.function !== "quadratic") return 0;
  const n = golden.x_min.data.length;
  // xᵗAx / 2 - bᵗx is flat at its minimum: nine digits of x give sixteen of f
  return functionOf(golden)(Float64Array.from(golden.x_min.data), new Float64Array(n));
}

test("there are eleven golden functions, and ours are the same", () => {
  expect(cases.length).toBe(11);
  for (const golden of cases) {
    const x = Float64Array.from(golden.x0.data);
    const g = new Float64Array(x.length);
    expect(functionOf(golden)(x, g)).toBeCloseTo(golden.f0, -Math.log10(Math.abs(golden.f0)) + 7);
    g.forEach((value, i) => void expect(Math.abs(value - golden.g0.data[i])).toBeLessThan(1e-7 * (1 + Math.abs(value))));
  }
});

describe("evaluations until f - f_min < 1e-8", () => {
  const count = async (golden: Case, method: SecondOrder, start = Float64Array.from(golden.x0.data)) => {
    const f = functionOf(golden);
    const least = leastOf(golden);
    let evaluations = 0;
    let reached = Infinity;
    const result = await minimize(
      (x, g) => {
        evaluations++;
        const value = f(x, g);
        if (value - least < 1e-8) reached = Math.min(reached, evaluations);
        return value;
      },
      start,
      method,
      { steps: 300, tolerance: 1e-9 },
    );
    expect(result.evaluations).toBe(evaluations);
    return { reached, result };
  };

  test.each(cases)("lbfgs, $name: at most 1.5 times SciPy's and 2 more", async (golden) => {
    const { reached, result } = await count(golden, lbfgs());
    expect(reached).toBeLessThanOrEqual(1.5 * golden.scipy_tight["nfev_to_1e-8"] + 2);
    golden.x_min.data.forEach((want, i) => void expect(Math.abs(result.x[i] - want)).toBeLessThan(1e-7));
    expect(Math.abs(result.value - leastOf(golden))).toBeLessThan(1e-14);
  });

  test.each(cases)("bfgs, $name: at most twice SciPy's", async (golden) => {
    const { reached, result } = await count(golden, bfgs());
    expect(reached).toBeLessThanOrEqual(2 * golden.scipy_tight["nfev_to_1e-8"]);
    expect(Math.abs(result.value - leastOf(golden))).toBeLessThan(1e-14);
  });

  // from its classic start, Newton's method goes down to the other minimum of rosenbrock_10, where f is 3.98
  test.each(cases.filter(({ name }) => name !== "rosenbrock_10_classic"))("newton, $name: in few steps", async (golden) => {
    const { reached, result } = await count(golden, newton());
    expect(reached).toBeLessThan(Infinity);
    expect(result.steps).toBeLessThan(40);
    expect(result.converged).toBe(true);
  });
});

describe.each(methods)("%s", (_, method) => {
  test.each([1, 2, 3, 8, 20])("Rosenbrock of %i variables from 20 random starts: down at every step, to a minimum", async (n) => {
    const next = testNumbers(n);
    for (let start = 0; start < 20; start++) {
      const x0 = Float64Array.from({ length: n }, () => 2 * next());
      let last = Infinity;
      const onStep = ({ value }: { value: number }) => {
        expect(value).toBeLessThanOrEqual(last + 1e-15 * last); // to rounding
        last = value;
      };
      const result = await minimize(rosenbrock, x0, method(), { steps: 500, tolerance: 1e-7, onStep });
      expect(result.converged).toBe(true);
      if (n < 4) expect(result.value).toBeLessThan(1e-10); // beyond, there is a second minimum
      const gradient = new Float64Array(n);
      expect(rosenbrock(result.x, gradient)).toBe(result.value);
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThanOrEqual(1e-7);
    }
  });

  test("Float32Array: f sees float32, and x is as near as float32 allows", async () => {
    const kinds = new Set<string>();
    const f = (x: Float32Array, g: Float32Array) => {
      kinds.add(`${x.constructor.name} ${g.constructor.name}`);
      return beale(x, g);
    };
    const x0 = Float32Array.of(1, 1);
    const result = await minimize(f, x0, method(), { steps: 60 });
    expect([...kinds]).toEqual(["Float32Array Float32Array"]);
    expect(result.x).toBeInstanceOf(Float32Array);
    expect(Math.abs(result.x[0] - 3)).toBeLessThan(2e-3);
    expect(Math.abs(result.x[1] - 0.5)).toBeLessThan(5e-4);
    expect(result.value).toBeLessThan(1e-9);
    expect(x0).toEqual(Float32Array.of(1, 1));
  });

  test("onStep: steps from 0, f before the step, a copy of x after it", async () => {
    const seen: { step: number; x: Float64Array; value: number }[] = [];
    const x0 = Float64Array.of(-1.2, 1);
    const result = await minimize(rosenbrock, x0, method(), { steps: 6, onStep: (state) => void seen.push({ ...state }) });
    expect(seen.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
    const valueAt = (x: Float64Array) => rosenbrock(x, new Float64Array(2));
    expect(seen.map(({ value }) => value)).toEqual([valueAt(x0), ...seen.slice(0, -1).map(({ x }) => valueAt(x))]);
    expect(result).toMatchObject({ x: seen[5].x, value: valueAt(seen[5].x), steps: 6, converged: false });
    expect(seen[5].x).not.toBe(result.x);
  });

  test("neither a constant f nor a minimum ends the search without a tolerance; f is not called in vain", async () => {
    const flat = await minimize(() => 3, Float64Array.of(1, 2), method(), { steps: 40 });
    expect(flat).toMatchObject({ x: Float64Array.of(1, 2), value: 3, steps: 40, converged: false });
    expect(flat.evaluations).toBeLessThanOrEqual(3); // newton's differences
    const beyond = await minimize(quadratic([2, 0, 0, 2], [1, 1]), Float64Array.of(5, 6), method(), { steps: 1000 });
    expect(beyond).toMatchObject({ steps: 1000, converged: false });
    expect(beyond.evaluations).toBeLessThan(200);
    expect(Math.abs(beyond.x[0] - 0.5)).toBeLessThan(1e-7);
  });

  test("a tolerance that is met at x0, no steps, no variables", async () => {
    const f = quadratic([2], [4]);
    expect(await minimize(f, Float64Array.of(2), method(), { tolerance: 1e-9 })).toEqual({
      x: Float64Array.of(2),
      value: -4,
      steps: 0,
      evaluations: 1,
      converged: true,
    });
    expect(await minimize(f, Float64Array.of(7), method(), { steps: 0 })).toMatchObject({
      x: Float64Array.of(7),
      steps: 0,
      evaluations: 0,
    });
    expect(await minimize(() => 1, new Float64Array(0), method(), { steps: 3 })).toMatchObject({ value: 1, steps: 3 });
  });

  test("values that are not finite count as too high, except at x0", async () => {
    // x - log x, with its minimum at 1; below 0 there is nothing
    const barrier = (x: Values, g: Values) => {
      g[0] = 1 - 1 / x[0];
      return x[0] - Math.log(x[0]);
    };
    for (const start of [1e-3, 0.2, 5, 40]) {
      const result = await minimize(barrier, Float64Array.of(start), method(), { steps: 100, tolerance: 1e-8 });
      expect(result.converged).toBe(true);
      expect(Math.abs(result.x[0] - 1)).toBeLessThan(1e-7);
    }
    const bad = minimize(barrier, Float64Array.of(-1), method());
    await expect(bad).rejects.toThrow("minimize: step 0: f is NaN");
    await expect(bad).rejects.toThrow(NonFiniteError);
    await expect(minimize(() => "1" as never, Float64Array.of(1), method())).rejects.toThrow('minimize: f must return a number, got "1"');
  });

  test("f gets a gradient of zeros", async () => {
    const f = (x: Values, g: Values) => {
      expect(g[0]).toBe(0);
      g[0] += 2 * (x[0] - 3);
      return (x[0] - 3) ** 2;
    };
    for (const x0 of [Float64Array.of(1), Float32Array.of(1)]) {
      const { x } = await minimize(f, x0 as Float64Array, method(), { steps: 8 });
      expect(x[0]).toBeCloseTo(3, 6);
    }
  });
});

describe("newton", () => {
  /** x² - y² + y⁴: a saddle at 0, minima at y = ±√½. */
  const saddle = (p: Values, g: Values) => {
    const [x, y] = p;
    g[0] = 2 * x;
    g[1] = -2 * y + 4 * y ** 3;
    return x * x - y * y + y ** 4;
  };
  const hessian = ([, y]: Float64Array, h: Float64Array) => void h.set([2, Number.NaN, 0, -2 + 12 * y * y]); // the upper part is not read

  test("a given Hessian: one step for a quadratic, no evaluation but the line search's", async () => {
    const f = quadratic([4, 1, 1, 3], [1, 2]);
    const given = newton({ hessian: (_, h) => void h.set([4, 1, 1, 3]) });
    const result = await minimize(f, Float64Array.of(50, -70), given, { tolerance: 1e-12 });
    expect(result).toMatchObject({ steps: 1, evaluations: 2, converged: true });
    expect(result.x[0]).toBeCloseTo(1 / 11, 13);
    expect(result.x[1]).toBeCloseTo(7 / 11, 13);
  });

  test.each([
    ["given", newton({ hessian })],
    ["from differences", newton()],
  ])("leaves a region where the Hessian is indefinite, %s", async (_, method) => {
    const result = await minimize(saddle, Float64Array.of(1, 0.01), method, { tolerance: 1e-9 });
    expect(result.converged).toBe(true);
    expect(result.x[1]).toBeCloseTo(Math.SQRT1_2, 9);
    expect(result.value).toBeCloseTo(-0.25, 14);
    expect(result.steps).toBeLessThan(25);
  });

  test("given and from differences take the same path", async () => {
    const paths = await Promise.all(
      [newton({ hessian }), newton()].map(async (method) => {
        const path: Float64Array[] = [];
        await minimize(saddle, Float64Array.of(0.7, 1.3), method, { steps: 5, onStep: ({ x }) => void path.push(x) });
        return path;
      }),
    );
    for (const [step, x] of paths[0].entries())
      x.forEach((value, i) => void expect(Math.abs(value - paths[1][step][i])).toBeLessThan(1e-7));
  });

  test("a Hessian that is not finite", async () => {
    const error = await minimize(saddle, Float64Array.of(1, 2), newton({ hessian: (_, h) => void h.set([1, 0, Infinity, 1]) })).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ step: 0, layer: "hessian[1, 0]", value: Infinity, message: "newton: step 0: hessian[1, 0] is Infinity" });
  });
});

describe("options", () => {
  test("more history needs fewer evaluations on a long valley", async () => {
    const evaluations = await Promise.all(
      [1, 10].map(async (history) => {
        const x0 = Float64Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
        const result = await minimize(rosenbrock, x0, lbfgs({ history }), { tolerance: 1e-6 });
        expect(result.converged).toBe(true);
        return result.evaluations;
      }),
    );
    expect(evaluations[1]).toBeLessThan(0.8 * evaluations[0]);
  });

  test("as plain data", () => {
    expect(lbfgs()).toMatchObject({ kind: "lbfgs", options: { history: 10 } });
    expect(bfgs()).toMatchObject({ kind: "bfgs", options: {} });
    expect(newton()).toMatchObject({ kind: "newton", options: { hessian: "differences" } });
    expect(newton({ hessian: () => {} }).options).toEqual({ hessian: "function" });
  });

  const refusals: [string, () => unknown, string][] = [
    ["no history", () => lbfgs({ history: 0 }), "lbfgs: history must be an integer of at least 1, got 0"],
    ["a slip", () => lbfgs({ histroy: 3 } as never), 'lbfgs: unknown option "histroy". Did you mean "history"?'],
    ["options of bfgs", () => bfgs({ history: 3 } as never), 'bfgs: unknown option "history"'],
    [
      "a matrix",
      () => newton({ hessian: [1] as never }),
      "newton: hessian must be a function (x, hessian) that writes n·n numbers, got [1]",
    ],
  ];
  test.each(refusals)("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(OptionError);
  });

  test.each([bfgs(), newton()])("$kind refuses what needs a matrix too large", async (method) => {
    await expect(minimize(() => 0, new Float64Array(16385), method)).rejects.toThrow(
      `${method.kind}: x0 must be at most 16384 numbers, got 16385. lbfgs() needs no matrix of n² numbers.`,
    );
  });
});
