/** What makes, trains and asks models. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { text } from "../../build/worker.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { batch, build, fitted, floats, folder, labelled, outcome, runtime, sgd, small, steps, stepsOf, weightsOf } from "./scenes.ts";
import type { Entry, Options, TableOf } from "./types.ts";

/** The worker as a file of its own. */
const workerFile = join(folder, "worker.mjs");
writeFileSync(workerFile, text);

const net = w.sequential(w.input(3), w.dense(4), w.dropout(0.5), w.tanh(), w.dense(2));
const other = w.createRuntime({ numerics: "portable", threads: 1, memory: { maximum: 2 ** 26 } });
const own = await other;

/** Where a model lives. */
const homeOf = (model: w.Model): unknown => [weightsOf(model), model.runtime.info.memory.maximum];

const sampled = [w.dense(4), w.dropout(0.5), w.tanh(), w.dense(2)];
const perEpoch = w.sgd({ learningRate: w.stepDecay({ initial: 0.1, every: 1, per: "epoch" }) });

/** Options that every step has. */
const step = {
  loss: [w.mse(), w.mae()],
  optimizer: [w.sgd(), w.adam()],
  penalty: [undefined, w.l2(0.1)],
  clip: [undefined, w.clipNorm(0.01)],
  decay: [undefined, w.decoupledDecay(0.1)],
  constraint: [undefined, w.maxNorm(0.1)],
} as const;

const group: w.ParameterGroup = { match: "0.*", learningRate: 0.5 };

/** A runtime with these options: what it says of itself, and ops of a step that it shares. */
async function runtimeWith(options: w.RuntimeOptions): Promise<unknown> {
  const made = await w.createRuntime({ numerics: "portable", threads: 1, ...options });
  const { memory, ...info } = made.info;
  const model = await w.build(w.sequential(w.input(3), w.dense(70), w.relu(), w.dense(2)), { runtime: made });
  const trainer = await w.createTrainer(model, { loss: w.mse(), optimizer: w.sgd() });
  const { sharedOps } = trainer;
  const { workers, notes } = made.info;
  model.dispose();
  made.dispose();
  return { info, maximum: memory.maximum, sharedOps, workers, notes };
}

const portable = new Uint8Array(readFileSync(new URL("../../build/portable.wasm", import.meta.url)));

async function* stream(): AsyncGenerator<w.Data> {
  for (let i = 0; ; i++) yield { x: floats(i, 12), y: { data: floats(i + 50, 8), shape: [4, 2] } } as w.Data;
}

const logits = { loss: w.softmaxCrossEntropy() };

/** A trained classifier with dropout. */
async function classifier(see: (model: w.Model) => unknown, seed = 0): Promise<unknown> {
  const model = await build(w.dense(6), w.dropout(0.5), w.tanh(), w.dense(3));
  await model.fit(labelled as w.Data, { ...logits, optimizer: sgd, epochs: 2, seed });
  const seen = await see(model);
  model.dispose();
  return seen;
}

/** Two of them. */
const together = (see: (both: w.Ensemble) => unknown, options: w.EnsembleOptions = {}): Promise<unknown> =>
  classifier((a) => classifier((b) => see(w.ensemble([a, b], options)), 7));

async function pretrained(o: w.PretrainOptions): Promise<unknown> {
  const { model, layers } = await w.pretrainLayers(net, batch.x, o);
  const seen = [layers, homeOf(model)];
  model.dispose();
  return seen;
}

export const training = {
  build: {
    differs: "weights, or where they live",
    see: async (o) => homeOf(await w.build(net, { runtime: await runtime(), ...o })),
    rows: { seed: [0, 1], runtime: [undefined, own] },
  },
  load: {
    differs: "where the model lives",
    see: async (o) => homeOf(await w.load((await build(...small())).save(), o)),
    rows: { runtime: [undefined, own] },
  },
  createRuntime: {
    differs: "what the runtime says of itself",
    see: runtimeWith,
    rows: {
      numerics: ["portable", "fast"],
      threads: [1, 2],
      share: { effect: ["auto", "always"], with: { threads: 2 } },
      worker: {
        effect: [pathToFileURL(workerFile), "data:text/javascript,throw new Error('no')"],
        with: { threads: 2, share: "always" },
      },
      memory: [undefined, { maximum: 2 ** 26 }],
      wasm: { effect: [portable, portable.slice(0, 40)], see: (o) => outcome(() => runtimeWith(o)) },
    },
  },
  "createRuntime: memory": {
    differs: "the largest size of the memory",
    see: (memory) => runtimeWith({ memory }),
    rows: { maximum: [2 ** 25, 2 ** 26] },
  },
  createTrainer: {
    differs: "weights and losses of five steps",
    base: { loss: w.mse(), optimizer: sgd },
    see: (o) => steps(sampled, o),
    rows: {
      ...step,
      batchSize: { effect: [8, 4], differs: "whether eight rows are taken", see: (o) => outcome(() => steps(sampled, o)) },
      groups: [undefined, [group]],
      accumulate: [1, 2],
      seed: [0, 1],
      stepsPerEpoch: { effect: [1, 3], with: { optimizer: perEpoch } },
    },
  },
  "fit: groups[]": {
    differs: "weights",
    base: { match: "0.*", learningRate: 0.5 },
    see: (one) => fitted({ groups: [one], epochs: 2 }),
    rows: { match: ["0.*", "2.*"], learningRate: [0.5, 0.2], weightDecay: [0, 0.5] },
  },
  ensemble: {
    differs: "the classes of two models together",
    see: (o) => together((both) => both.predict(labelled.x, { as: "probabilities" }), o),
    rows: { combine: ["mean", "vote"] },
  },
  pretrainLayers: {
    differs: "the losses of the layers, the weights and where they live",
    base: { epochs: 2 },
    see: pretrained,
    rows: {
      loss: [w.mse(), w.mae()],
      optimizer: [sgd, w.adam()],
      epochs: [2, 3],
      batchSize: [4, 8],
      penalty: [undefined, w.l2(0.1)],
      callbacks: [undefined, [{ onEpoch: () => "stop" }]],
      signal: { effect: [undefined, AbortSignal.abort("enough")], differs: "whether it ends", see: (o) => outcome(() => pretrained(o)) },
      layers: [1, 2],
      seed: [0, 1],
      runtime: [undefined, own],
    },
  },
  findLearningRate: {
    differs: "the curve",
    base: { loss: w.mse(), optimizer: sgd, steps: 12 },
    see: async (o) => {
      const model = await build(...sampled);
      const curve = await w.findLearningRate(model, { ...batch } as w.Data, o);
      model.dispose();
      return curve;
    },
    rows: { ...step, batchSize: [8, 4], seed: [0, 1], from: [undefined, 1e-3], to: [undefined, 1], steps: [12, 20] },
  },
  checkGradients: {
    differs: "what was checked, and whether it passes",
    see: async (o) => {
      const model = await build(...small());
      const check = w.checkGradients(model, batch as never, w.mse(), o);
      model.dispose();
      return check;
    },
    rows: {
      samples: [16, 2],
      tolerance: {
        effect: [0.02, 0.9],
        see: async (o) => {
          const model = await build(...small());
          const wrong = w.customLoss({
            value: (_, { data }) => data.reduce((sum, v) => sum + v * v, 0),
            gradient: (_, { data }) => Array.from(data, (v) => 3 * v),
          });
          const { passed } = w.checkGradients(model, batch as never, wrong, o);
          model.dispose();
          return passed;
        },
      },
      seed: { effect: [0, 1], with: { samples: 2 } },
    },
  },
  minimize: {
    differs: "where the search ends, and what is told of it",
    see: async (o) => {
      const seen: unknown[] = [];
      const x0 = Float32Array.of(3, -2);
      const bowl: w.Objective<Float32Array> = (x, g) => {
        g.set([2 * x[0], 4 * x[1]]);
        return x[0] * x[0] + 2 * x[1] * x[1];
      };
      const { onStep, ...rest } = { steps: 30, ...o } as w.MinimizeOptions<Float32Array>;
      const told = onStep && ((state: { value: number }) => void seen.push(state.value));
      const before = own.info.memory.used;
      let used = 0;
      const spy: w.Objective<Float32Array> = (x, g) => {
        used = own.info.memory.used - before;
        return bowl(x, g);
      };
      const minimum = await w.minimize(spy, x0, sgd, { runtime: await runtime(), ...rest, onStep: told });
      return { ...minimum, seen, used: used > 0 };
    },
    rows: { steps: [10, 20], tolerance: [0, 1], onStep: [undefined, () => undefined], runtime: [undefined, own] },
  },
} satisfies Partial<TableOf<Options["whetstone"]>>;

const stopped = await fitted({ epochs: 1 }, batch, sampled);

const fitRows: Entry<w.FitOptions>["rows"] = {
  ...step,
  batchSize: [4, "full"],
  groups: [undefined, [group]],
  accumulate: [1, 2],
  seed: [0, 1],
  epochs: [2, 3],
  shuffle: [true, false],
  validation: [undefined, 0.25],
  metrics: [undefined, { largest: (_, yPred) => Math.max(...yPred.data) }],
  callbacks: [undefined, [w.reduceOnPlateau({ monitor: "loss", patience: 0, threshold: 10 })]],
  signal: { effect: [undefined, AbortSignal.abort("enough")], differs: "whether the run ends", see: (o) => outcome(() => fitted(o)) },
  stepsPerEpoch: { effect: [2, 3], see: (o) => fitted(o, stream()) },
  resume: {
    effect: [undefined, stopped.history.state],
    differs: "the steps that are left",
    see: (o) => stepsOf((counter) => fitted({ ...o, callbacks: [counter] }, batch, sampled)),
  },
};

export const models: TableOf<Options["model"]> = {
  fit: {
    differs: "weights and history",
    base: { loss: w.mse(), optimizer: sgd, epochs: 3 },
    see: (o) => fitted(o, batch, sampled),
    rows: fitRows,
  },
  predict: {
    differs: "what is predicted",
    see: (o) => classifier((model) => model.predict(labelled.x, o)),
    rows: { as: ["raw", "classes"], samples: [undefined, 3], seed: { effect: [0, 1], with: { samples: 3 } } },
  },
  evaluate: {
    differs: "what is measured",
    base: logits,
    see: (o) => classifier((model) => model.evaluate(labelled as w.Data, o)),
    rows: { loss: [w.softmaxCrossEntropy(), w.softmaxCrossEntropy({ labelSmoothing: 0.5 })], metrics: [undefined, { accuracy }] },
  },
  loadStateDict: {
    differs: "whether a dictionary with a stranger is taken",
    see: async (o) => {
      const model = await build(...small());
      return outcome(() => model.loadStateDict({ ...model.stateDict(), stranger: [1] }, o));
    },
    rows: { strict: [true, false] },
  },
  reinitialize: {
    differs: "weights",
    see: async (o) => {
      const model = await build(...small());
      model.reinitialize("*.weight", o);
      return weightsOf(model);
    },
    rows: { seed: [1, 2], init: [undefined, w.zeros()] },
  },
};

export const ensembles: TableOf<Options["ensemble"]> = {
  predict: {
    differs: "what is predicted",
    see: (o) => together((both) => both.predict(labelled.x, o)),
    rows: { as: ["raw", "classes"], samples: [undefined, 3], seed: { effect: [0, 1], with: { samples: 3 } } },
  },
  evaluate: {
    differs: "what is measured",
    base: logits,
    see: (o) => together((both) => both.evaluate(labelled as w.Data, o)),
    rows: { loss: [w.softmaxCrossEntropy(), w.softmaxCrossEntropy({ labelSmoothing: 0.5 })], metrics: [undefined, { accuracy }] },
  },
};
