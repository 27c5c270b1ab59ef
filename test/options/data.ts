/** whetstone/data, and the methods of a model with its transforms. */
import * as d from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { outcome, sgd, stepsOf, weightsOf } from "./scenes.ts";
import type { Entry, Options, TableOf } from "./types.ts";

const rows = Array.from({ length: 12 }, (_, i) => [i, (i * 5) % 7, i % 3]);
const labels = rows.map(([, , label]) => label);
const groups = rows.map((_, i) => Math.floor(i / 3));
const samples = [10, 12] as const;
const noise = [0, 0.1] as const;
const seed = [0, 1] as const;
const points = "the points";
const csv = "a;b,c\n1;2,x\n3;NA,y\n5;6,y\n?;8,z\n";
const plainCsv = "a,b,c\n1,2,x\n3,NA,y\n5,6,y\n7,8,z\n";
const json = [
  { a: 1, b: "2" },
  { a: 3, b: "4" },
];

/** A stream of bytes. */
const bytes = (text: string) =>
  async function* () {
    for (let at = 0; at < text.length; at += 8) yield new TextEncoder().encode(text.slice(at, at + 8));
  };

const collect = async <T>(source: AsyncIterable<T> | Iterable<T>, most = 100): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of source) {
    all.push(item);
    if (all.length === most) break;
  }
  return all;
};

const csvRows = (read: (text: string, options: d.CsvOptions) => unknown): Entry<d.CsvOptions>["rows"] => ({
  header: [true, false],
  delimiter: { effect: [";", ","], see: (o) => read(csv, o) },
  missing: [undefined, ["NA", "7"]],
  kinds: [undefined, { a: "text" }],
});

const jsonRows = { columns: [undefined, ["b"]], kinds: [undefined, { a: "text" }] } as const;

const table = d.readCsv("color,size,label\nred,1,no\nblue,2,yes\nred,,no\ngreen,4,yes\nblue,3,no\nred,5,yes\ngreen,7,no\nblue,6,yes\n");
const whole = d.readCsv("size,weight,label\n1,3,0\n2,5,1\n3,1,0\n4,7,1\n5,2,0\n6,9,1\n7,1,0\n8,8,1\n");

/** Codes of a table of colors, or the message. */
const encoded = (o: d.TableEncoderOptions) =>
  outcome(() => {
    const encoder = d.tableEncoder(o);
    encoder.fit(table);
    return [encoder.toJSON(), encoder.transform(table)];
  });

const byBatches = async (o: d.BatchOptions<unknown>): Promise<unknown> => {
  let taken = 0;
  const source = function* () {
    for (const [i, row] of rows.entries()) {
      taken++;
      yield { x: { data: Float32Array.from(row), shape: [1, 3] }, y: Int32Array.of(i % 3) };
    }
  };
  const all = await collect(d.batches(source(), { batchSize: 2, prefetch: 0, ...o } as never), 2);
  return { all, taken };
};

/** A pipeline of two inputs after a fit, and what is asked of it. */
async function piped(
  own: Partial<d.ModelPipelineOptions>,
  see: (pipeline: d.ModelPipeline) => unknown,
  fit: object = {},
  data: unknown = whole,
): Promise<unknown> {
  const pipeline = d.modelPipeline({
    model: (inputs, outputs) => w.build(w.sequential(w.input(inputs), w.dense(4), w.dropout(0.5), w.tanh(), w.dense(outputs)), { seed: 1 }),
    ...(data === whole ? { target: "label", inputs: d.tableEncoder() } : {}),
    ...own,
  });
  try {
    const history = await pipeline.fit(data as d.RawData, { loss: w.mse(), optimizer: sgd, epochs: 3, batchSize: 4, ...fit });
    return [history, await see(pipeline), weightsOf(pipeline.model)];
  } finally {
    pipeline.dispose();
  }
}

const fitPipe = (o: d.RawFitOptions) => piped({}, () => 0, o);
const inputs = d.numbers(whole, ["size", "weight"]);
const classPipe = (see: (pipeline: d.ModelPipeline) => unknown) =>
  piped({}, see, { loss: w.softmaxCrossEntropy() }, { x: inputs, y: ["a", "b", "a", "b", "a", "b", "c", "b"] });

export const data: TableOf<Options["whetstone/data"]> = {
  classWeights: { differs: "the weights", see: (o) => d.classWeights(labels, o), rows: { classes: [3, 4] } },
  balancedBatches: {
    differs: "the batches",
    see: (o) => [...d.balancedBatches({ x: rows, y: labels }, o)],
    rows: { batchSize: [3, 6], steps: [2, 3], seed },
  },
  batches: {
    differs: "two batches, and how much of the source was taken for them",
    see: byBatches,
    rows: {
      rows: [undefined, (item) => ({ ...(item as object), y: Int32Array.of(7) }) as never],
      batchSize: [2, 3],
      buffer: [0, 6],
      seed: { effect: seed, with: { buffer: 6 } },
      prefetch: [0, 3],
    },
  },
  columnTransformer: {
    differs: "the columns",
    see: (o) => d.columnTransformer([{ columns: [0], transform: d.standardScaler() }], o).fitTransform(rows),
    rows: { rest: ["drop", "keep"] },
  },
  kFold: {
    differs: "the folds",
    see: (o) => d.kFold(12, o),
    rows: { folds: [3, 4], shuffle: [true, false], seed, repeats: [1, 2] },
  },
  stratifiedKFold: {
    differs: "the folds",
    base: { folds: 2 },
    see: (o) => d.stratifiedKFold(labels, o),
    rows: { folds: [2, 3], shuffle: [true, false], seed, repeats: [1, 2] },
  },
  groupKFold: { differs: "the folds", see: (o) => d.groupKFold(groups, o), rows: { folds: [2, 4] } },
  blobs: {
    differs: points,
    see: (o) => d.blobs({ samples: 12, ...o }),
    rows: { samples, features: [2, 3], centers: [3, 2], deviation: [1, 2], box: [undefined, [0, 1]], seed },
  },
  circles: {
    differs: points,
    see: (o) => d.circles({ samples: 12, noise: 0.1, ...o }),
    rows: { factor: [0.8, 0.5], samples, noise, seed },
  },
  moons: { differs: points, see: (o) => d.moons({ samples: 12, noise: 0.1, ...o }), rows: { samples, noise, seed } },
  spirals: {
    differs: points,
    see: (o) => d.spirals({ samples: 12, noise: 0.1, ...o }),
    rows: { classes: [2, 3], turns: [undefined, 1], samples, noise, seed },
  },
  regression: {
    differs: points,
    see: (o) => d.regression({ samples: 12, features: 4, informative: 2, ...o }),
    rows: { features: [4, 5], informative: [2, 3], targets: [1, 2], bias: [0, 1], samples, noise, seed },
  },
  imputer: {
    differs: "the rows",
    see: (o) => d.imputer(o).fitTransform([[1], [Number.NaN], [3], [8]]),
    rows: { strategy: ["mean", "median"], value: { effect: [0, 9], with: { strategy: "constant" } } },
  },
  readJson: { differs: "the table", see: (o) => d.readJson(json, o), rows: jsonRows },
  streamJson: {
    differs: "the tables",
    see: (o) => collect(d.streamJson(bytes(json.map((row) => JSON.stringify(row)).join("\n")), o)),
    rows: { ...jsonRows, characters: [undefined, 4] },
  },
  minMaxScaler: { differs: "the rows", see: (o) => d.minMaxScaler(o).fitTransform(rows), rows: { range: [undefined, [-1, 1]] } },
  modelPipeline: {
    differs: "the run and what comes of it",
    base: { target: "label" },
    see: (o) => piped(o, (pipeline) => pipeline.predict(whole)),
    rows: {
      model: [undefined, (n, outputs) => w.build(w.sequential(w.input(n), w.dense(outputs)), { seed: 1 })],
      inputs: [d.tableEncoder(), d.pipeline(d.tableEncoder(), d.standardScaler()) as never],
      target: ["label", "weight"],
      classes: {
        effect: [
          ["0", "1"],
          ["1", "0"],
        ],
        see: (o) => piped(o, (pipeline) => pipeline.predict(whole), { loss: w.softmaxCrossEntropy() }),
      },
      targetTransform: { effect: [undefined, d.standardScaler()], with: { target: "weight" } },
    },
  },
  oneHotEncoder: {
    differs: "the columns, or the error",
    see: (o) => {
      const encoder = d.oneHotEncoder(o);
      encoder.fit([[0], [1]]);
      return outcome(() => encoder.transform([[1], [o.classes === undefined ? 5 : 0]]));
    },
    rows: { classes: [2, 3], unknown: ["ignore", "error"] },
  },
  pca: { differs: "the scores", see: (o) => d.pca(o).fitTransform(rows), rows: { components: [1, 2], whiten: [false, true] } },
  polynomialFeatures: {
    differs: "the columns",
    see: (o) => d.polynomialFeatures(o).fitTransform(rows),
    rows: { degree: [2, 3], bias: [true, false] },
  },
  rbfFeatures: {
    differs: "the columns",
    base: { centers: 3 },
    see: (o) => d.rbfFeatures(o).fitTransform(rows),
    rows: { centers: [3, 4], width: [1, 2], seed },
  },
  readCsv: { differs: "the table", see: (o) => d.readCsv(plainCsv, o), rows: csvRows((text, o) => d.readCsv(text, o)) },
  streamCsv: {
    differs: "the tables",
    see: (o) => collect(d.streamCsv(bytes(plainCsv), o)),
    rows: { ...csvRows((text, o) => collect(d.streamCsv(bytes(text), o))), characters: [undefined, 12] },
  },
  readTarget: {
    differs: "the target",
    see: (o) => d.readTarget(whole, "label", o),
    rows: {
      task: ["classification", "regression"],
      classes: {
        effect: [
          ["0", "1"],
          ["1", "0"],
        ],
        with: { task: "classification" },
      },
    },
  },
  split: {
    differs: "the parts",
    see: (o) => d.split({ x: rows, y: labels }, o),
    rows: { validation: [0, 0.25], test: [0.25, 0.5], stratify: [true, false], seed, groups: [undefined, groups] },
  },
  splitIndices: {
    differs: "the parts",
    see: (o) => d.splitIndices(12, labels, o),
    rows: { validation: [0, 0.25], test: [0.25, 0.5], stratify: [true, false], seed, groups: [undefined, groups] },
  },
  tableEncoder: {
    differs: "the columns, or the error",
    base: { missing: "keep" },
    see: encoded,
    rows: { exclude: [undefined, ["label"]], maxCategories: [100, 2], codes: [undefined, ["color"]], missing: ["error", "keep"] },
  },
};

/** A run of the pipeline that ended after an epoch. */
const [{ state: stopped }] = (await piped({}, () => 0, { epochs: 1 })) as [w.History];

export const pipelines: TableOf<Options["modelPipeline"]> = {
  fit: {
    differs: "weights and history",
    base: { loss: w.mse(), optimizer: sgd },
    see: fitPipe,
    rows: {
      loss: [w.mse(), w.mae()],
      optimizer: [w.sgd(), w.adam()],
      penalty: [undefined, w.l2(0.1)],
      clip: [undefined, w.clipNorm(0.01)],
      decay: [undefined, w.decoupledDecay(0.1)],
      constraint: [undefined, w.maxNorm(0.1)],
      batchSize: [4, "full"],
      groups: [undefined, [{ match: "0.*", learningRate: 0.5 }]],
      accumulate: [1, 2],
      seed,
      epochs: [2, 3],
      shuffle: [true, false],
      validation: [undefined, 0.25],
      metrics: [undefined, { largest: (_, yPred) => Math.max(...yPred.data) }],
      callbacks: [undefined, [w.reduceOnPlateau({ monitor: "loss", patience: 0, threshold: 10 })]],
      signal: { effect: [undefined, AbortSignal.abort("enough")], differs: "whether the run ends", see: (o) => outcome(() => fitPipe(o)) },
      resume: {
        effect: [undefined, stopped],
        differs: "the steps that are left",
        see: (o) => stepsOf((counter) => fitPipe({ ...o, callbacks: [counter] })),
      },
      stepsPerEpoch: { effect: [undefined, 3], differs: "whether rows are taken", see: (o) => outcome(() => fitPipe(o)) },
    },
  },
  predict: {
    differs: "what is predicted",
    see: (o) => classPipe((pipeline) => pipeline.predict(inputs, o)),
    rows: { as: ["raw", "classes"], samples: [undefined, 3], seed: { effect: seed, with: { samples: 3 } } },
  },
  evaluate: {
    differs: "what is measured",
    base: { loss: w.softmaxCrossEntropy() },
    see: (o) => classPipe((pipeline) => pipeline.evaluate({ x: inputs, y: ["a", "b", "a", "b", "a", "b", "c", "b"] }, o)),
    rows: { loss: [w.softmaxCrossEntropy(), w.softmaxCrossEntropy({ labelSmoothing: 0.5 })], metrics: [undefined, { accuracy }] },
  },
};
