/** Raw rows in, raw predictions out, one file: against the same steps done by hand. */
import { describe, expect, test } from "vitest";
import {
  imputer,
  type ModelPipelineJSON,
  minMaxScaler,
  modelPipeline,
  pca,
  pipeline,
  pipelineOf,
  polynomialFeatures,
  type RawFitOptions,
  rbfFeatures,
  readCsv,
  splitIndices,
  standardScaler,
  tableEncoder,
  takeTableRows,
} from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy, mae } from "../../src/metrics/index.ts";
import { STREAM_VALIDATION } from "../../src/random.ts";
import { testNumbers } from "../kernels/harness.ts";

const runtime = await w.createRuntime({ numerics: "portable", threads: 1 });

/** 60 flowers in three species, sorted; every seventh length is missing, and the color says a little. */
const species = ["iris", "lily, white", "rose"];
const next = testNumbers(5);
const flowers = Array.from({ length: 60 }, (_, i) => {
  const k = Math.floor(i / 20);
  const length = i % 7 === 3 ? null : 10 * k + next();
  return { length, width: 1000 - 100 * k + 10 * next(), color: i % 3 === k ? "red" : "blue", species: species[k]! };
});
const csv = `length,width,color,species\n${flowers.map((f) => `${f.length ?? ""},${f.width},${f.color},"${f.species}"`).join("\n")}\n`;
const table = readCsv(csv);

const steps = () => pipeline(tableEncoder({ missing: "keep" }), imputer(), standardScaler());
const net = (inputs: number, outputs: number) => w.sequential(w.input(inputs), w.dense(8), w.relu(), w.dense(outputs));
const model = (inputs: number, outputs: number) => w.build(net(inputs, outputs), { seed: 3, runtime });
const options = { loss: w.softmaxCrossEntropy(), optimizer: w.adam({ learningRate: 0.02 }), epochs: 12, seed: 4 } satisfies RawFitOptions;
const ofFlowers = () => modelPipeline({ inputs: steps(), target: "species", model });

describe("classes of a table", () => {
  test("fit, validation 0.25: the bits of the same steps by hand, transforms fitted on the training rows alone", async () => {
    const pipe = ofFlowers();
    const history = await pipe.fit(table, { ...options, validation: 0.25, metrics: { accuracy } });

    const y = Int32Array.from(flowers, (flower) => species.indexOf(flower.species));
    const parts = splitIndices(60, y, { test: 0.25, seed: 4 }, STREAM_VALIDATION);
    const columns = { ...table, columns: table.columns.slice(0, 3) };
    const own = steps().fit(takeTableRows(columns, parts.train));
    const part = (rows: Uint32Array) => ({ x: own.transform(takeTableRows(columns, rows)), y: Int32Array.from(rows, (row) => y[row]!) });
    const same = await model(4, 3);
    const byHand = await same.fit(part(parts.train), { ...options, validation: part(parts.test), metrics: { accuracy } });
    expect(pipe.model.stateDict()).toEqual(same.stateDict());
    expect(history).toEqual(byHand);
    expect((history.valAccuracy as number[]).at(-1)).toBe(1);

    const { steps: fitted } = (pipe.toJSON().inputs as unknown as { steps: { steps: { fill: number[] }[] } }).steps;
    const present = Array.from(parts.train, (row) => flowers[row]!.length).filter((length) => length !== null);
    expect(fitted[0]!.fill[0]).toBeCloseTo(present.reduce((sum, length) => sum + length, 0) / present.length, 5);
  });

  test("two threads that share all give the same bits as one", async () => {
    const two = await w.createRuntime({ numerics: "portable", threads: 2, share: "always" });
    const states = [];
    for (const each of [runtime, two]) {
      const pipe = modelPipeline({
        inputs: steps(),
        target: "species",
        model: (inputs, outputs) => w.build(net(inputs, outputs), { seed: 3, runtime: each }),
      });
      await pipe.fit(table, { ...options, validation: 0.25 });
      states.push(pipe.model.stateDict(), pipe.predict(table).data);
    }
    expect(states.slice(2)).toEqual(states.slice(0, 2));
    two.dispose();
  });

  test("the file predicts raw rows of every form by itself, and saves to the same bytes", async () => {
    const pipe = ofFlowers();
    await pipe.fit(table, options);
    const bytes = pipe.save();
    const same = pipelineOf(await w.load(bytes, { runtime }));
    expect(same.classes).toEqual(species);
    expect(same.target).toEqual(["species"]);
    expect(same.kinds).toEqual({ length: "number", width: "number", color: "text" });
    const classes = flowers.map((flower) => flower.species);
    expect(same.classify(table)).toEqual(classes);
    const objects = flowers.map(({ color, width, length }) => ({ more: 1, color, width, length }));
    for (const as of ["raw", "probabilities", "classes"] as const) {
      const want = pipe.predict(table, { as });
      expect(same.predict(table, { as })).toEqual(want);
      expect(same.predict(objects, { as })).toEqual(want);
      expect(same.model.predict(same.transform(objects), { as })).toEqual(want);
    }
    expect(same.predict(table, { samples: 2 })).toEqual(pipe.predict(table, { samples: 2 }));
    expect(same.classify([{ width: 990, length: 1, color: "violet" }])).toEqual(["iris"]);
    expect(same.save()).toEqual(bytes);
    expect(same.evaluate(table, { loss: w.softmaxCrossEntropy(), metrics: { accuracy } })).toEqual(
      pipe.evaluate(flowers, { loss: w.softmaxCrossEntropy(), metrics: { accuracy } }),
    );
  });

  test("a later fit trains on with the transforms and classes as they are, after load too", async () => {
    const pipe = ofFlowers();
    await pipe.fit(table, options);
    const same = pipelineOf(await w.load(pipe.save(), { runtime }));
    const json = same.toJSON();
    const some = takeTableRows(table, Uint32Array.of(0, 21, 22, 23));
    await same.fit(some, { ...options, epochs: 2 });
    expect(same.toJSON()).toEqual(json);
    const hand = await w.load(pipe.save(), { runtime });
    await hand.fit({ x: pipe.transform(some), y: [0, 1, 1, 1] }, { ...options, epochs: 2 });
    expect(same.model.stateDict()).toEqual(hand.stateDict());
  });

  test("two classes and one output: binaryCrossEntropy, stratified; numbers as classes keep their order", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ a: i, b: i % 8 === 0 ? 10 : 2 }));
    const pipe = modelPipeline({ inputs: pipeline(tableEncoder(), standardScaler()), target: "b", model });
    let held: ArrayLike<number> = [];
    const look = (yTrue: Int32Array | w.Tensor, _: w.Tensor) => {
      held = "data" in yTrue ? yTrue.data : yTrue;
      return 0;
    };
    await pipe.fit(rows, { ...options, loss: w.binaryCrossEntropy(), validation: 0.2, metrics: { look } });
    expect(pipe.classes).toEqual(["2", "10"]);
    expect(pipe.model.net.layers.at(-1)).toMatchObject({ units: 1 });
    expect(Array.from(held).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(pipe.classify(rows)).toEqual(Array.from(pipe.predict(rows, { as: "probabilities" }).data, (p) => (p > 0.5 ? "10" : "2")));
  });

  test("checkpoints written while it trains are whole pipelines", async () => {
    let bytes = new Uint8Array();
    const pipe = ofFlowers();
    const save = (file: Uint8Array) => {
      bytes = Uint8Array.from(file);
    };
    await pipe.fit(table, { ...options, callbacks: [w.checkpoint({ every: 12, save })] });
    expect(pipelineOf(await w.load(bytes, { runtime })).classify(table)).toEqual(pipe.classify(table));
  });
});

describe("quantities", () => {
  const houses = Array.from({ length: 50 }, (_, i) => ({
    area: 50 + i,
    side: i % 2 ? "north" : "south",
    price: 1e5 + 1e3 * i + 5e3 * (i % 2) + 100 * ((37 * i) % 11),
  }));
  const ofHouses = () =>
    modelPipeline({
      inputs: pipeline(tableEncoder(), standardScaler()),
      target: "price",
      targetTransform: standardScaler(),
      model: (inputs, outputs) => w.build(w.sequential(w.input(inputs), w.dense(outputs)), { runtime }),
    });

  test("are learned scaled; predictions and metrics are in their own unit", async () => {
    const pipe = ofHouses();
    const history = await pipe.fit(houses, {
      loss: w.mse(),
      optimizer: w.adam({ learningRate: 0.05 }),
      epochs: 300,
      metrics: { mae },
      validation: houses,
    });
    const prices = houses.map(({ price }) => price);
    const mean = prices.reduce((sum, price) => sum + price, 0) / 50;
    const deviation = Math.sqrt(prices.reduce((sum, price) => sum + (price - mean) ** 2, 0) / 50);
    const raw = pipe.model.predict(pipe.transform(houses)).data;
    const predicted = pipe.predict(houses);
    expect(predicted.shape).toEqual([50, 1]);
    for (const [i, price] of prices.entries()) {
      expect(predicted.data[i]).toBe(Math.fround(raw[i]! * deviation + mean));
      expect(Math.abs(predicted.data[i]! - price)).toBeLessThan(2000);
    }
    const error = prices.reduce((sum, price, i) => sum + Math.abs(predicted.data[i]! - price), 0) / 50;
    const valMae = (history.valMae as number[]).at(-1)!;
    expect(valMae / error).toBeCloseTo(1, 3);
    const { loss, mae: again } = pipe.evaluate(houses, { loss: w.mse(), metrics: { mae } });
    expect(again).toBe(valMae);
    expect(loss).toBe(history.valLoss.at(-1));
    expect(loss).toBeLessThan(1e-2);
    const same = pipelineOf(await w.load(pipe.save(), { runtime }));
    expect(same.predict(houses)).toEqual(predicted);
    expect(() => same.classify(houses)).toThrow("classify: the target must be a class, which it is not. Use predict");
  });

  test("several columns are several outputs", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ a: i, low: i - 5, high: 10 * i }));
    const pipe = modelPipeline({ inputs: tableEncoder(), target: ["high", "low"], targetTransform: minMaxScaler(), model });
    await pipe.fit(rows, { loss: w.mse(), optimizer: w.adam(), epochs: 1 });
    expect(pipe.predict(rows).shape).toEqual([20, 2]);
    const { min, max } = pipe.toJSON().targetTransform as unknown as { min: number[]; max: number[] };
    expect([min, max]).toEqual([
      [0, -5],
      [190, 14],
    ]);
    const labels = modelPipeline({ inputs: tableEncoder(), target: ["x", "y"], model });
    const flags = rows.map(({ a }) => ({ a, x: a % 2, y: a > 9 ? 1 : 0 }));
    await labels.fit(flags, { loss: w.binaryCrossEntropy(), optimizer: w.adam(), epochs: 1 });
    expect(labels.predict(flags, { as: "classes" }).shape).toEqual([20, 2]);
  });
});

describe("numbers", () => {
  const rows = Array.from({ length: 30 }, (_, i) => [1e9 + i, next(), 3 * next()]);
  const labels = rows.map((_, i) => i % 3);
  const texts = labels.map((label) => species[label]!);
  const fit = async (x: unknown, y: unknown, more: object = {}) => {
    const pipe = modelPipeline({ inputs: standardScaler(), model, ...more });
    await pipe.fit({ x, y } as never, { ...options, epochs: 2, validation: 6 });
    return pipe;
  };

  test("in every form of rows and labels: the same bits; float64 is kept until the scaler has seen it", async () => {
    const flat = Float64Array.from(rows.flat());
    const want = await fit(rows, labels);
    const inputs = want.transform(rows).data;
    expect(inputs[0]).not.toBe(inputs[3]); // 1e9 and 1e9 + 1 are one float32
    for (const [x, y] of [
      [flat, Int32Array.from(labels)],
      [
        { data: flat, shape: [30, 3] },
        { data: labels, shape: [30] },
      ],
      [rows.map((row) => Float64Array.from(row)), Float32Array.from(labels)],
    ]) {
      const got = await fit(x, y);
      expect(got.model.stateDict()).toEqual(want.model.stateDict());
      expect(got.predict(x as typeof flat)).toEqual(want.predict(rows));
    }
    const named = await fit(rows, texts);
    expect(named.model.stateDict()).toEqual(want.model.stateDict());
    expect([want.classes, named.classes]).toEqual([undefined, species]);
    expect((await fit(rows, labels, { classes: species })).classify(rows)).toEqual(named.classify(rows));
  });

  test("without transforms, and rows of more than one axis", async () => {
    const bare = modelPipeline({ model });
    await bare.fit({ x: [[0], [1], [2], [3]], y: [0, 2, 4, 6] }, { loss: w.mse(), optimizer: w.sgd(), epochs: 1 });
    expect(bare.predict(Float32Array.of(1, 2)).shape).toEqual([2, 1]);
    const image = { data: Float32Array.from({ length: 24 }, next), shape: [6, 2, 2] };
    const flatten = (_: number, outputs: number) => w.build(w.sequential(w.input(2, 2), w.flatten(), w.dense(outputs)), { runtime });
    for (const inputs of [undefined, standardScaler()]) {
      const pipe = modelPipeline({ inputs, model: flatten });
      await pipe.fit({ x: image, y: [0, 1, 0, 1, 0, 1] }, { ...options, epochs: 1 });
      expect(pipe.predict(image.data)).toEqual(pipe.predict(image));
      expect(pipe.predict(image.data).shape).toEqual([6, 2]);
      const same = pipelineOf(await w.load(pipe.save(), { runtime }));
      expect(same.predict(image)).toEqual(pipe.predict(image));
    }
  });

  test("weights go with their rows", async () => {
    const x = [[0], [1], [2], [3], [4], [5]];
    const y = [0, 1, 4, 9, 16, 25];
    const weights = [1, 2, 3, 4, 5, 6];
    const line = (inputs: number, outputs: number) => w.build(w.sequential(w.input(inputs), w.dense(outputs)), { runtime });
    const own = { loss: w.mse(), optimizer: w.sgd({ learningRate: 0.01 }), epochs: 3, validation: 2 };
    const pipe = modelPipeline({ model: line });
    await pipe.fit({ x, y, weights }, own);
    const hand = await line(1, 1);
    await hand.fit({ x, y, weights }, own);
    expect(pipe.model.stateDict()).toEqual(hand.stateDict());
  });

  test.each([
    ["pca", () => pca({ components: 2, whiten: true })],
    ["polynomialFeatures", () => polynomialFeatures({ degree: 2 })],
    ["rbfFeatures", () => rbfFeatures({ centers: 5 })],
    ["three", () => pipeline(minMaxScaler(), pca(), polynomialFeatures({ degree: 2, bias: false }))],
  ])("%s goes through the file", async (_, make) => {
    const x = rows.map(([, a, b]) => [a!, b!, a! * b!]);
    const pipe = modelPipeline({ inputs: make(), model });
    await pipe.fit({ x, y: labels }, { ...options, epochs: 1 });
    expect(pipelineOf(await w.load(pipe.save(), { runtime })).predict(x)).toEqual(pipe.predict(x));
  });
});

describe("refuses", () => {
  const messageOf = async (run: () => unknown): Promise<string> => {
    const error = await Promise.resolve()
      .then(run)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(w.WhetstoneError);
    return (error as Error).message;
  };

  test("options", async () => {
    const made = (more: object) => messageOf(() => modelPipeline({ model, ...more } as never));
    expect(await made({ inptus: steps() })).toBe('modelPipeline: unknown option "inptus". Did you mean "inputs"?');
    expect(await made({ model: net(1, 1) })).toContain("modelPipeline: model must be a function (inputs, outputs) => build(...), got ");
    expect(await made({ inputs: standardScaler })).toContain("modelPipeline: inputs must be a transform such as standardScaler(), got ");
    expect(await made({ target: ["a", "a"] })).toContain("modelPipeline: target must be the name of a column, or different names");
    expect(await made({ classes: ["one"] })).toContain("modelPipeline: classes must be two different names or more");
    expect(await made({ targetTransform: rbfFeatures({ centers: 2 }) })).toContain("rbfFeatures has no inverse");
    const scaler = standardScaler();
    expect(await made({ inputs: scaler, targetTransform: scaler })).toContain("must be two transforms, got one for both");
    const wrong = modelPipeline({ model: () => net(1, 1) as never });
    expect(await messageOf(() => wrong.fit({ x: [[1]], y: [1] }, { ...options, loss: w.mse() }))).toContain(
      "modelPipeline: model must be a function that returns build(...), got ",
    );
  });

  test("data", async () => {
    const fit = (data: unknown, more: object = {}, own: object = {}) =>
      messageOf(() => modelPipeline({ inputs: steps(), target: "species", model, ...own }).fit(data as never, { ...options, ...more }));
    expect(await fit(table, { loss: w.mse })).toContain(
      "fit: loss must be a loss such as mse(), got the function mse. Call it: loss: mse()",
    );
    expect(await fit(table, {}, { target: "spices" })).toBe('fit: target: no column "spices". Did you mean "species"?');
    expect(await fit(table, {}, { target: undefined })).toContain("fit: there must be a target, the name of a column");
    expect(await fit(table, {}, { inputs: standardScaler() })).toContain("fit: data must be numbers, which the inputs take, got a table");
    expect(await fit({ x: [[1]], y: [0] })).toContain("fit: rows must be a table of readCsv or an array of objects");
    expect(await fit([1, 2])).toContain("fit: data must be a table, an array of objects, { x, y } or { x, y, weights }, got [1, 2]");
    expect(await fit(table, { loss: w.binaryCrossEntropy() })).toContain("binaryCrossEntropy takes two classes, got 3");
    expect(await fit(table, { validation: 60 })).toContain("fit: validation: split: 60 rows leave none for training");
    expect(await fit(table, {}, { classes: ["iris", "rose"] })).toContain('must be one of the classes iris, rose, got "lily, white"');
    const numbers = { inputs: standardScaler(), target: undefined };
    expect(await fit({ x: [[1], [2]], y: ["a", 1] }, {}, numbers)).toContain("fit: y: row 1 must be a text as row 0 is, got 1");
    expect(await fit({ x: [[1], [2]], y: [0] }, {}, numbers)).toContain("fit: y must have 2 rows, got 1");
    expect(await fit({ x: [[1], [2]], y: [0, 1], weights: [1] }, {}, numbers)).toContain("fit: weights must have 2 rows, got 1");
    expect(await fit({ x: [[1], [2]], y: [0, 1], z: 1 }, {}, numbers)).toContain('fit: data: unknown option "z"');
  });

  test("predictions before fit, and of rows that lack a column", async () => {
    const pipe = ofFlowers();
    expect(await messageOf(() => pipe.predict(table))).toBe("modelPipeline: there is no model before fit");
    expect(await messageOf(() => pipe.save())).toBe("modelPipeline: there is no model before fit");
    await pipe.fit(table, { ...options, epochs: 1 });
    const lack = 'predict: the table lacks the 2 columns "length", "color", which the model was trained on';
    expect(await messageOf(() => pipe.predict([{ width: 1 }]))).toBe(lack);
    expect(await messageOf(() => pipe.predict(readCsv("width\n1\n")))).toBe(lack);
    expect(await messageOf(() => pipe.predict([{ width: "wide", length: 1, color: "red" }]))).toBe(
      'predict: line 1, column "width" must be a number, got "wide"',
    );
  });

  test("a fit that trains nothing leaves the pipeline as new; one that was stopped keeps what it has", async () => {
    const used = () => runtime.info.memory.used;
    const pipe = ofFlowers();
    const { used: before } = runtime.info.memory;
    expect(await messageOf(() => pipe.fit(table, { ...options, epochs: 0 }))).toContain("fit: epochs must be");
    expect(used()).toBe(before);
    expect(await messageOf(() => pipe.model)).toContain("no model before fit");
    expect(pipe.classes).toBeUndefined();
    const other = readCsv("length,width,color,species\n1,2,red,a\n3,5,blue,b\n");
    const controller = new AbortController();
    const running = pipe.fit(other, {
      ...options,
      signal: controller.signal,
      callbacks: [{ onEpoch: () => controller.abort(new Error("enough")) }],
    });
    expect(await messageOf(() => pipe.fit(other, options))).toContain("the pipeline is being fitted");
    await expect(running).rejects.toThrow("enough");
    expect(pipe.classes).toEqual(["a", "b"]);
    expect(pipelineOf(await w.load(pipe.save(), { runtime })).classify(other)).toEqual(pipe.classify(other));
  });

  test("a file's pipeline that is none, or does not fit its net", async () => {
    const pipe = ofFlowers();
    await pipe.fit(table, { ...options, epochs: 1 });
    const json = pipe.toJSON();
    const refusal = (change: Partial<Record<keyof ModelPipelineJSON, unknown>> | null) => {
      pipe.model.preprocessing = change && { ...json, ...change };
      return messageOf(() => pipelineOf(pipe.model));
    };
    expect(await refusal(null)).toContain("pipelineOf: the model holds no pipeline");
    expect(await refusal({ type: "table" })).toContain("pipelineOf: the model holds no pipeline");
    const misfit = "pipelineOf: the model's pipeline does not fit its net";
    expect(
      await refusal({
        inputs: standardScaler()
          .fit([[1], [2]])
          .toJSON(),
      }),
    ).toBe(misfit);
    expect(await refusal({ classes: ["a", "b"] })).toBe(misfit);
    expect(await refusal({ classes: ["a", "a", "b"] })).toBe(misfit);
    expect(await refusal({ target: "species" })).toBe(misfit);
    expect(await refusal({ targetTransform: standardScaler().fit([1, 2]).toJSON() })).toBe(misfit);
    expect(await refusal({ inputs: { type: "scaler" } })).toContain("transformFrom: type must be that of a transform");
    for (const key of ["inputs", "targetTransform"])
      expect(await refusal({ [key]: null })).toContain("transformFrom: type must be that of a transform, got undefined");
    for (const key of ["target", "classes"]) expect(await refusal({ [key]: null })).toBe(misfit);
    expect(await refusal({ inputs: 7 })).toContain("transformFrom: type must be that of a transform");
    expect(await refusal({ inputs: { type: "tablePipeline", encoder: { type: "tableEncoder", columns: [] }, steps: null } })).toContain(
      "pipelineFrom: the value is not what a pipeline's toJSON gives",
    );
  });
});
