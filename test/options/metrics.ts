/** whetstone/metrics: of predictions, and of whole models. */
import * as w from "../../src/index.ts";
import * as m from "../../src/metrics/index.ts";
import { floats, outcome, sgd } from "./scenes.ts";
import type { Entry, Options, TableOf } from "./types.ts";

const truth = [0, 1, 1, 0, 1, 0, 1, 1, 0, 1];
const scores = [0.1, 0.9, 0.4, 0.6, 0.7, 0.2, 0.35, 0.8, 0.55, 0.65];
const classes = [0, 1, 2, 2, 1, 0, 2, 1, 2, 2];
const rows = classes.map((label, i) => [0.2 + 0.05 * i, label === 1 ? 0.5 : 0.3, label === 2 && i !== 3 ? 0.9 : 0.1]);
const shares = rows.map((row) => row.map((v) => v / row.reduce((a, b) => a + b, 0)));
const guesses = [0, 1, 2, 1, 1, 2, 2, 0, 2, 2];
const many = rows.map((row, i) => row.map((_, k) => ((i + 2 * k) % 3 !== 0 ? 1 : 0)));
const differs = "the value";
const threshold = [0.5, 0.3] as const;

/** Precision, recall and f1 have the same options. */
const perClass = (measure: typeof m.f1): Entry<Options["whetstone/metrics"]["f1"]> => ({
  differs,
  see: (o) => measure(classes, guesses, o),
  rows: {
    average: ["macro", "weighted"],
    classes: { effect: [3, 5], with: { average: "macro" } },
    zeroDivision: { effect: [0, 1], see: (o) => measure([0, 0, 0], [0, 0, 0], o) },
    multilabel: { effect: [false, true], with: { average: "macro" }, see: (o) => outcome(() => measure(many, rows, o)) },
    threshold: { effect: threshold, see: (o) => measure(truth, scores, o) },
  },
});

// y = x₀ + x₁ with noise, forty rows.
const x = floats(5, 80);
const noise = floats(6, 40);
const data = { x: { data: x, shape: [40, 2] }, y: Float32Array.from({ length: 40 }, (_, i) => x[2 * i] + x[2 * i + 1] + 0.3 * noise[i]) };

const recipe = (units: unknown = 3, inputs = 2): m.ModelRecipe => ({
  model: w.build(w.sequential(w.input(inputs), w.dense((units as number | undefined) ?? 3), w.tanh(), w.dense(1)), { seed: 1 }),
  fit: { loss: w.mse(), optimizer: sgd, epochs: 2, batchSize: 8 },
});
const mae = (yTrue: unknown, yPred: w.Tensor): number => m.mae(yTrue as w.Tensor, yPred);

interface Watch {
  onFold?(state: m.FoldState): void | Promise<void>;
  signal?: AbortSignal;
}

/** What comes out, and how often onFold was called. */
const counted = async <O extends Watch>(o: O, run: (o: O) => Promise<unknown>): Promise<unknown> => {
  let calls = 0;
  const onFold = o.onFold && (() => void calls++);
  return [plain(await run({ ...o, onFold })), calls];
};

/** Rows that all judges have. */
const judging = <O extends Watch>(run: (o: O) => Promise<unknown>) =>
  ({
    folds: [2, 3],
    metrics: [undefined, { mae }],
    seed: [0, 1],
    signal: { effect: [undefined, AbortSignal.abort("enough")], differs: "whether it ends", see: (o: O) => outcome(() => counted(o, run)) },
    onFold: [undefined, () => undefined],
  }) as const;

const crossValidate = (o: m.CrossValidateOptions<unknown>) => m.crossValidate(data, (units) => recipe(units), o);
const learningCurve = (o: m.LearningCurveOptions) => m.learningCurve(data, () => recipe(), o);
const validationCurve = (o: m.ValidationCurveOptions<unknown>) => m.validationCurve(data, (units) => recipe(units), o);

/** Without times and models. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, part: unknown) =>
      key === "model" || key === "seconds" ? typeof part : ArrayBuffer.isView(part) ? Array.from(part as never) : part,
    ),
  );

const problem: m.KnownProblem = { x: Array.from(floats(8, 20), (v) => [v]), truth: ([v]) => v, noise: 0.2 };

const biasVariance = async (o: m.BiasVarianceOptions): Promise<unknown> => {
  let calls = 0;
  const onSet = o.onSet && (() => void calls++);
  return [plain(await m.biasVariance(problem, () => recipe(3, 1), { ...o, onSet })), calls];
};

export const metrics: TableOf<Options["whetstone/metrics"]> = {
  accuracy: { differs, see: (o) => m.accuracy(truth, scores, o), rows: { threshold } },
  balancedAccuracy: { differs, see: (o) => m.balancedAccuracy(truth, scores, o), rows: { threshold } },
  matthewsCorrelation: { differs, see: (o) => m.matthewsCorrelation(truth, scores, o), rows: { threshold } },
  confusionMatrix: { differs, see: (o) => m.confusionMatrix(truth, scores, o), rows: { classes: [2, 3], threshold } },
  averagePrecision: {
    differs,
    see: (o) => m.averagePrecision(classes, shares, o),
    rows: {
      average: ["macro", "micro"],
      multilabel: { effect: [false, true], see: (o) => outcome(() => m.averagePrecision(many, rows, o)) },
    },
  },
  calibrationCurve: {
    differs,
    see: (o) => m.calibrationCurve(truth, scores, o),
    rows: { bins: [5, 3], strategy: ["uniform", "quantile"] },
  },
  precision: perClass(m.precision as typeof m.f1),
  recall: perClass(m.recall as typeof m.f1),
  f1: perClass(m.f1),
  rocAuc: {
    differs,
    see: (o) => m.rocAuc(classes, shares, o),
    rows: {
      multiClass: ["ovr", "ovo"],
      average: ["macro", "weighted"],
      multilabel: { effect: [false, true], see: (o) => outcome(() => m.rocAuc(many, rows, o)) },
    },
  },
  rocCurve: { differs, see: (o) => m.rocCurve(truth, scores, o), rows: { dropIntermediate: [true, false] } },
  topKAccuracy: { differs, see: (o) => m.topKAccuracy(classes, shares, o), rows: { k: [1, 2] } },
  crossValidate: {
    differs: "the judgement",
    base: { folds: 2 },
    see: (o) => counted(o, crossValidate),
    rows: {
      ...judging(crossValidate),
      settings: [undefined, [2, 4]],
      monitor: { effect: ["loss", "worst"], with: { settings: [1, 8], metrics: { worst: mae } } },
      mode: { effect: ["min", "max"], with: { settings: [1, 8] } },
      retrain: [false, true],
    },
  },
  learningCurve: {
    differs: "the curve",
    base: { folds: 2, sizes: [0.5, 1] },
    see: (o) => counted(o, learningCurve),
    rows: {
      ...judging(learningCurve),
      sizes: [
        [0.5, 1],
        [0.25, 1],
      ],
    },
  },
  validationCurve: {
    differs: "the curve",
    base: { folds: 2, values: [2, 4] },
    see: (o) => counted(o, validationCurve),
    rows: {
      ...judging(validationCurve),
      values: [
        [2, 4],
        [2, 5],
      ],
    },
  },
  biasVariance: {
    differs: "the parts of the error",
    base: { sets: 3 },
    see: biasVariance,
    rows: {
      sets: [2, 3],
      seed: [0, 1],
      signal: { effect: [undefined, AbortSignal.abort("enough")], differs: "whether it ends", see: (o) => outcome(() => biasVariance(o)) },
      onSet: [undefined, () => undefined],
    },
  },
};
