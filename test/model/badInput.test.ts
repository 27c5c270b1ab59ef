/** What is refused, with which class and message; and that no byte of the model has changed then. */
import { beforeAll, describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { runtimeOf } from "./runtimes.ts";

type ErrorClass = new (message: string, ...rest: never[]) => Error;

const loss = w.softmaxCrossEntropy();
const optimizer = w.adam();
const net = w.sequential(w.input(2), w.dense(4), w.batchNorm(), w.relu(), w.dense(3));
const x = [
  [0, 1],
  [2, 3],
  [4, 5],
  [6, 7],
];
const y = [0, 1, 2, 0];
const good = { x, y };
const FINITE = "Drop or fill such rows, and scale values beyond 3.4e38, the range of float32.";

let model: w.Model;
let trainer: w.Trainer;
beforeAll(async () => {
  model = await w.build(net, { runtime: await runtimeOf("portable"), seed: 2 });
  trainer = await w.createTrainer(model, { loss, optimizer, batchSize: 4 });
  trainer.step({ x, y });
});

/** `action` throws exactly this, at once or later, and the model keeps every byte, its link and its optimizer's slots. */
async function expectRefusal(action: () => unknown, type: ErrorClass, message: string): Promise<void> {
  const before = model.save();
  const { slots, step } = trainer.checkpoint();
  let error: unknown;
  try {
    await action();
  } catch (caught) {
    error = caught;
  }
  expect(error, `no error: want ${message}`).toBeInstanceOf(type);
  expect((error as Error).message).toBe(message);
  expect(model.save()).toEqual(before);
  expect(trainer.checkpoint().slots).toEqual(slots);
  expect(trainer.steps).toBe(step);
}

const fit = (data: unknown, options: object = {}) => model.fit(data as never, { loss, optimizer, epochs: 1, ...options });
const changed = (row: number, column: number, value: unknown) =>
  x.map((values, i) => values.map((old, j) => (i === row && j === column ? value : old)));

describe("data", () => {
  // The same faults at every door: each names itself.
  const doors: [string, (data: { x: unknown; y: unknown; weights?: unknown }) => unknown][] = [
    ["fit", (data) => fit(data)],
    ["trainer.step", (data) => trainer.step(data as never)],
    ["evaluate", (data) => model.evaluate(data as never, { loss })],
    ["gradients", (data) => model.gradients(data as never, loss)],
  ];
  const faults: [string, { x: unknown; y: unknown; weights?: unknown }, ErrorClass, string][] = [
    ["NaN", { x: changed(2, 1, Number.NaN), y }, w.DataError, `x must be finite, got NaN at row 2, column 1. ${FINITE}`],
    [
      "infinity in flat data",
      { x: new Float32Array([0, 1, -Infinity, 3]), y: [0, 1] },
      w.DataError,
      `x must be finite, got -Infinity at row 1, column 0. ${FINITE}`,
    ],
    [
      "ragged rows",
      { x: [[1, 2], [3]], y: [0, 1] },
      w.DataError,
      "x must not be ragged, got 1 values at row 1 where the first has 2 values",
    ],
    [
      "text",
      { x: changed(3, 0, "6"), y },
      w.DataError,
      'x must hold numbers only, got "6" at row 3, column 0. Turn text into numbers first.',
    ],
    [
      "a missing value",
      { x: changed(0, 0, null), y },
      w.DataError,
      "x must hold numbers only, got null at row 0, column 0. Fill or drop missing values first.",
    ],
    ["a wrong width", { x: [[1, 2, 3]], y: [0] }, w.ShapeError, "x must have rows of shape [2], got shape [3] at row 0"],
    [
      "flat numbers that do not fill rows",
      { x: new Float32Array(5), y: [0, 1] },
      w.ShapeError,
      "x must hold a multiple of 2 numbers, to be cut into rows of shape [2], got 5",
    ],
    ["a tensor of another shape", { x: w.tensor([[1, 2, 3, 4]]), y: [0] }, w.ShapeError, "x must have shape [rows, 2], got [1, 4]"],
    ["an empty set", { x: [], y: [] }, w.DataError, "x must have one row at least, got none"],
    ["a label too high", { x, y: [0, 1, 3, 0] }, w.DataError, "y must be integer labels in [0, 3), got 3 at row 2. Labels count from 0."],
    [
      "a label below 0",
      { x, y: new Int32Array([0, -1, 1, 0]) },
      w.DataError,
      "y must be integer labels in [0, 3), got -1 at row 1. Labels count from 0.",
    ],
    [
      "half a label",
      { x, y: [0, 1, 0.5, 0] },
      w.DataError,
      "y must be integer labels in [0, 3), got 0.5 at row 2. Probabilities take rows of 3 values.",
    ],
    ["too few labels", { x, y: [0, 1] }, w.ShapeError, "y must have shape [4, 3] or [4] (labels), as x has 4 rows, got 2 numbers"],
    [
      "rows of targets of a wrong width",
      { x, y: x },
      w.ShapeError,
      "y must have shape [4, 3] or [4] (labels), as x has 4 rows, got shape [4, 2]",
    ],
    [
      "NaN in targets",
      {
        x: x.slice(0, 2),
        y: [
          [0, 1, 0],
          [0, Number.NaN, 1],
        ],
      },
      w.DataError,
      `y must be finite, got NaN at row 1, column 1. ${FINITE}`,
    ],
    ["a negative weight", { x, y, weights: [1, 1, -1, 1] }, w.DataError, "weights must be finite numbers, 0 or above, got -1 at row 2"],
    [
      "weights that are all 0",
      { x, y, weights: [0, 0, 0, 0] },
      w.DataError,
      "weights must not all be 0, got a sum of 0. A batch without weight has no mean loss.",
    ],
    ["too few weights", { x, y, weights: [1] }, w.ShapeError, "weights must have shape [4], one weight for each row of x, got shape [1]"],
  ];
  for (const [door, give] of doors) {
    test.each(faults)(`${door}: %s`, async (_, data, type, message) => {
      await expectRefusal(() => give(data), type, `${door}: ${message}`);
    });
  }

  test("predict: rows that are none", async () => {
    await expectRefusal(
      () =>
        model.predict([
          [1, 2],
          [3, Number.NaN],
        ]),
      w.DataError,
      `predict: x must be finite, got NaN at row 1, column 1. ${FINITE}`,
    );
    await expectRefusal(
      () => model.predict([1, 2, 3] as never),
      w.ShapeError,
      "predict: x must hold a multiple of 2 numbers, to be cut into rows of shape [2], got 3",
    );
    await expectRefusal(() => model.predict([]), w.DataError, "predict: x must have one row at least, got none");
    await expectRefusal(
      () => model.predict(undefined as never),
      w.DataError,
      "predict: x must be an array, a typed array or a Tensor, got undefined",
    );
  });

  test("trainer.step: more rows than batchSize, one row under batch-norm", async () => {
    const five = { x: [...x, [8, 9]], y: [...y, 1] };
    await expectRefusal(
      () => trainer.step(five),
      w.ShapeError,
      "trainer.step: x must have at most 4 rows (the batch size), got 5. Cut it into smaller batches.",
    );
    const one = "a training batch needs at least 2 rows, got 1: layer 1 (batchNorm) normalizes by the statistics of the batch";
    await expectRefusal(() => trainer.step({ x: x.slice(0, 1), y: [0] }), w.ShapeError, `trainer.step: ${one}`);
    await expectRefusal(() => fit({ x: x.slice(0, 1), y: [0] }), w.ShapeError, `fit: ${one}`);
    await expectRefusal(() => fit(good, { batchSize: 1 }), w.ShapeError, `fit: ${one}`);
    const batch = { x: x.slice(0, 1), y: [0] };
    await expectRefusal(
      () => model.gradients(batch, loss),
      w.ShapeError,
      "gradients: a training batch needs at least 2 rows for layer 1 (batchNorm), got 1",
    );
  });

  test("batches of another form", async () => {
    const refuse = (action: () => unknown, message: string) => expectRefusal(action, w.OptionError, message);
    await refuse(() => trainer.step(undefined as never), "trainer.step: a batch must be { x, y } or { x, y, weights }, got undefined");
    await refuse(
      () => trainer.step({ x, y, weight: [1, 1, 1, 1] } as never),
      'trainer.step: batch: unknown option "weight". Did you mean "weights"?',
    );
    await refuse(() => model.gradients(null as never, loss), "gradients: a batch must be { x, y } or { x, y, weights }, got null");
    await refuse(() => model.gradients({ x, y, z: 1 } as never, loss), 'gradients: batch: unknown option "z". Did you mean "x"?');
    await refuse(() => fit([{ x, y, w: y }], { stepsPerEpoch: 1 }), 'fit: batch: unknown option "w". Did you mean "x"?');
    await refuse(() => model.evaluate(good, undefined as never), "evaluate: options must be an object with at least loss, got undefined");
  });

  test("fit: data of another form", async () => {
    await expectRefusal(() => fit({ x }), w.OptionError, "fit: data must be { x, y } or { x, y, weights }, got { x }");
    await expectRefusal(() => fit(undefined), w.OptionError, "fit: data must be { x, y } or { x, y, weights }, got undefined");
    await expectRefusal(
      () => fit({ x, y, weight: [1, 1, 1, 1] }),
      w.OptionError,
      'fit: data: unknown option "weight". Did you mean "weights"?',
    );
    await expectRefusal(() => fit([good]), w.OptionError, "fit: an iterable of batches needs stepsPerEpoch");
    await expectRefusal(
      () => fit(good, { stepsPerEpoch: 2 }),
      w.OptionError,
      "fit: stepsPerEpoch is for iterables of batches: { x, y } has as many steps as it has batches",
    );
    await expectRefusal(
      () => fit([good], { stepsPerEpoch: 1, batchSize: "full" }),
      w.OptionError,
      'fit: batchSize "full" needs { x, y }; an iterable gives batches of its own, of at most batchSize rows',
    );
    await expectRefusal(
      () => fit([good], { stepsPerEpoch: 1, validation: 0.2 }),
      w.OptionError,
      "fit: validation of an iterable must be { x, y }: its rows can't be set aside",
    );
  });

  test("validation data is checked like any other", async () => {
    await expectRefusal(
      () => fit(good, { validation: { x: [[1]], y: [0] } }),
      w.ShapeError,
      "fit: validation: x must have rows of shape [2], got shape [1] at row 0",
    );
    await expectRefusal(
      () => fit(good, { validation: { x: [[1, 2]], y: [9] } }),
      w.DataError,
      "fit: validation: y must be integer labels in [0, 3), got 9 at row 0. Labels count from 0.",
    );
  });
});

describe("options", () => {
  const cases: [string, () => unknown, string][] = [
    ["batch size 0", () => fit(good, { batchSize: 0 }), "fit: batchSize must be an integer of at least 1, got 0"],
    ["half a batch", () => fit(good, { batchSize: 2.5 }), "fit: batchSize must be an integer of at least 1, got 2.5"],
    ["learning rate NaN", () => w.adam({ learningRate: Number.NaN }), "adam: learningRate must be a finite number, 0 or above, got NaN"],
    ["a negative learning rate", () => w.sgd({ learningRate: -0.1 }), "sgd: learningRate must be a finite number, 0 or above, got -0.1"],
    ["an unknown option of fit", () => fit(good, { epoch: 3 }), 'fit: unknown option "epoch". Did you mean "epochs"?'],
    [
      "an unknown option of a trainer",
      () => w.createTrainer(model, { loss, optimizer, batchsize: 3 } as never),
      'createTrainer: unknown option "batchsize". Did you mean "batchSize"?',
    ],
    ["an unknown option of an optimizer", () => w.adam({ beta_1: 0.9 } as never), 'adam: unknown option "beta_1". Did you mean "beta1"?'],
    [
      "an unknown option of a layer",
      () => w.dense(3, { useBias: false } as never),
      'dense: unknown option "useBias". Known options: bias, init, biasInit, penalty, maxNorm, dropConnect.',
    ],
    [
      "an unknown option of a loss",
      () => w.softmaxCrossEntropy({ smoothing: 0.1 } as never),
      'softmaxCrossEntropy: unknown option "smoothing". Known options: labelSmoothing, classWeights.',
    ],
    [
      "an unknown option of predict",
      () => model.predict(x, { sample: 3 } as never),
      'predict: unknown option "sample". Did you mean "samples"?',
    ],
    [
      "an unknown option of evaluate",
      () => model.evaluate(good, { loss, metric: {} } as never),
      'evaluate: unknown option "metric". Did you mean "metrics"?',
    ],
    ["an unknown option of build", () => w.build(net, { seeds: 1 } as never), 'build: unknown option "seeds". Did you mean "seed"?'],
    [
      "an unknown option of a runtime",
      () => w.createRuntime({ numeric: "fast" } as never),
      'createRuntime: unknown option "numeric". Did you mean "numerics"?',
    ],
    ["a net that is none", () => w.build({} as never), "build: net must be what sequential(input(...), ...layers) returns"],
    ["a net without layers", () => w.build({ layers: [] } as never), "build: net must be what sequential(input(...), ...layers) returns"],
    [
      "a net with a hole",
      () => w.build({ layers: [w.input(2), null] } as never),
      "build: net must be what sequential(input(...), ...layers) returns",
    ],
    ["a seed that is none", () => w.build(net, { seed: -1 }), "build: seed must be an integer of at least 0, got -1"],
    [
      "a loss factory as loss",
      () => fit(good, { loss: w.mse }),
      "fit: loss must be a loss such as softmaxCrossEntropy(), got the function mse. Call it: loss: mse()",
    ],
    [
      "a loss by name",
      () => model.evaluate(good, { loss: "mse" } as never),
      'evaluate: loss must be a loss such as softmaxCrossEntropy(), got "mse"',
    ],
    [
      "no loss",
      () => model.gradients(good, undefined as never),
      "gradients: loss must be a loss such as softmaxCrossEntropy(), got undefined",
    ],
    [
      "a loss factory as metric",
      () => fit(good, { metrics: { mse: w.mse } }),
      'fit: metrics.mse is a loss, not a metric. Import the metric from "whetstone/metrics"',
    ],
    [
      "a loss factory with options as metric",
      () => model.evaluate(good, { loss, metrics: { ce: w.softmaxCrossEntropy as never } }),
      'evaluate: metrics.ce is a loss, not a metric. Import the metric from "whetstone/metrics"',
    ],
    [
      "a metric by name",
      () => fit(good, { metrics: { accuracy: "accuracy" } }),
      'fit: metrics.accuracy must be a function (yTrue, yPred) => number, got "accuracy"',
    ],
    ["a list of metrics", () => fit(good, { metrics: [3] }), "fit: metrics.0 must be a function (yTrue, yPred) => number, got 3"],
    [
      "an optimizer factory",
      () => fit(good, { optimizer: w.adam }),
      "fit: optimizer must be an optimizer such as adam(), got the function adam. Call it: optimizer: adam()",
    ],
    [
      "no optimizer",
      () => w.createTrainer(model, { loss } as never),
      "createTrainer: optimizer must be an optimizer such as adam(), got undefined",
    ],
    [
      "no options",
      () => model.fit(good as never, undefined as never),
      "fit: options must be an object with at least loss and optimizer, got undefined",
    ],
    ["a penalty that is a number", () => fit(good, { penalty: 0.01 }), "fit: penalty must be made by l2(1e-4), got 0.01"],
    ["a clip that is a number", () => fit(good, { clip: 1 }), "fit: clip must be made by clipNorm(1), got 1"],
    ["a decay that is a number", () => fit(good, { decay: 0.1 }), "fit: decay must be made by decoupledDecay(1e-4), got 0.1"],
    ["a forged clip", () => fit(good, { clip: { kind: "norm", max: -1 } }), "fit: clip must be made by clipNorm(1), got { kind, max }"],
    [
      "a forged decay",
      () => fit(good, { decay: { kind: "decoupledDecay", beta: 7 } }),
      "fit: decay must be made by decoupledDecay(1e-4), got { kind, beta }",
    ],
    [
      "a forged constraint",
      () => fit(good, { constraint: { kind: "maxNorm", max: Number.NaN } }),
      "fit: constraint must be made by maxNorm(3), got { kind, max }",
    ],
    ["clipNorm(0)", () => w.clipNorm(0), "clipNorm: max must be a finite number above 0, got 0"],
    ["a negative penalty", () => w.l2(-1), "l2: λ must be a finite number, 0 or above, got -1"],
    ["a decay of 1", () => w.decoupledDecay(1), "decoupledDecay: β must be in [0, 1), got 1"],
    ["no epochs", () => fit(good, { epochs: 0 }), "fit: epochs must be an integer of at least 1, got 0"],
    ["shuffle by number", () => fit(good, { shuffle: 1 }), "fit: shuffle must be true or false, got 1"],
    [
      "a validation fraction of 0",
      () => fit(good, { validation: 0 }),
      "fit: validation must be a fraction below 1, a count of rows, or { x, y }, got 0",
    ],
    [
      "a validation fraction that is NaN",
      () => fit(good, { validation: Number.NaN }),
      "fit: validation must be a fraction below 1, a count of rows, or { x, y }, got NaN",
    ],
    [
      "one callback without a list",
      () => fit(good, { callbacks: w.earlyStopping() }),
      "fit: callbacks must be an array of callbacks, got { kind, monitor, bestEpoch, onStart, onEpoch, save }",
    ],
    [
      "a callback factory",
      () => fit(good, { callbacks: [w.earlyStopping] }),
      "fit: callbacks[0] must be an object with onStart, onStep, onEpoch or onEnd, got the function earlyStopping. Call it: callbacks: [earlyStopping()]",
    ],
    ["a signal that is a controller", () => fit(good, { signal: new AbortController() }), "fit: signal must be an AbortSignal, got {  }"],
    [
      "early stopping without validation",
      () => fit(good, { callbacks: [w.earlyStopping()] }),
      'fit: a callback watches "valLoss", which this run does not measure. Give fit validation: 0.2, or watch "loss"',
    ],
    [
      "early stopping on a metric that is not there",
      () => fit(good, { metrics: { accuracy }, callbacks: [w.earlyStopping({ monitor: "acuracy" })] }),
      'fit: a callback watches "acuracy", which this run does not measure. There are: loss, accuracy',
    ],
    ["dropout of everything", () => w.dropout(1), "dropout: rate must be in [0, 1), got 1"],
    ["a layer without units", () => w.dense(0), "dense: units must be an integer of at least 1, got 0"],
    ["smoothing of 1", () => w.softmaxCrossEntropy({ labelSmoothing: 1 }), "softmaxCrossEntropy: labelSmoothing must be in [0, 1), got 1"],
    [
      "class weights for other classes",
      () => fit(good, { loss: w.softmaxCrossEntropy({ classWeights: [1, 2] }) }),
      "fit: softmaxCrossEntropy: classWeights must hold one weight for each of 3 classes, got 2",
    ],
    [
      "balanced class weights without data",
      () => w.createTrainer(model, { loss: w.softmaxCrossEntropy({ classWeights: "balanced" }), optimizer }),
      'createTrainer: softmaxCrossEntropy: classWeights "balanced" needs the labels of a training set: use fit with labels, or give the weights',
    ],
    [
      "positive weights for other outputs",
      () => fit({ x, y: x.map(() => [0, 1, 0]) }, { loss: w.binaryCrossEntropy({ positiveWeight: [1, 2] }) }),
      "fit: binaryCrossEntropy: positiveWeight must be one number or one for each of 3 outputs, got 2",
    ],
    [
      "a negative class weight",
      () => w.softmaxCrossEntropy({ classWeights: [1, -1] }),
      "softmaxCrossEntropy: classWeights must be finite numbers, 0 or above, got [1, -1]",
    ],
    [
      "batchSize full for a trainer",
      () => w.createTrainer(model, { loss, optimizer, batchSize: "full" as never }),
      'createTrainer: batchSize must be a number of rows: "full" is for fit, which knows the data',
    ],
    [
      "a trainer of a net",
      () => w.createTrainer(net as never, { loss, optimizer }),
      "createTrainer: model must be what build or load returns, got { layers }",
    ],
    ["samples of 0", () => model.predict(x, { samples: 0 }), "predict: samples must be an integer of at least 1, got 0"],
    [
      "an unknown form of prediction",
      () => model.predict(x, { as: "class" as never }),
      'predict: as must be one of "raw", "probabilities", "classes", got "class". Did you mean "classes"?',
    ],
    [
      "a pattern that matches nothing",
      () => model.freeze("7.*"),
      'freeze: no parameter matches "7.*". There are: 0.weight, 0.bias, 1.weight, 1.bias, 3.weight, 3.bias',
    ],
    ["no pattern", () => model.thaw(), 'thaw: give at least one pattern, such as "0.*" or "*"'],
    [
      "an initializer that is none",
      () => model.reinitialize("*", { init: "he" as never }),
      'reinitialize: init must be an initializer such as heNormal() or zeros(), got "he"',
    ],
  ];
  test.each(cases)("%s", async (_, action, message) => {
    await expectRefusal(action, w.OptionError, message);
  });

  const sound = () => trainer.checkpoint();
  const checkpoints: [string, () => unknown][] = [
    ["nothing", () => undefined],
    ["an empty object", () => ({})],
    ["another optimizer's", () => ({ ...sound(), optimizer: "sgd" })],
    ["too few slots", () => ({ ...sound(), slots: sound().slots.slice(1) })],
    ["a slot with a hole", () => ({ ...sound(), slots: [null, sound().slots[1]] })],
    ["slots of another net", () => ({ ...sound(), slots: sound().slots.map((slot) => slot.slice(1)) })],
    ["no weights", () => ({ ...sound(), weights: undefined })],
    ["weights of another net", () => ({ ...sound(), weights: { ...sound().weights, "0.bias": new Float32Array(5) } })],
    ["half a step", () => ({ ...sound(), step: 1.5 })],
    ["no seed", () => ({ ...sound(), seed: undefined })],
    ["a negative run", () => ({ ...sound(), run: -1 })],
  ];
  test.each(checkpoints)("a checkpoint that does not fit: %s", async (_, make) => {
    const message = "trainer.restore: the checkpoint must be of a trainer with the same net, optimizer and frozen layers";
    await expectRefusal(() => trainer.restore(make() as never), w.FormatError, message);
  });

  test("preprocessing that JSON can't hold", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const value of [cycle, () => 1]) {
      const shown = typeof value === "function" ? "a function" : "{ self }";
      const set = () => {
        model.preprocessing = value;
      };
      await expectRefusal(set, w.OptionError, `model.preprocessing must be plain data that JSON can hold, got ${shown}`);
    }
  });

  test("a validation part that leaves nothing to train on", async () => {
    for (const validation of [4, 5, 0.99]) {
      const error = await Promise.resolve(fit(good, { validation })).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(w.WhetstoneError);
      expect((error as Error).message).toMatch(/^fit: validation/);
    }
  });

  test("a schedule that gives NaN at step 2: the steps before it stand", async () => {
    const own = await w.build(net, { runtime: model.runtime });
    const rate = { at: (step: number) => (step < 2 ? 0.1 : Number.NaN) };
    const bad = await w.createTrainer(own, { loss, optimizer: w.sgd({ learningRate: rate }), batchSize: 4 });
    bad.step(good);
    bad.step(good);
    const before = own.stateDict();
    expect(() => bad.step(good)).toThrow("learningRate: the schedule's rate at step 2 must be a finite number, 0 or above, got NaN");
    expect(own.stateDict()).toEqual(before);
    own.dispose();
  });

  // A name that history or evaluate uses itself would be overwritten, silently.
  test.each(["loss", "valLoss", "epochs", "notes", "learningRate", "stopped"])('a metric of the name "%s"', async (name) => {
    await expectRefusal(
      () => fit(good, { metrics: { [name]: accuracy } }),
      w.OptionError,
      `fit: metrics.${name} must have another name: history has a "${name}" of its own`,
    );
  });
});

test('a metric of the name "loss" in evaluate', async () => {
  const message = "evaluate: metrics.loss must have another name: the loss is returned under this one";
  await expectRefusal(() => model.evaluate(good, { loss, metrics: { loss: accuracy } }), w.OptionError, message);
});

describe("softmax before its loss", () => {
  const cases: [string, w.Net, w.Loss, string][] = [
    [
      "softmax",
      w.sequential(w.input(2), w.dense(3), w.softmax()),
      loss,
      "softmaxCrossEntropy, which takes logits and applies softmax itself",
    ],
    [
      "logSoftmax",
      w.sequential(w.input(2), w.dense(3), w.logSoftmax()),
      loss,
      "softmaxCrossEntropy, which takes logits and applies softmax itself",
    ],
    [
      "sigmoid",
      w.sequential(w.input(2), w.dense(3), w.sigmoid()),
      w.binaryCrossEntropy(),
      "binaryCrossEntropy, which takes logits and applies sigmoid itself",
    ],
  ];
  test.each(cases)("%s", async (kind, description, own, why) => {
    const other = await w.build(description, { runtime: await runtimeOf("portable") });
    const message = (where: string) =>
      `${where}: layer 1 (${kind}) must not come before ${why}. Remove ${kind}() from the net: predict(x, { as: "probabilities" }) gives probabilities`;
    const data = { x, y: x.map(() => [1, 0, 0]) };
    await expectRefusal(() => other.fit(data, { loss: own, optimizer }), w.OptionError, message("fit"));
    await expectRefusal(() => other.evaluate(data, { loss: own }), w.OptionError, message("evaluate"));
    await expectRefusal(() => other.gradients(data, own), w.OptionError, message("gradients"));
    await expectRefusal(() => w.createTrainer(other, { loss: own, optimizer }), w.OptionError, message("createTrainer"));
    other.dispose();
  });
});

describe("weights of another model", () => {
  const cases: [string, (state: w.StateDict) => unknown, ErrorClass, string][] = [
    [
      "a wrong shape",
      (s) => ({ ...s, "0.weight": s["3.weight"] }),
      w.ShapeError,
      "loadStateDict: 0.weight must have shape [4, 2], got [3, 4]",
    ],
    [
      "a transposed weight",
      (s) => ({ ...s, "0.weight": { data: s["0.weight"].data, shape: [2, 4] } }),
      w.ShapeError,
      "loadStateDict: 0.weight must have shape [4, 2], got [2, 4]",
    ],
    ["too few flat numbers", (s) => ({ ...s, "3.bias": [1, 2] }), w.ShapeError, "loadStateDict: 3.bias must have shape [3], got [2]"],
    [
      "NaN",
      (s) => ({ ...s, "1.running_var": [1, 2, Number.NaN, 4] }),
      w.DataError,
      "loadStateDict: 1.running_var must hold finite numbers, got NaN at 2",
    ],
    [
      "a missing name",
      ({ "0.bias": _, ...s }) => s,
      w.OptionError,
      "loadStateDict: names must be those of the model. Missing: 0.bias. Give { strict: false } to load the rest",
    ],
    [
      "an unexpected name",
      (s) => ({ ...s, "9.bias": [1] }),
      w.OptionError,
      "loadStateDict: names must be those of the model. Unexpected: 9.bias. Give { strict: false } to load the rest",
    ],
    ["nothing", () => undefined, w.OptionError, "loadStateDict: dict must be an object of tensors by name, got undefined"],
  ];
  test.each(cases)("%s", async (_, change, type, message) => {
    await expectRefusal(() => model.loadStateDict(change(model.stateDict()) as never), type, message);
  });

  test.each([
    ["a string", "text"],
    ["null", null],
    ["a number", 3],
    ["an object", {}],
  ])("%s in the place of a tensor", async (_, value) => {
    const before = model.stateDict();
    const load = () => model.loadStateDict({ ...before, "3.bias": value } as never);
    expect(load).toThrow(w.WhetstoneError);
    expect(load).toThrow(/^loadStateDict: 3\.bias/);
    expect(model.stateDict()).toEqual(before);
  });
});
