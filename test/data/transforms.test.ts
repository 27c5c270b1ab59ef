import { describe, expect, expectTypeOf, it } from "vitest";
import {
  columnTransformer,
  imputer,
  minMaxScaler,
  type NumericData,
  oneHotEncoder,
  pca,
  pipeline,
  polynomialFeatures,
  rbfFeatures,
  ridge,
  robustScaler,
  standardScaler,
  type Transform,
  type TransformJSON,
  transformFrom,
} from "../../src/data/index.ts";
import { DataError, FormatError, OptionError, ShapeError } from "../../src/errors.ts";
import { RandomStream } from "../../src/random.ts";
import { readVectors } from "../vectors/read.ts";
import { expectNear, listOf, type PreprocessingCase, preprocessingCases, rowsOf } from "./golden.ts";

type Options = Record<string, never>;
const makers: Record<string, (options: Options) => Transform> = {
  standardScaler,
  robustScaler,
  minMaxScaler: ({ feature_range }) => minMaxScaler({ range: feature_range }),
  oneHot: ({ classes }) => oneHotEncoder({ classes }),
  polynomialFeatures: ({ degree, include_bias }) => polynomialFeatures({ degree, bias: include_bias }),
  pca: ({ components, whiten }) => pca({ components, whiten }),
};
const flat = (rows: unknown): number[] => (rows as number[][]).flat();
const random = new RandomStream(3, 1);
const drawn = (rows: number, width: number, spread = 1) =>
  Array.from({ length: rows }, () => Array.from({ length: width }, (_, j) => (random.uniform() - 0.5) * (j + 1) * spread));

describe("golden vectors of scikit-learn, float64", () => {
  it("has a transform for every case", () => {
    const known = [...Object.keys(makers), "ridge"];
    expect(readVectors<PreprocessingCase>("preprocessing").filter(({ transform }) => !known.includes(transform))).toEqual([]);
  });
  for (const [transform, make] of Object.entries(makers)) {
    for (const golden of preprocessingCases(transform)) {
      it(golden.name, () => {
        const fitted = make(golden.options as Options);
        expectNear(flat(fitted.fitTransform(listOf(golden.x))), golden.y.data, 1e-8);
        const same = transformFrom(JSON.parse(JSON.stringify(fitted)));
        for (const form of [fitted, same]) {
          if (golden.x_new) expectNear(flat(form.transform(rowsOf(golden.x_new))), golden.y_new!.data, 1e-8);
          if (golden.inverse_of_y_new) expectNear(flat(form.inverse(rowsOf(golden.y_new!))), golden.inverse_of_y_new.data, 1e-8);
        }
        const single = make(golden.options as Options).fitTransform({ data: Float32Array.from(golden.x.data), shape: [...golden.x.shape] });
        const { data, shape } = single as { data: Float32Array; shape: number[] };
        expect(data).toBeInstanceOf(Float32Array);
        expect(shape).toEqual(golden.y.shape);
        expectNear(data, golden.y.data, 1e-6);
      });
    }
  }
  for (const golden of preprocessingCases("ridge")) {
    it(golden.name, () => {
      const { x, t, w } = golden;
      expectNear(flat(ridge(listOf(x), listOf(t!), golden.options.lambda!)), w!.data, 1e-8);
      const tensor = ridge(rowsOf(x), { data: Float32Array.from(t!.data), shape: [...t!.shape] }, golden.options.lambda!);
      expect(tensor.shape).toEqual(w!.shape);
      expectNear(tensor.data, w!.data, 1e-6);
    });
  }
  it("what was fitted: pca, polynomial powers, one-hot categories", () => {
    for (const { x, options, fitted } of preprocessingCases("pca")) {
      const found = pca({ components: options.components!, whiten: options.whiten! }).fit(rowsOf(x));
      expectNear(found.mean, fitted!.mean!.data, 1e-8);
      expectNear(found.components.flat(), fitted!.components!.data, 1e-8);
      expectNear(found.explainedVariance, fitted!.explained_variance!.data, 1e-8);
      expectNear(found.explainedVarianceRatio, fitted!.explained_variance_ratio!.data, 1e-8);
      expectNear(found.singularValues, fitted!.singular_values!.data, 1e-8);
    }
    for (const { x, options, fitted } of preprocessingCases("polynomialFeatures")) {
      const { powers } = polynomialFeatures({ degree: options.degree!, bias: options.include_bias! }).fit(rowsOf(x));
      expect(powers.flat()).toEqual(fitted!.powers!.data);
    }
    const [golden] = preprocessingCases("oneHot");
    expect(oneHotEncoder().fit(rowsOf(golden!.x)).categories).toEqual(golden!.fitted!.categories);
  });
});

describe("every transform", () => {
  const x = drawn(12, 3);
  const all: Record<string, () => Transform> = {
    standardScaler,
    robustScaler,
    minMaxScaler: () => minMaxScaler({ range: [-3, 2] }),
    imputer,
    oneHotEncoder,
    polynomialFeatures: () => polynomialFeatures({ degree: 3 }),
    rbfFeatures: () => rbfFeatures({ centers: 4 }),
    pca,
    pipeline: () => pipeline(imputer(), standardScaler(), pca()),
    columnTransformer: () => columnTransformer([{ columns: [2, 0], transform: standardScaler() }], { rest: "keep" }),
  };
  for (const [name, make] of Object.entries(all)) {
    it(`${name}: learns from training rows alone, comes back, and goes through JSON without losing a bit`, () => {
      const fitted = make().fit(x);
      const y = fitted.transform(x);
      fitted.transform([
        [100, -100, 7],
        [3, 2, 1],
      ]);
      expect(fitted.transform(x)).toEqual(y);
      expect(make().fitTransform(x)).toEqual(y);
      if (name === "rbfFeatures")
        expect(() => fitted.inverse(y as NumericData)).toThrow(new OptionError("rbfFeatures.inverse: rbfFeatures has no inverse"));
      else expectNear(flat(fitted.inverse(y as NumericData)), x.flat(), 1e-12);
      const same = transformFrom(JSON.parse(JSON.stringify(fitted)));
      expect(same.transform(x)).toEqual(y);
      expect(JSON.stringify(same)).toBe(JSON.stringify(fitted));
    });
    it(`${name}: errors`, () => {
      expect(() => make().transform(x)).toThrow(new DataError(`${name}.transform must come after fit`));
      expect(() => make().inverse(x)).toThrow(DataError);
      const fitted = make().fit(x);
      expect(() => fitted.transform([[1, 2]])).toThrow(
        new ShapeError(`${name}.transform: rows must have the 3 columns that fit saw, got 2`),
      );
      expect(() => make().fit([])).toThrow(DataError);
      expect(() => make().fit([[1, Infinity, 2]])).toThrow(`${name}.fit: x must be finite, got Infinity at row 0, column 1`);
      expect(() => make().fit([[1, 2], [3]])).toThrow("row 1 must have 2 entries");
      if (name === "imputer" || name === "pipeline") return;
      expect(() => fitted.transform([[1, 2, Number.NaN]])).toThrow("got NaN at row 0, column 2");
    });
    it(`${name}: refuses JSON that is not its own`, () => {
      const json = JSON.parse(JSON.stringify(make().fit(x))) as Record<string, unknown>;
      for (const key of Object.keys(json)) {
        for (const value of [undefined, null, "x", {}, [["x"]], [null]]) {
          expect(() => transformFrom({ ...json, [key]: value } as unknown as TransformJSON), `${key}: ${value}`).toSatisfy(
            (run: () => void) => {
              try {
                run();
                return key === "classes" && value === undefined;
              } catch (error) {
                return error instanceof FormatError;
              }
            },
          );
        }
      }
    });
  }
  it("types: scalers keep the form, encoders give rows", () => {
    expectTypeOf(minMaxScaler().fitTransform([[1], [2]])).toEqualTypeOf<number[][]>();
    expectTypeOf(minMaxScaler().fitTransform([1, 2])).toEqualTypeOf<number[]>();
    expectTypeOf(oneHotEncoder().fitTransform([1, 2])).toEqualTypeOf<number[][]>();
    expectTypeOf(pca().fitTransform(Float64Array.of(1, 2)).data).toEqualTypeOf<Float64Array>();
    expect(oneHotEncoder().fitTransform(Int32Array.of(5, 3, 5))).toEqual({ data: Float32Array.of(0, 1, 1, 0, 0, 1), shape: [3, 2] });
  });
});

describe("minMaxScaler and robustScaler", () => {
  it("meets both ends of the range exactly; a constant column is the lower end", () => {
    const column = [0.1, 0.7, 0.3, 1 / 3];
    const scaled = minMaxScaler({ range: [-1, 1] }).fitTransform(column);
    expect([Math.min(...scaled), Math.max(...scaled)]).toEqual([-1, 1]);
    expect(minMaxScaler({ range: [2, 5] }).fitTransform([7, 7])).toEqual([2, 2]);
    expect(minMaxScaler().fit([0, 10]).transform([-5, 20])).toEqual([-0.5, 2]); // nothing is clipped
    expect(() => minMaxScaler({ range: [1, 1] })).toThrow(OptionError);
    expect(() => minMaxScaler({ range: [0, Infinity] })).toThrow(
      "minMaxScaler: range must be two finite numbers [low, high] with low < high",
    );
  });
  it("an outlier does not move the rest", () => {
    const plain = robustScaler().fitTransform([1, 2, 3, 4, 5]);
    expect(plain).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(robustScaler().fitTransform([1, 2, 3, 4, 1e9]).slice(0, 4)).toEqual(plain.slice(0, 4));
    expect(robustScaler().fitTransform([4, 4])).toEqual([0, 0]);
  });
});

describe("imputer", () => {
  const gap = Number.NaN;
  it.each([
    ["mean", 3.5],
    ["median", 2.5],
    ["mostFrequent", 2],
  ] as const)("%s of the training column", (strategy, want) => {
    const fitted = imputer({ strategy }).fit([[2], [gap], [3], [7], [2]]);
    expect(fitted.transform([[gap], [9]])).toEqual([[want], [9]]);
  });
  it("a constant; equally frequent values give the smallest", () => {
    expect(imputer({ strategy: "constant", value: -1 }).fitTransform([gap, 4])).toEqual([-1, 4]);
    expect(imputer({ strategy: "constant" }).fitTransform([[gap], [gap]])).toEqual([[0], [0]]);
    expect(Array.from(imputer({ strategy: "mostFrequent" }).fit([5, 1, 5, 1, 3]).fill)).toEqual([1]);
  });
  it("errors", () => {
    expect(() =>
      imputer().fit([
        [1, gap],
        [2, gap],
      ]),
    ).toThrow(new DataError('imputer.fit: column 1 must have a value, got missing ones only. Leave it out, or use strategy "constant"'));
    expect(() => imputer({ value: 3 })).toThrow('imputer: value is for strategy "constant", got "mean"');
    expect(() => standardScaler().fit([gap])).toThrow("Fill in missing values first, as imputer() does");
  });
});

describe("oneHotEncoder", () => {
  it("the way back: the largest of a block, NaN where nothing is above 0", () => {
    const encoder = oneHotEncoder().fit([
      [3, 0],
      [7, 1],
    ]);
    expect(
      encoder.inverse([
        [0.2, 0.7, 0.9, 0.1],
        [0, 0, 0, 1],
      ]),
    ).toEqual([
      [7, 0],
      [Number.NaN, 1],
    ]);
  });
  it("unknown values, classes", () => {
    expect(oneHotEncoder().fit([1, 2]).transform([3])).toEqual([[0, 0]]);
    expect(() => oneHotEncoder({ unknown: "error" }).fit([1, 2]).transform([1, 3])).toThrow(
      new DataError("oneHotEncoder.transform: column 0 must hold a value that fit saw, got 3 at row 1"),
    );
    expect(oneHotEncoder({ classes: 3 }).fitTransform([0, 1])).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(() => oneHotEncoder({ classes: 2 }).fit([0, 2])).toThrow("column 0 must hold integers from 0 to 1, got 2 at row 1");
  });
});

describe("polynomialFeatures and rbfFeatures", () => {
  it("counts its outputs and refuses a million and more", () => {
    expect(polynomialFeatures({ degree: 4 }).fit(drawn(1, 5)).powers.length).toBe(126); // (5 + 4 over 4)
    expect(polynomialFeatures({ degree: 4, bias: false }).fit(drawn(1, 5)).powers.length).toBe(125);
    expect(() => polynomialFeatures({ degree: 9 }).fit(drawn(2, 50))).toThrow(OptionError);
    expect(() => transformFrom({ type: "polynomialFeatures", degree: 1e9, bias: true, inputs: 1e9 } as TransformJSON)).toThrow(FormatError);
  });
  it("1 at a centre, exp(-½) one width away", () => {
    const rbf = rbfFeatures({
      centers: [
        [0, 0],
        [3, 4],
      ],
      width: 5,
    }).fit([[1, 1]]);
    expectNear(
      flat(
        rbf.transform([
          [0, 0],
          [3, 4],
          [0, 5],
        ]),
      ),
      [1, Math.exp(-0.5), Math.exp(-0.5), 1, Math.exp(-0.5), Math.exp(-10 / 50)],
      1e-15,
    );
  });
  it("centres among the training rows, the same for a seed, and a width from their distance", () => {
    const x = drawn(30, 2);
    const rbf = rbfFeatures({ centers: 5, seed: 4 }).fit(x);
    expect(rbf.centers.length).toBe(5);
    for (const center of rbf.centers) expect(x).toContainEqual(center);
    expect(rbfFeatures({ centers: 5, seed: 4 }).fit(x).centers).toEqual(rbf.centers);
    expect(rbfFeatures({ centers: 5, seed: 5 }).fit(x).centers).not.toEqual(rbf.centers);
    expect(rbfFeatures({ centers: [[0], [6], [2]] }).fit([[1]]).width).toBeCloseTo(6 / Math.sqrt(6), 14);
    expect(() => rbfFeatures({ centers: 31 }).fit(x)).toThrow("centers must be at most the 30 rows there are, got 31");
    expect(() => rbfFeatures({ centers: 2 }).fit([[1], [1]])).toThrow(DataError);
    expect(() => rbfFeatures({ centers: [[1, 2]] }).fit([[1]])).toThrow(ShapeError);
    expect(() => rbfFeatures({} as { centers: number })).toThrow("rbfFeatures: centers must be a count of training rows");
  });
});

describe("pca", () => {
  const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, j) => sum + value * b[j]!, 0);
  it.each([
    [40, 6],
    [6, 40],
    [9, 9],
    [2, 1],
    [300, 20],
  ])("%i rows of %i columns: orthonormal, uncorrelated, falling variance", (rows, width) => {
    const x = drawn(rows, width, 3);
    const fitted = pca();
    const y = fitted.fitTransform(x);
    const { components, explainedVariance } = fitted;
    expect(components.length).toBe(Math.min(rows, width));
    components.forEach((a, i) => components.forEach((b, k) => expect(product(a, b)).toBeCloseTo(i === k ? 1 : 0, 13)));
    const scores = components.map((_, k) => y.map((row) => row[k]!));
    const most = explainedVariance[0]!;
    scores.forEach((a, i) =>
      scores.forEach((b, k) => expect((product(a, b) / (rows - 1) - (i === k ? explainedVariance[i]! : 0)) / most).toBeCloseTo(0, 13)),
    );
    expect(Array.from(explainedVariance)).toEqual(Array.from(explainedVariance).sort((a, b) => b - a));
    expectNear(flat(fitted.inverse(y)), x.flat(), 1e-13);
    for (const column of scores.slice(0, Math.min(rows - 1, width))) {
      const largest = column.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
      expect(largest).toBeGreaterThan(0);
    }
  });
  it("small variances beside large ones, which a covariance matrix would drown", () => {
    const x = Array.from({ length: 50 }, (_, i) => [1e6 * Math.sin(i), 1e-5 * Math.cos(3 * i)]);
    const [large, small] = pca().fit(x).explainedVariance;
    const mean = x.reduce((sum, [, b]) => sum + b! / 50, 0);
    const variance = x.reduce((sum, [, b]) => sum + (b! - mean) ** 2, 0) / 49;
    expect(large! / small!).toBeGreaterThan(1e20);
    expect(Math.abs(small! / variance - 1)).toBeLessThan(0.01); // what is not correlated with the first column
  });
  it("constant and dependent columns: variance 0, components still orthonormal, whitening leaves them alone", () => {
    const x = drawn(10, 1).map(([a]) => [a!, 2 * a!, 5]);
    const fitted = pca({ whiten: true });
    const y = fitted.fitTransform(x);
    expect(fitted.explainedVariance[0]).toBeGreaterThan(0.01);
    expect(Array.from(fitted.explainedVariance.subarray(1))).toEqual([0, 0]);
    fitted.components.forEach((a, i) => fitted.components.forEach((b, k) => expect(product(a, b)).toBeCloseTo(i === k ? 1 : 0, 14)));
    expect(y.every(([, b, c]) => Math.abs(b!) < 1e-14 && Math.abs(c!) < 1e-14)).toBe(true);
    expect(
      pca().fitTransform([
        [1, 1],
        [1, 1],
      ]),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
  it("a share of the variance; errors", () => {
    const x = drawn(50, 8, 2);
    const { explainedVarianceRatio } = pca().fit(x);
    const count = pca({ components: 0.6 }).fit(x).components.length;
    const sum = (k: number) => explainedVarianceRatio.subarray(0, k).reduce((total, value) => total + value, 0);
    expect(sum(count)).toBeGreaterThan(0.6);
    expect(sum(count - 1)).toBeLessThanOrEqual(0.6);
    expect(() =>
      pca({ components: 3 }).fit([
        [1, 2],
        [3, 4],
      ]),
    ).toThrow("pca: components must be at most 2 for 2 rows and 2 columns, got 3");
    expect(() => pca().fit([[1, 2]])).toThrow(new DataError("pca.fit: x must have at least 2 rows, got 1"));
    expect(() => pca({ components: 1.5 })).toThrow(OptionError);
  });
});

describe("pipeline and columnTransformer", () => {
  const gap = Number.NaN;
  it("each step learns from what the steps before it give", () => {
    const pipe = pipeline(imputer(), polynomialFeatures({ degree: 2, bias: false }), standardScaler());
    const got = pipe.fitTransform([[1], [gap], [3]]);
    const squares = standardScaler().fitTransform([1, 4, 9]);
    const plain = standardScaler().fitTransform([1, 2, 3]);
    expect(got).toEqual(plain.map((value, i) => [value, squares[i]]));
    expect(pipe.inverse(got)).toEqual([[1], [2], [3]].map(([value]) => [expect.closeTo(value!, 14)]));
    expect(pipe.transform([[gap]])).toEqual(pipe.transform([[2]]));
  });
  it("columns of different kinds, side by side", () => {
    const x = [
      [1, 7, 0.5],
      [gap, 9, 1.5],
      [3, 7, 2.5],
    ];
    const parts = columnTransformer(
      [
        { columns: [1], transform: oneHotEncoder() },
        { columns: [0], transform: pipeline(imputer(), standardScaler()) },
      ],
      { rest: "keep" },
    );
    const s = Math.sqrt(1.5);
    expectNear(flat(parts.fitTransform(x)), [1, 0, -s, 0.5, 0, 1, 0, 1.5, 1, 0, s, 2.5], 1e-15);
    expectNear(flat(parts.inverse(parts.transform(x))), [1, 7, 0.5, 2, 9, 1.5, 3, 7, 2.5], 1e-15);
    const dropped = columnTransformer([{ columns: [1], transform: minMaxScaler() }]);
    expect(dropped.fitTransform(x)).toEqual([[0], [1], [0]]);
    expect(dropped.inverse([[0.5]])).toEqual([[gap, 8, gap]]);
  });
  it("several transforms of one column", () => {
    const both = columnTransformer([
      { columns: [0], transform: minMaxScaler() },
      { columns: [0], transform: oneHotEncoder() },
    ]);
    expect(both.fitTransform([[2], [4]])).toEqual([
      [0, 1, 0],
      [1, 0, 1],
    ]);
    expect(both.inverse([[0.5, 1, 0]])).toEqual([[3]]);
  });
  it("errors name the step, the block and the place", () => {
    expect(() => pipeline()).toThrow(OptionError);
    expect(() => pipeline(standardScaler as unknown as Transform)).toThrow("pipeline: step 0 must be a transform such as standardScaler()");
    expect(() =>
      pipeline(pca(), rbfFeatures({ centers: 9 })).fit([
        [1, 2],
        [2, 3],
      ]),
    ).toThrow("pipeline.fit: step 1, rbfFeatures");
    const scaler = standardScaler();
    expect(() => pipeline(scaler, scaler)).toThrow("Make two");
    const block = { columns: [3], transform: standardScaler() };
    expect(() => columnTransformer([block]).fit([[1, 2]])).toThrow(ShapeError);
    expect(() => columnTransformer([{ columns: [0, 0], transform: scaler }])).toThrow(OptionError);
    expect(() => columnTransformer([{ columns: [], transform: scaler }])).toThrow(OptionError);
    const some = columnTransformer([{ columns: [1], transform: scaler }]);
    expect(() =>
      some.fit([
        [gap, 1],
        [1, gap],
      ]),
    ).toThrow("columnTransformer: x must be finite for standardScaler, got NaN at row 1, column 1");
    expect(() => transformFrom({ type: "standardScalar" })).toThrow(
      new FormatError('transformFrom: type must be that of a transform, got "standardScalar". Did you mean "standardScaler"?'),
    );
    expect(() => transformFrom(null as unknown as TransformJSON)).toThrow(FormatError);
  });
});

describe("ridge", () => {
  it("solves exactly where it can, in the form of t", () => {
    const x = [
      [1, 1],
      [1, 2],
      [1, 4],
    ];
    expect(ridge(x, [3, 5, 9], 0).map((w) => Number(w.toFixed(12)))).toEqual([1, 2]);
    expect(ridge(x, Float64Array.of(3, 5, 9), 0)).toBeInstanceOf(Float64Array);
    expect(
      ridge(
        x,
        [
          [3, 0],
          [5, 0],
          [9, 0],
        ],
        0,
      ).map(([, w]) => w),
    ).toEqual([0, 0]);
  });
  it("wide and tall forms are the same solution", () => {
    const x = drawn(5, 9);
    const t = drawn(5, 1);
    const w = ridge(x, t, 0.3).flat();
    // gradient of the penalized squares: Xᵀ(Xw - t) + λw = 0
    const residual = x.map((row, i) => row.reduce((sum, value, j) => sum + value * w[j]!, 0) - t[i]![0]!);
    w.forEach((value, j) => expect(x.reduce((sum, row, i) => sum + row[j]! * residual[i]!, 0) + 0.3 * value).toBeCloseTo(0, 12));
  });
  it("errors", () => {
    expect(() =>
      ridge(
        [
          [1, 2],
          [2, 4],
        ],
        [1, 2],
        0,
      ),
    ).toThrow(new DataError("ridge: the columns of x must not depend on each other where lambda is 0 or tiny. Raise lambda"));
    expect(() => ridge([[1]], [1], -1)).toThrow(OptionError);
    expect(() => ridge([[1], [2]], [1], 1)).toThrow(new ShapeError("ridge: t must have as many rows as x, 2, got 1"));
    expect(() => ridge([], [], 1)).toThrow(DataError);
  });
});
