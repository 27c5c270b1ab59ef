/** The same bits for any number of threads, with every op shared that can be: weights, slots, and all that a model answers. */
import { beforeEach, describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { layoutOf } from "../../src/model/layout.ts";
import { testNumbers } from "../kernels/harness.ts";
import { bitsOf, expectTeam, TEAMS, teamOf, type Variant, variants } from "../runtime/teams.ts";

interface Task {
  readonly net: w.Net;
  readonly options: w.TrainerOptions;
  /** Rows of each step, in turn. */
  readonly rows: readonly number[];
  readonly steps: number;
  /** Ops of the step that are shared, in a team of any size or of so many. */
  readonly sharedOps: number | ((threads: number) => number);
  readonly kind?: "labels" | "classes" | "numbers" | "binary";
  readonly isWeighted?: boolean;
  readonly frozen?: string;
}

function batchesOf({ net, rows, kind = "labels", isWeighted }: Task): w.Data[] {
  const columns = layoutOf(net).inputShape[0];
  const outputs = layoutOf(net).outputShape[0];
  return rows.map((count, i) => {
    const next = testNumbers(i + 5);
    const x = Float32Array.from({ length: count * columns }, next);
    const label = (row: number) => Math.floor(((x[row * columns] + 1) / 2) * outputs);
    const target = (k: number) => {
      if (kind === "numbers") return next();
      if (kind === "binary") return x[(k * 3) % x.length] > 0 ? 1 : 0;
      return label(Math.floor(k / outputs)) === k % outputs ? 1 : 0;
    };
    const y =
      kind === "labels"
        ? Int32Array.from({ length: count }, (_, row) => label(row))
        : { data: Float32Array.from({ length: count * outputs }, (_, k) => target(k)), shape: [count, outputs] };
    const weights = isWeighted ? Float32Array.from({ length: count }, () => 1.5 + next()) : undefined;
    return { x, y, weights } as w.Data;
  });
}

async function train(task: Task, variant: Variant, threads: number) {
  const runtime = await teamOf(variant, threads);
  const model = await w.build(task.net, { seed: 7, runtime });
  if (task.frozen !== undefined) model.freeze(task.frozen);
  const trainer = await w.createTrainer(model, task.options);
  const start = bitsOf(model);
  const batches = batchesOf(task);
  const losses: number[] = [];
  for (let step = 0; step < task.steps; step++) losses.push(trainer.step(batches[step % batches.length]));
  const bits = { ...bitsOf(model, trainer), losses };
  expectTeam(runtime, variant, threads);
  const { sharedOps } = trainer;
  trainer.dispose();
  model.dispose();
  return { bits, start, sharedOps };
}

/** Trains on one thread and on each team; every trainable parameter must have moved, or the comparison says little. */
async function compare(task: Task, variant: Variant, teams = TEAMS): Promise<void> {
  const alone = await train(task, variant, 1);
  expect(alone.bits.losses.every(Number.isFinite)).toBe(true);
  for (const [name, values] of Object.entries(alone.start)) {
    const isFrozen = task.frozen !== undefined && name.startsWith(task.frozen.replace("*", ""));
    if (isFrozen) expect(alone.bits[name as "losses"], name).toEqual(values);
    else expect(alone.bits[name as "losses"], name).not.toEqual(values);
  }
  expect(alone.sharedOps).toBe(0);
  for (const threads of teams.filter((count) => count > 1)) {
    const team = await train(task, variant, threads);
    expect(team.sharedOps).toBe(typeof task.sharedOps === "number" ? task.sharedOps : task.sharedOps(threads));
    expect(team.bits, `${threads} threads`).toEqual(alone.bits);
  }
}

const ce = w.softmaxCrossEntropy();
const decaying = { at: (step: number) => 0.01 / (1 + step / 50) };
const digits: Task = {
  net: w.sequential(
    w.input(64),
    w.dense(128),
    w.batchNorm(),
    w.relu(),
    w.dropout(0.2),
    w.dense(64),
    w.batchNorm(),
    w.relu(),
    w.dropout(0.2),
    w.dense(10),
  ),
  options: { loss: ce, optimizer: w.adam({ learningRate: decaying }), batchSize: 32, penalty: w.l2(1e-3), clip: w.clipNorm(0.5) },
  rows: [32, 32, 31, 32, 5],
  steps: 200,
  sharedOps: (threads) => (threads === 2 ? 32 : 35), // two threads pack three factors inside their products
};

/** Each activation between layers of odd widths; two of them with softmax inside. */
const chains: Record<string, w.Layer[]> = {
  "relu leakyRelu elu selu": [w.dense(65), w.relu(), w.dense(17), w.leakyRelu(), w.dense(7), w.elu(), w.dense(33), w.selu()],
  "gelu geluTanh silu": [w.dense(17), w.gelu(), w.dense(7), w.gelu({ approximate: "tanh" }), w.dense(65), w.silu()],
  "softplus sigmoid tanh": [w.dense(7), w.softplus(), w.dense(65), w.sigmoid(), w.dense(17), w.tanh()],
  "softsign mish softmax": [w.dense(17), w.softsign(), w.dense(7), w.mish(), w.dense(17), w.softmax()],
  "logSoftmax one three": [w.dense(3), w.logSoftmax(), w.dense(1), w.tanh(), w.dense(3), w.tanh()],
};
const chainOps = [22, 18, 18, 20, 20];

const small = w.sequential(w.input(17), w.dense(65), w.tanh(), w.dense(7));
const sgd = w.sgd({ learningRate: 0.05 });
const losses: Record<string, [task: Partial<Task>, loss: w.Loss, ops: number]> = {
  labels: [{}, ce, 10],
  "labels, weighted": [{ isWeighted: true }, w.softmaxCrossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2, 3, 1, 2, 3, 1] }), 10],
  classes: [{ kind: "classes" }, ce, 10],
  "classes, weighted": [{ kind: "classes", isWeighted: true }, ce, 10],
  mse: [{ kind: "numbers" }, w.mse(), 10],
  mae: [{ kind: "numbers", isWeighted: true }, w.mae(), 10],
  binary: [{ kind: "binary" }, w.binaryCrossEntropy({ positiveWeight: 2 }), 10],
};
const optimizers: Record<string, w.Optimizer> = {
  momentum: w.sgd({ learningRate: 0.02, momentum: 0.9, dampening: 0.1, weightDecay: 0.01 }),
  nesterov: w.sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true }),
  adagrad: w.adagrad({ learningRate: 0.02 }),
  adadelta: w.adadelta(),
  rmsprop: w.rmsprop({ learningRate: 0.002 }),
  "rmsprop momentum": w.rmsprop({ learningRate: 0.002, momentum: 0.5 }),
  "rmsprop centered": w.rmsprop({ learningRate: 0.002, centered: true }),
  "rmsprop centered momentum": w.rmsprop({ learningRate: 0.002, centered: true, momentum: 0.5 }),
  adam: w.adam({ learningRate: 0.003 }),
  amsgrad: w.adam({ learningRate: 0.003, amsgrad: true }),
  adamw: w.adamw({ learningRate: 0.003 }),
};

describe.each(variants)("the same bits of weights and slots after 200 steps, %s", (variant) => {
  test("digits: batch norm, dropout, Adam, penalty, clip by norm, a decaying rate", () => compare(digits, variant));

  test.each(Object.keys(chains).map((name, i) => [name, i] as const))("activations: %s", (name, i) => {
    const net = w.sequential(w.input(17), ...chains[name], w.dense(3));
    const options = { loss: ce, optimizer: w.adam({ learningRate: 0.003 }), batchSize: 19 };
    return compare({ net, options, rows: [19, 18, 2], steps: 200, sharedOps: chainOps[i] }, variant);
  });

  test.each(Object.keys(losses))("loss: %s", (name) => {
    const [task, loss, sharedOps] = losses[name];
    return compare(
      { net: small, options: { loss, optimizer: sgd, batchSize: 21 }, rows: [21, 20], steps: 200, sharedOps, ...task },
      variant,
    );
  });

  test.each(Object.keys(optimizers))("optimizer: %s", (name) => {
    const options = { loss: ce, optimizer: optimizers[name], batchSize: 16, clip: w.clipValue(0.1), penalty: w.elasticNet(1e-4, 1e-3) };
    return compare({ net: small, options, rows: [16], steps: 200, sharedOps: 12 }, variant);
  });

  test("frozen layers", () => {
    const net = w.sequential(w.input(17), w.dense(33), w.batchNorm(), w.relu(), w.dense(65), w.relu(), w.dense(7));
    const options = { loss: ce, optimizer: w.adam(), batchSize: 16, decay: w.decoupledDecay(1e-3) };
    return compare({ net, options, rows: [16, 9], steps: 200, frozen: "0.*", sharedOps: 21 }, variant);
  });

  test.each([1, 3, 7, 17, 65])("width %i, in and out", (width) => {
    const net = w.sequential(w.input(width), w.dense(width), w.softsign(), w.dense(width));
    const options = { loss: w.mse(), optimizer: w.adam(), batchSize: 12 };
    return compare({ net, options, rows: [12, 11], steps: 200, kind: "numbers", sharedOps: width === 65 ? 15 : 10 }, variant, [1, 2, 4]);
  });
});

describe.each(variants)("batches of 1 to 40 rows, %s", (variant) => {
  const net = w.sequential(w.input(17), w.dense(65), w.relu(), w.dropout(0.3), w.dense(5));
  const counts = Array.from({ length: 40 }, (_, i) => i + 1);

  test("in one program for 40", () => {
    const options = { loss: ce, optimizer: w.adam(), batchSize: 40 };
    return compare({ net, options, rows: counts, steps: 200, sharedOps: 13 }, variant);
  });

  test("each in a program of its own: unpacked products up to 8 rows, small ones up to 29, in the first layer packed ones above", async () => {
    for (const batchSize of counts) {
      const options = { loss: ce, optimizer: w.adam(), batchSize };
      const sharedOps = batchSize <= 29 ? 11 : 13;
      await compare({ net, options, rows: [batchSize], steps: 5, sharedOps }, variant, [1, 2, 4]);
    }
  });
});

describe.each(variants)("answers of a model, %s", (variant) => {
  const next = testNumbers(3);
  const rows = 83;
  const x = Float32Array.from({ length: rows * 17 }, next);
  const y = Int32Array.from({ length: rows }, (_, i) => (x[17 * i] > 0 ? 1 : 0) + (x[17 * i + 1] > 0.3 ? 1 : 0));
  const net = w.sequential(w.input(17), w.dense(65), w.batchNorm(), w.gelu(), w.dropout(0.3), w.dense(9), w.tanh(), w.dense(3));
  const answers = new Map<number, Record<string, unknown>>();
  beforeEach(() => answers.clear());

  test("fit with gathered rows, validation and metrics; then evaluate, gradients, predict", async () => {
    for (const threads of TEAMS) {
      const runtime = await teamOf(variant, threads);
      const model = await w.build(net, { seed: 2, runtime });
      const right = (yTrue: Int32Array | w.Tensor, yPred: w.Tensor) =>
        (yTrue as Int32Array).reduce((sum, label, i) => sum + label * yPred.data[3 * i], 0);
      const history = await model.fit(
        { x, y },
        { loss: ce, optimizer: w.adamw(), epochs: 6, batchSize: 11, validation: 0.2, metrics: { right }, callbacks: [w.earlyStopping()] },
      );
      const { data } = model.predict(x, { as: "probabilities" });
      const apart = Float32Array.from({ length: data.length }, (_, i) => {
        const row = Math.floor(i / 3);
        return model.predict(x.slice(row * 17, row * 17 + 17), { as: "probabilities" }).data[i % 3];
      });
      expect(apart).toEqual(data); // a row alone has the bits that it has in a batch
      answers.set(threads, {
        bits: bitsOf(model),
        history,
        evaluation: model.evaluate({ x, y }, { loss: ce, metrics: { right } }),
        gradients: model.gradients({ x, y }, ce),
        data,
        raw: model.predict(x),
        sampled: model.predict(x, { samples: 5, seed: 3 }),
        few: model.gradients({ x: x.slice(0, 17 * 5), y: y.slice(0, 5) }, ce),
      });
      expectTeam(runtime, variant, threads);
      expect(answers.get(threads), `${threads} threads`).toEqual(answers.get(1));
      model.dispose();
    }
    expect((answers.get(1)!.history as w.History).valRight).toHaveLength(6);
  });
});

describe.each(variants)("a net of mnist's size under the real plan, %s", (variant) => {
  const net: w.Net = w.sequential(
    w.input(784),
    w.dense(512),
    w.relu(),
    w.dropout(0.2),
    w.dense(512),
    w.relu(),
    w.dropout(0.2),
    w.dense(10),
  );
  const task: Task = { net, options: { loss: ce, optimizer: w.adam(), batchSize: 128 }, rows: [128, 100], steps: 0, sharedOps: 0 };

  test("40 steps", async () => {
    const want: unknown[] = [];
    for (const threads of [1, 2, 4]) {
      const runtime = await w.createRuntime({ numerics: variant, threads });
      const model = await w.build(net, { seed: 7, runtime });
      const trainer = await w.createTrainer(model, task.options);
      if (threads > 1) expectTeam(runtime, variant, threads);
      const batches = batchesOf(task);
      for (let step = 0; step < 40; step++) trainer.step(batches[step % 2]);
      const bits = bitsOf(model, trainer);
      if (threads === 1) want.push(bits);
      else expect(Object.keys(bits).filter((name) => !same(bits[name], (want[0] as typeof bits)[name]))).toEqual([]);
      expect(trainer.sharedOps > 10).toBe(threads > 1);
      runtime.dispose();
    }
  });
});

/** toEqual walks a million numbers slowly. */
const same = (a: Uint32Array, b: Uint32Array) =>
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
