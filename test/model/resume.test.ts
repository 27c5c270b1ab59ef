/** A run that is stopped anywhere and resumed ends with the bits of one that was not: weights, slots, history, all of its state. */
import { describe, expect, test } from "vitest";
import { batches, blobs } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { decodeRun, encodeRun, toText } from "../../src/model/runFile.ts";
import { RandomStream } from "../../src/random.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const { x: inputs, y } = blobs({ samples: 90, centers: 3, features: 4, deviation: 3, seed: 3 });
const x = inputs.data;
const data = { x, y };
const net = w.sequential(w.input(4), w.dense(17), w.batchNorm(), w.relu(), w.dropout(0.3), w.dense(3));
const loss = w.softmaxCrossEntropy({ labelSmoothing: 0.05 });

/** All that moves in a run: 8 epochs of 5 steps. Fresh callbacks for each fit, as another process would have. */
const settings = (): w.FitOptions => ({
  loss,
  optimizer: w.adam({ learningRate: w.cosineDecay({ initial: 0.03, steps: 40 }) }),
  epochs: 8,
  batchSize: 16,
  seed: 5,
  penalty: w.l2(1e-3),
  clip: w.clipNorm(1),
  validation: 0.2,
  metrics: { accuracy },
  callbacks: [w.reduceOnPlateau({ patience: 0, threshold: 0.2, factor: 0.7 }), w.earlyStopping({ patience: Infinity })],
});

interface Outcome {
  readonly model: w.Model;
  readonly history: w.History;
}

/** Everything of an outcome but the clock, and the step at which the learning rate was asked for. */
function contents({ model, history }: Outcome) {
  const { record, tensors } = decodeRun(history.state!);
  return {
    weights: model.stateDict(),
    history: { ...history },
    record: { ...record, rated: 0, shown: { ...record.shown, seconds: 0 } },
    tensors,
  };
}

type Fit = (options: w.FitOptions, seed: number) => Promise<Outcome>;

/** A fit on `given` data, of a model made anew. */
const fitter =
  (runtime: w.Runtime, description: w.Net = net, given: () => Parameters<w.Model["fit"]>[0] = () => data): Fit =>
  async (options, seed) => {
    const model = await w.build(description, { runtime, seed });
    return { model, history: await model.fit(given(), options) };
  };

const stopAt = (step: number): w.Callback => ({ onStep: (state) => (state.step === step ? "stop" : undefined) });
const withMore = (options: w.FitOptions, ...more: w.Callback[]): w.FitOptions => ({
  ...options,
  callbacks: [...(options.callbacks ?? []), ...more],
});

/** Stops after `step` steps and goes on, in a model of another seed. */
async function broken(fit: Fit, make: () => w.FitOptions, step: number, then: Fit = fit): Promise<Outcome> {
  const { history } = await fit(withMore(make(), stopAt(step)), 2);
  expect(history.stopped).toBe("callback");
  return then({ ...make(), resume: history.state! }, 99);
}

function expectSame(got: Outcome, want: Outcome, where: string): void {
  expect(contents(got), where).toEqual(contents(want));
}

const random = new RandomStream(1, 1);
const steps = Array.from({ length: 20 }, () => 1 + random.below(39));

describe.each(variants)("%s", (variant) => {
  test("stopped at 20 random steps, on 1 and on 2 threads, from one to the other", async () => {
    const two = await w.createRuntime({ numerics: variant, threads: 2, share: "always" });
    const fits = [fitter(await runtimeOf(variant)), fitter(two)];
    const whole = await fits[0]!(settings(), 2);
    expect(whole.history.epochs).toBe(8);
    expect(new Set(whole.history.learningRate).size).toBe(8);
    expect(contents(whole).record.rateFactor).toBeLessThan(0.8);
    expectSame(await fits[1]!(settings(), 2), whole, "two threads");
    for (const [k, step] of steps.entries())
      expectSame(await broken(fits[k % 2]!, settings, step, fits[(k >> 1) % 2]), whole, `step ${step}`);
    two.dispose();
  });

  test("stopped in onEpoch, by an abort, by a callback that throws, by a step that is not finite", async () => {
    const fit = fitter(await runtimeOf(variant));
    const whole = await fit(settings(), 2);
    const inEpoch = await fit(withMore(settings(), { onEpoch: ({ epoch }) => (epoch === 3 ? "stop" : undefined) }), 2);
    expectSame(await fit({ ...settings(), resume: inEpoch.history.state! }, 9), whole, "onEpoch");
    const controller = new AbortController();
    const enders: w.Callback[] = [
      { onStep: ({ step }) => void (step === 17 && controller.abort(new Error("enough"))) },
      { onEpoch: ({ epoch }) => void (epoch === 5 && controller.abort(new Error("enough"))) },
      {
        onStep({ step }) {
          if (step === 23) throw new Error("enough");
        },
      },
    ];
    for (const [k, ender] of enders.entries()) {
      const error = await fit({ ...withMore(settings(), ender), ...(k < 2 && { signal: controller.signal }) }, 2).then(
        () => expect.fail("no error"),
        (caught: Error & { history: w.History }) => caught,
      );
      if (k === 1) expect(error).toBe(controller.signal.reason);
      if (error.history === undefined) continue; // the signal had been aborted before
      expectSame(await fit({ ...settings(), resume: error.history.state! }, 9), whole, `ender ${k}`);
    }
    // A value too large for the second batch, mended before the run goes on.
    const bad = { x: x.map((value, i) => (i === 80 ? 3e38 : value)), y };
    const plain = { ...settings(), validation: undefined, callbacks: [], shuffle: false };
    const failed = await fitter(
      await runtimeOf(variant),
      net,
      () => bad,
    )(plain, 2).then(
      () => expect.fail("no error"),
      (caught: Error & { history: w.History }) => caught,
    );
    expect(failed).toBeInstanceOf(w.NonFiniteError);
    expect(decodeRun(failed.history.state!).record.position).toMatchObject({ epoch: 0, index: 1, rows: 16 });
    expectSame(await fit({ ...plain, resume: failed.history.state! }, 9), await fit(plain, 2), "not finite");
  });

  test("saved within hooks: callbacks behind the one that saves see the epoch, once", async () => {
    const fit = fitter(await runtimeOf(variant));
    const make = (saved: Uint8Array[], inStep: number) => {
      const { callbacks = [], ...rest } = settings();
      const saver: w.Callback = { onStep: ({ step }, run) => void (step === inStep && saved.push(run.save())) };
      // The first checkpoint saves before, the second after the others have seen the epoch.
      const first = w.checkpoint({ save: (bytes) => void saved.push(bytes) });
      return { ...rest, callbacks: [first, saver, ...callbacks, counter(), w.checkpoint({ save: (bytes) => void saved.push(bytes) })] };
    };
    const saved: Uint8Array[] = [];
    const whole = await fit(make(saved, 13), 2);
    expect(saved.length).toBe(17);
    const counted = contents(whole).record.callbacks.find(({ kind }) => kind === "counter")!;
    expect(counted.saved).toEqual({ steps: 40, epochs: 8 });
    for (const bytes of saved) expectSame(await fit({ ...make([], 0), resume: bytes }, 9), whole, `at ${decodeRun(bytes).record.step}`);
  });

  test.each([
    ["ema", () => w.ema({ decay: 0.9 })],
    ["swa", () => w.swa({ start: 2 })],
  ])("%s, with and without early stopping", async (_, average) => {
    const fit = fitter(await runtimeOf(variant));
    for (const others of [[], [w.earlyStopping({ patience: Infinity })]]) {
      const make = () => ({ ...settings(), callbacks: [average(), ...others] });
      const whole = await fit(make(), 2);
      for (const step of [3, 10, 14, 15, 16, 39]) expectSame(await broken(fit, make, step), whole, `step ${step}`);
      const saved: Uint8Array[] = [];
      await fit({ ...make(), callbacks: [w.checkpoint({ save: (bytes) => void saved.push(bytes) }), ...make().callbacks] }, 2);
      for (const bytes of saved) expectSame(await fit({ ...make(), resume: bytes }, 9), whole, "saved in onEpoch");
    }
  });

  test("a run that has ended goes on when epochs are raised; resumed as it was it returns what it had", async () => {
    const fit = fitter(await runtimeOf(variant));
    const whole = await fit(settings(), 2);
    const short = await fit({ ...settings(), epochs: 5 }, 2);
    expectSame(await fit({ ...settings(), resume: short.history.state!.buffer as ArrayBuffer }, 9), whole, "5 and 3 epochs");
    expectSame(await fit({ ...settings(), resume: whole.history.state! }, 9), whole, "no epochs");
    await expect(fit({ ...settings(), epochs: 4, resume: short.history.state! }, 9)).rejects.toThrow(
      "fit: epochs must be at least 5, which the run that is resumed has behind it, got 4",
    );
  });

  test("the runs after it have the random streams that they would have had", async () => {
    const runtime = await runtimeOf(variant);
    const options = { ...settings(), epochs: 2, callbacks: [] };
    const ends: w.StateDict[] = [];
    for (const stop of [[], [stopAt(7)]]) {
      const model = await w.build(net, { runtime, seed: 2 });
      await model.fit(data, options);
      const { state } = await model.fit(data, { ...options, callbacks: stop });
      const next = stop.length > 0 ? await w.load(state!, { runtime }) : model;
      if (stop.length > 0) await next.fit(data, { ...options, resume: state! });
      await next.fit(data, options);
      ends.push(next.stateDict());
    }
    expect(ends[1]).toEqual(ends[0]);
  });

  test("batches of an iterable: those of the steps behind are passed over", async () => {
    const stream = () => batches([{ x: { data: x, shape: [90, 4] }, y }], { batchSize: 16, buffer: 40, seed: 3 });
    const fit = fitter(await runtimeOf(variant), net, stream as never);
    const make = () => ({ ...settings(), validation: undefined, callbacks: [], stepsPerEpoch: 4 }); // 6 batches a pass
    const whole = await fit(make(), 2);
    for (const step of [1, 4, 6, 13, 31]) expectSame(await broken(fit, make, step), whole, `step ${step}`);
    const controller = new AbortController();
    const { history } = await fit(withMore(make(), stopAt(13)), 2);
    const endless = {
      *[Symbol.iterator]() {
        for (;;) {
          controller.abort(new Error("enough"));
          for (const end = performance.now() + 30; performance.now() < end; );
          yield { x: x.slice(0, 64), y: y.slice(0, 16) };
        }
      },
    };
    const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 9 });
    const error = await model.fit(endless, { ...make(), resume: history.state!, signal: controller.signal }).catch((caught) => caught);
    expect(error.message).toBe("enough");
    expectSame(await fit({ ...make(), resume: error.history.state }, 9), whole, "aborted while it passes over");
  });

  test("lbfgs, before and after it is stuck", async () => {
    const smooth = w.sequential(w.input(4), w.batchNorm(), w.dense(3)); // convex: it gets stuck at the end
    const fit = fitter(await runtimeOf(variant), smooth);
    const make = (): w.FitOptions => ({
      loss,
      optimizer: w.lbfgs({ history: 4 }),
      epochs: 300,
      batchSize: "full",
      penalty: w.l2(0.1),
      metrics: { accuracy },
    });
    const whole = await fit(make(), 2);
    const stuck = whole.history.learningRate.indexOf(0);
    expect(stuck).toBeGreaterThan(9);
    for (const step of [1, 3, 9, stuck, stuck + 1, stuck + 2, 299])
      expectSame(await broken(fit, make, step), whole, `step ${step} of ${stuck}`);
  });

  test("batches that make one update together: those that wait for theirs are taken again", async () => {
    const fit = fitter(await runtimeOf(variant));
    const make = () => ({ ...settings(), accumulate: 2 });
    const whole = await fit(make(), 2);
    expect(contents(whole).record.step).toBe(24); // 5 batches are 3 updates
    for (const step of [1, 3, 10, 23]) expectSame(await broken(fit, make, step), whole, `step ${step}`);
    let left = Infinity;
    const moody = w.customLoss({
      value(t, p) {
        if (--left === 0) throw new Error("enough");
        return p.data.reduce((sum, value, i) => sum + (value - t.data[i]!) * (value - t.data[i]!), 0) / p.shape[0]!;
      },
      gradient: (t, p) => p.data.map((value, i) => (2 * (value - t.data[i]!)) / p.shape[0]!),
    });
    const targets = {
      x,
      y: { data: Float32Array.from({ length: 270 }, (_, i) => (y[Math.floor(i / 3)] === i % 3 ? 1 : 0)), shape: [90, 3] },
    };
    const custom = fitter(await runtimeOf(variant), net, () => targets);
    const near = (yTrue: unknown, yPred: w.Tensor) => yPred.data.reduce((sum, value, i) => sum + value * (yTrue as w.Tensor).data[i]!, 0);
    const own = () => ({ ...make(), loss: moody, validation: undefined, metrics: { near }, callbacks: [w.ema({ decay: 0.8 })] });
    const end = await custom(own(), 2);
    for (const batch of [1, 2, 5, 8, 9, 21]) {
      left = batch;
      const error: { history: w.History } = await custom(own(), 2).catch((caught) => caught);
      left = Infinity;
      expect(decodeRun(error.history.state!).record.position.index % 2).toBe(0);
      expectSame(await custom({ ...own(), resume: error.history.state! }, 9), end, `batch ${batch}`);
    }
  });

  test("a trainer's checkpoint: epoch and position from its steps", async () => {
    const runtime = await runtimeOf(variant);
    const { penalty, clip, optimizer } = settings();
    const steps = { loss, optimizer: optimizer as w.Optimizer, penalty, clip, seed: 5, batchSize: 16 };
    const options = { ...steps, epochs: 4, shuffle: false };
    const whole = await fitter(runtime)(options, 2);
    for (const count of [7, 12]) {
      const model = await w.build(net, { runtime, seed: 2 });
      const trainer = await w.createTrainer(model, steps);
      for (let step = 0; step < count; step++) {
        const at = (step % 6) * 16;
        trainer.step({ x: x.slice(at * 4, (at + 16) * 4), y: y.slice(at, at + 16) });
      }
      const { model: after, history } = await fitter(runtime)({ ...options, resume: trainer.checkpoint() }, 9);
      expect(after.stateDict()).toEqual(whole.model.stateDict());
      const epochs = Math.floor(count / 6);
      expect(history.epochs).toBe(4);
      expect(history.loss.slice(0, epochs)).toEqual(new Array(epochs).fill(Number.NaN));
      expect(history.loss.slice(2)).toEqual(whole.history.loss.slice(2));
      expect(history.valLoss).toEqual([]);
      expect(history.penalty[epochs - 1]).toBe(Number.NaN);
      expect(decodeRun(history.state!).tensors).toEqual(decodeRun(whole.history.state!).tensors);
      expect(() => trainer.restore({ ...trainer.checkpoint(), optimizer: "sgd" })).toThrow(w.FormatError);
      await expect(fitter(runtime)({ ...options, seed: 6, resume: trainer.checkpoint() }, 9)).rejects.toThrow(
        "fit: resume: seed must be what it was in the run that is resumed: 5, got 6",
      );
    }
  });
});

/** Counts what it is shown, and remembers it across a resume. */
function counter(): w.Callback {
  let steps = 0;
  let epochs = 0;
  return {
    kind: "counter",
    onStart() {
      steps = 0;
      epochs = 0;
    },
    onStep: () => void steps++,
    onEpoch: () => void epochs++,
    save: () => ({ steps, epochs }),
    load(saved) {
      ({ steps, epochs } = saved as { steps: number; epochs: number });
    },
  };
}

describe("what does not fit is refused, and nothing is written", () => {
  const make = (): w.FitOptions => ({ ...settings(), groups: [{ match: "4.*", weightDecay: 0.1 }] });
  const other = w.sequential(w.input(4), w.dense(17), w.batchNorm(), w.relu(), w.dropout(0.25), w.dense(3));
  const cases: [string, Partial<w.FitOptions>, string][] = [
    ["loss", { loss: w.softmaxCrossEntropy({ labelSmoothing: 0.1 }) }, "loss must be what it was"],
    ["loss weights", { loss: w.softmaxCrossEntropy({ labelSmoothing: 0.05, classWeights: [1, 1, 2] }) }, "loss must be what it was"],
    ["optimizer", { optimizer: w.adamw() }, 'optimizer must be what it was in the run that is resumed: "adam", got "adamw"'],
    ["beta1", { optimizer: w.adam({ beta1: 0.8 }) }, "the optimizer's options must be"],
    ["schedule", { optimizer: w.adam({ learningRate: w.cosineDecay({ initial: 0.03, steps: 41 }) }) }, "learningRate must be what"],
    ["batchSize", { batchSize: 24 }, "the steps of an epoch must be what it was in the run that is resumed: 5, got 3"],
    ["accumulate", { accumulate: 2 }, "accumulate must be what it was in the run that is resumed: 1, got 2"],
    ["batchSize, as many steps", { batchSize: 17 }, "batchSize must be what it was in the run that is resumed: 16, got 17"],
    ["penalty", { penalty: undefined }, "penalty must be what it was in the run that is resumed: "],
    [
      "clip",
      { clip: w.clipNorm(2) },
      'clip must be what it was in the run that is resumed: {"kind":"norm","max":1}, got {"kind":"norm","max":2}',
    ],
    ["decay", { decay: w.decoupledDecay(0.1) }, "decay must be what it was in the run that is resumed: none, got "],
    ["constraint", { constraint: w.maxNorm(3) }, "constraint must be what"],
    ["groups", { groups: [{ match: "4.*", weightDecay: 0.2 }] }, "groups must be what"],
    ["seed", { seed: 6 }, "seed must be what it was in the run that is resumed: 5, got 6"],
    ["shuffle", { shuffle: false }, "shuffle must be what it was in the run that is resumed: true, got false"],
    ["validation", { validation: 18 }, "validation must be what it was in the run that is resumed: 0.2, got 18"],
    ["metrics", { metrics: { accuracy, right: accuracy } }, 'metrics must be what it was in the run that is resumed: ["accuracy"], got'],
    ["average", { callbacks: [...make().callbacks!, w.ema()] }, "ema or swa among callbacks must be what"],
    ["callbacks", { callbacks: make().callbacks!.slice(1) }, "callbacks must hold reduceOnPlateau as in the run that is resumed"],
    ["nothing", { resume: 3 as never }, "must be history.state, what checkpoint saves, or what trainer.checkpoint() gives, got 3"],
  ];

  test.each(cases)("another %s", async (_, change, message) => {
    const runtime = await runtimeOf("portable");
    const { history } = await fitter(runtime)(withMore(make(), stopAt(8)), 2);
    const model = await w.build(net, { runtime, seed: 9 });
    const before = model.stateDict();
    const error = await model.fit(data, { ...make(), resume: history.state!, ...change }).catch((caught) => caught);
    expect(error).toBeInstanceOf(w.OptionError);
    expect(error.message).toContain(`fit: resume${message.startsWith("must") ? " " : ": "}${message}`);
    expect(model.stateDict()).toEqual(before);
    expect(model.state.runs).toBe(0);
  });

  test("another net, other frozen layers, other data", async () => {
    const runtime = await runtimeOf("portable");
    const { history } = await fitter(runtime)(withMore(make(), stopAt(8)), 2);
    const resume = history.state!;
    await expect(fitter(runtime, other)({ ...make(), resume }, 9)).rejects.toThrow("fit: resume: the net must be what it was");
    const model = await w.build(net, { runtime });
    model.freeze("0.*");
    await expect(model.fit(data, { ...make(), resume })).rejects.toThrow(
      'fit: resume: frozen parameters must be what it was in the run that is resumed: [], got ["0.weight","0.bias"]',
    );
    await expect(model.fit({ x: x.slice(0, 356), y: y.slice(0, 89) }, { ...make(), resume })).rejects.toThrow(
      "fit: resume: the rows of data must be",
    );
  });

  test("damaged bytes: every byte that is changed, every length that is cut, is a FormatError", async () => {
    const runtime = await runtimeOf("portable");
    const small = w.sequential(w.input(4), w.dense(3));
    const options = { loss, optimizer: w.sgd({ momentum: 0.9 }), epochs: 1, callbacks: [w.earlyStopping({ monitor: "loss" })] };
    const { history } = await fitter(runtime, small)(options, 2);
    const bytes = history.state!;
    expect(decodeRun(bytes).record.step).toBe(3);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      expect(() => decodeRun(damaged), `byte ${at}`).toThrow(w.FormatError);
      if (at % 7 === 0) expect(() => decodeRun(bytes.slice(0, at)), `${at} bytes`).toThrow(w.FormatError);
    }
    const model = await w.build(small, { runtime });
    const before = model.stateDict();
    await expect(model.fit(data, { ...options, resume: bytes.slice(0, 99) })).rejects.toThrow(w.FormatError);
    await expect(model.fit(data, { ...options, resume: model.save() })).rejects.toThrow("fit: resume: the bytes hold no run.");
    expect(model.stateDict()).toEqual(before);
  });
});

test("1000 forged states with a right checksum: refused, or resumed; never another error", async () => {
  const runtime = await runtimeOf("portable");
  const options = { ...settings(), epochs: 3 };
  const { history, model } = await fitter(runtime)(withMore(options, stopAt(8)), 2);
  const honest = decodeRun(history.state!);
  const next = new RandomStream(9, 9);
  const pick = <T>(from: readonly T[]): T => from[next.below(from.length)]!;
  const values = [null, undefined, -1, 0, 1, 2.5, 1e9, Number.NaN, "", "text", [], [null], [1], {}, { saved: 1 }, true];
  /** Changes one entry at a random depth. */
  const spoil = (value: object): void => {
    const key = pick(Object.keys(value));
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner === "object" && inner !== null && Object.keys(inner).length > 0 && next.below(3) > 0) spoil(inner);
    else (value as Record<string, unknown>)[key] = pick(values);
  };
  let resumed = 0;
  for (let k = 0; k < 1000; k++) {
    const record = structuredClone(honest.record);
    const names = Object.keys(honest.tensors).filter((name) => name.startsWith("resume."));
    const tensors = Object.fromEntries(names.map((name) => [name, honest.tensors[name]!]));
    if (k % 4 > 0) spoil(record);
    if (k % 4 === 0 && next.below(2) > 0) delete tensors[pick(names)];
    else if (k % 4 === 0) tensors[pick(names)] = { data: new Float32Array(3), shape: [3] };
    const forged = encodeRun(model.state, { record: toText(record), tensors });
    const error = await model.fit(data, { ...options, callbacks: settings().callbacks!, resume: forged }).then(
      () => undefined,
      (caught) => caught,
    );
    if (error === undefined) resumed++;
    else if (!(error instanceof w.FormatError || error instanceof w.OptionError)) throw error;
  }
  expect(resumed).toBeGreaterThan(20);
  expect(resumed).toBeLessThan(800);
});

test("the state of another variant goes on, and runtime.info says so", async () => {
  if (variants.length < 2) return;
  const fast = await w.createRuntime({ numerics: "fast" });
  const portable = await w.createRuntime({ numerics: "portable" });
  const { history } = await fitter(fast)(withMore(settings(), stopAt(8)), 2);
  const note = "a run that began on the fast binary goes on on portable";
  await fitter(fast)({ ...settings(), resume: history.state! }, 9);
  expect(fast.info.notes.join()).not.toContain("a run that began");
  const after = await fitter(portable)({ ...settings(), resume: history.state! }, 9);
  expect(after.history.epochs).toBe(8);
  expect(portable.info.notes.join()).toContain(note);
  const again = await w.createRuntime({ numerics: "portable" });
  const trainers = await Promise.all(
    [fast, again].map(async (runtime) => w.createTrainer(await w.build(net, { runtime }), { loss, optimizer: w.sgd() })),
  );
  trainers[1]!.restore(trainers[0]!.checkpoint());
  expect(again.info.notes.join()).toContain(note);
  for (const runtime of [fast, portable, again]) runtime.dispose();
});

test("history.state is no part of JSON, logs and comparisons", async () => {
  const { history } = await fitter(await runtimeOf("portable"))({ ...settings(), epochs: 1 }, 2);
  expect(Object.keys(history)).not.toContain("state");
  expect(history.state).toBeInstanceOf(Uint8Array);
});
