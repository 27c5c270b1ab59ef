/** How a fit may end (epochs, patience, a callback, an abort, an error), which weights remain, and that the event loop lives on. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { testNumbers } from "../kernels/harness.ts";
import { runtimeOf } from "./runtimes.ts";

const next = testNumbers(77);
const x = Float32Array.from({ length: 48 * 3 }, next);
const y = Int32Array.from({ length: 48 }, (_, i) => (x[3 * i] > 0 ? 1 : 0));
const data = { x, y };
const loss = w.softmaxCrossEntropy();
const net = w.sequential(w.input(3), w.dense(8), w.batchNorm(), w.tanh(), w.dense(2));

const make = async () => w.build(net, { runtime: await runtimeOf("portable"), seed: 6 });

/** Validation loss first falls, then rises: the rate is far too high from step `turn` on. */
const turning = (turn: number) => w.sgd({ learningRate: { at: (step) => (step < turn ? 0.1 : 8) } });

/** Keeps the state of every epoch; put it after earlyStopping. */
function recorder(model: w.Model) {
  const states: w.StateDict[] = [];
  return { states, onEpoch: () => void states.push(model.stateDict()) };
}

async function caught(promise: Promise<unknown>): Promise<Error & { history?: w.History }> {
  return promise.then(
    () => expect.fail("no error was thrown"),
    (error: unknown) => error as Error,
  );
}

describe("early stopping ends with the best weights and statistics", () => {
  // 4 steps an epoch; epochs 0 to 2 are good, the later ones are not.
  const options = { loss, optimizer: turning(12), batchSize: 10, validation: 12, epochs: 8 };

  function expectBest(model: w.Model, history: w.History, states: w.StateDict[]): void {
    const best = history.valLoss.indexOf(Math.min(...history.valLoss));
    expect(best).toBeLessThan(history.valLoss.length - 1); // else last and best are the same
    expect(history.bestEpoch).toBe(best);
    expect(model.stateDict()).toEqual(states[best]);
    expect(model.stateDict()).not.toEqual(states.at(-1));
  }

  test("at the end", async () => {
    const model = await make();
    const record = recorder(model);
    const history = await model.fit(data, { ...options, callbacks: [w.earlyStopping({ patience: Infinity }), record] });
    expect(history).toMatchObject({ stopped: "epochs", epochs: 8 });
    expectBest(model, history, record.states);
  });

  test("when patience is over", async () => {
    const model = await make();
    const record = recorder(model);
    const history = await model.fit(data, { ...options, epochs: 50, callbacks: [w.earlyStopping({ patience: 2 }), record] });
    expect(history.stopped).toBe("callback");
    expect(history.epochs).toBe(history.bestEpoch + 3);
    expectBest(model, history, record.states);
  });

  test("when another callback stops in the middle of an epoch", async () => {
    const model = await make();
    const record = recorder(model);
    const stop: w.Callback = { onStep: ({ step }) => (step === 22 ? "stop" : undefined) };
    const history = await model.fit(data, { ...options, callbacks: [stop, w.earlyStopping(), record] });
    expect(history).toMatchObject({ stopped: "callback", epochs: 5 });
    expectBest(model, history, record.states);
  });

  test("when it is aborted", async () => {
    const model = await make();
    const record = recorder(model);
    const controller = new AbortController();
    const reason = new RangeError("enough");
    const abort: w.Callback = { onStep: ({ step }) => void (step === 22 && controller.abort(reason)) };
    const callbacks = [abort, w.earlyStopping(), record];
    const error = await caught(model.fit(data, { ...options, callbacks, signal: controller.signal }));
    expect(error).toBe(reason);
    expect(error.history).toMatchObject({ stopped: "aborted", epochs: 5 });
    expectBest(model, error.history!, record.states);
  });

  test("when a step is not finite", async () => {
    const model = await make();
    const record = recorder(model);
    const optimizer = w.sgd({ learningRate: { at: (step) => (step < 12 ? 0.1 : step < 20 ? 8 : 1e38) } });
    const error = await caught(model.fit(data, { ...options, optimizer, callbacks: [w.earlyStopping(), record] }));
    expect(error).toBeInstanceOf(w.NonFiniteError);
    expect(error.history!.stopped).toBe("failed");
    expectBest(model, error.history!, record.states);
  });

  test("when a callback throws", async () => {
    const model = await make();
    const record = recorder(model);
    const fails: w.Callback = {
      onStep({ step }) {
        if (step === 22) throw new SyntaxError("mine");
      },
    };
    const error = await caught(model.fit(data, { ...options, callbacks: [w.earlyStopping(), fails, record] }));
    expect(error.message).toBe("mine");
    expectBest(model, error.history!, record.states);
  });

  // The epoch was validated and is the best: an exit between its onEpoch calls must not lose it.
  test.each(["abort", "throw"])("when the best epoch's own onEpoch ends the run: %s", async (how) => {
    const model = await make();
    const record = recorder(model);
    const controller = new AbortController();
    const end: w.Callback = {
      onEpoch({ epoch }) {
        if (epoch !== 1) return;
        if (how === "abort") controller.abort();
        else throw new Error("mine");
      },
    };
    const callbacks = [w.earlyStopping(), record, end];
    const error = await caught(model.fit(data, { ...options, callbacks, signal: controller.signal }));
    expect(error.history!.valLoss.length).toBe(2);
    expect(error.history!.valLoss[1]).toBeLessThan(error.history!.valLoss[0]);
    expect(error.history!.bestEpoch).toBe(1);
    expect(model.stateDict()).toEqual(record.states[1]);
  });

  test("by another monitor and mode: the highest validation metric", async () => {
    const model = await make();
    const record = recorder(model);
    const score = [3, 5, 4, 5, 1];
    let calls = 0;
    const metric = (_: Int32Array | w.Tensor, __: w.Tensor) => score[Math.floor(calls++ / 2)];
    const callbacks = [w.earlyStopping({ monitor: "valScore", patience: 3 }), record];
    const history = await model.fit(data, { ...options, metrics: { score: metric }, callbacks });
    expect(history).toMatchObject({ bestEpoch: 1, epochs: 5, valScore: score });
    expect(model.stateDict()).toEqual(record.states[1]);
  });

  test("one callback serves one fit after the other", async () => {
    const stopping = w.earlyStopping({ patience: 2 });
    const [a, b] = [await make(), await make()];
    const first = await a.fit(data, { ...options, callbacks: [stopping] });
    const second = await b.fit(data, { ...options, callbacks: [stopping] });
    expect(second).toEqual(first);
    expect(b.stateDict()).toEqual(a.stateDict());
  });
});

describe("without early stopping the last whole step remains", () => {
  const options = { loss, optimizer: w.adam({ learningRate: 0.05 }), batchSize: 10, shuffle: false, epochs: 9, seed: 3 };

  /** The state after so many steps by hand. */
  async function stateAfter(steps: number): Promise<w.StateDict> {
    const model = await make();
    const trainer = await w.createTrainer(model, { loss, optimizer: options.optimizer, batchSize: 10, seed: 3 });
    for (let step = 0; step < steps; step++) {
      const from = (step % 5) * 10;
      const to = Math.min(from + 10, 48);
      trainer.step({ x: x.slice(from * 3, to * 3), y: y.slice(from, to) });
    }
    return model.stateDict();
  }

  test("after a stop in onStep, in onEpoch, in onStart", async () => {
    const stopAt = async (callback: w.Callback) => {
      const model = await make();
      return { history: await model.fit(data, { ...options, callbacks: [callback] }), state: model.stateDict() };
    };
    const inStep = await stopAt({ onStep: ({ step }) => (step === 7 ? "stop" : undefined) });
    expect(inStep.history).toMatchObject({ stopped: "callback", epochs: 1 });
    expect(inStep.history.loss.length).toBe(1);
    expect(inStep.state).toEqual(await stateAfter(7));
    const later = await stopAt({ onStep: async ({ step }) => (step === 7 ? "stop" : undefined) });
    expect(later.state).toEqual(inStep.state);
    const inEpoch = await stopAt({ onEpoch: async ({ epoch }) => (epoch === 1 ? "stop" : undefined) });
    expect(inEpoch.history).toMatchObject({ stopped: "callback", epochs: 2 });
    expect(inEpoch.state).toEqual(await stateAfter(10));
    const atStart = await stopAt({ onStart: () => "stop" });
    expect(atStart.history).toMatchObject({ stopped: "callback", epochs: 0, loss: [], bestEpoch: -1 });
    expect(atStart.state).toEqual(await stateAfter(0));
  });

  test("after an abort: the signal's reason, with history; the model can be trained again", async () => {
    const model = await make();
    const controller = new AbortController();
    const callbacks: w.Callback[] = [{ onStep: ({ step }) => void (step === 13 && controller.abort()) }];
    const error = await caught(model.fit(data, { ...options, callbacks, signal: controller.signal }));
    expect(error.name).toBe("AbortError");
    expect(error).toBe(controller.signal.reason);
    expect(error.history).toMatchObject({ stopped: "aborted", epochs: 2 });
    expect(model.stateDict()).toEqual(await stateAfter(13));
    expect((await model.fit(data, { ...options, epochs: 1 })).stopped).toBe("epochs");
  });

  test("a reason that is no object, and a signal that was aborted before", async () => {
    const model = await make();
    const before = model.stateDict();
    const controller = new AbortController();
    const callbacks: w.Callback[] = [{ onEpoch: () => controller.abort("text") }];
    expect(await caught(model.fit(data, { ...options, callbacks, signal: controller.signal }))).toBe("text");
    const other = await make();
    expect(await caught(other.fit(data, { ...options, signal: AbortSignal.abort("early") }))).toBe("early");
    expect(other.stateDict()).toEqual(before);
  });

  test("onEnd is called once on every exit, and its own error does not hide the first one", async () => {
    const ends: string[] = [];
    const watch: w.Callback = { onEnd: ({ history }) => void ends.push(history.stopped) };
    const model = await make();
    await model.fit(data, { ...options, epochs: 1, callbacks: [watch] });
    await model.fit(data, { ...options, callbacks: [watch, { onStep: () => "stop" }] });
    const fails: w.Callback = {
      onStep() {
        throw new Error("first");
      },
      onEnd() {
        throw new Error("second");
      },
    };
    const error = await caught(model.fit(data, { ...options, callbacks: [watch, fails] }));
    expect(error.message).toBe("first");
    expect(error.history!.notes).toEqual(["onEnd failed too: Error: second"]);
    expect(ends).toEqual(["epochs", "callback", "failed"]);
  });

  test("an error in onEnd after a whole run carries history too", async () => {
    const model = await make();
    const callbacks: w.Callback[] = [{ onEnd: () => Promise.reject(new Error("mine")) }];
    const error = await caught(model.fit(data, { ...options, epochs: 2, callbacks }));
    expect(error.message).toBe("mine");
    expect(error.history).toMatchObject({ stopped: "epochs", epochs: 2 });
    expect(model.stateDict()).toEqual(await stateAfter(10));
  });

  test("an iterable that ends, throws, or gives a bad batch", async () => {
    const part = { x: x.slice(0, 30), y: y.slice(0, 10) };
    const model = await make();
    const run = (batches: unknown, stepsPerEpoch = 4) => caught(model.fit(batches as never, { ...options, stepsPerEpoch }));
    expect((await run([])).message).toContain("fit: the iterable of batches ended, and gave none when it was started again");
    function* broken() {
      yield part;
      throw new RangeError("mine");
    }
    const thrown = await run(broken());
    expect(thrown).toBeInstanceOf(RangeError);
    expect(thrown.history).toMatchObject({ stopped: "failed", epochs: 0 });
    const bad = await run([part, { x: part.x, y: new Int32Array(10).fill(2) }]);
    expect(bad).toBeInstanceOf(w.DataError);
    expect(bad.message).toBe("fit: y must be integer labels in [0, 2), got 2 at row 0. Labels count from 0.");
    expect(bad.history).toMatchObject({ stopped: "failed" });
    expect((await run([{ x: new Float32Array(33), y: new Int32Array(11) }])).message).toBe(
      "fit: x must have at most 10 rows (the batch size), got 11. Cut it into smaller batches.",
    );
  });
});

describe("callbacks", () => {
  test("are called in order, with the state of that moment", async () => {
    const model = await make();
    const calls: string[] = [];
    const show = (name: string) => (s: w.TrainingState) =>
      void calls.push(
        `${name} ${s.epoch}/${s.epochs} ${s.step} ${s.stepInEpoch}/${s.stepsPerEpoch} ${s.rows} ${s.valLoss === undefined ? "-" : "v"}`,
      );
    const callbacks = [{ onStart: show("start"), onStep: show("step"), onEpoch: show("epoch"), onEnd: show("end") }];
    await model.fit(data, { loss, optimizer: w.sgd(), epochs: 2, batchSize: 20, validation: 8, callbacks });
    expect(calls).toEqual([
      "start 0/2 0 0/2 0 -",
      "step 0/2 1 1/2 20 -",
      "step 0/2 2 2/2 40 -",
      "epoch 0/2 2 2/2 40 v",
      "step 1/2 3 1/2 20 -",
      "step 1/2 4 2/2 40 -",
      "epoch 1/2 4 2/2 40 v",
      "end 1/2 4 2/2 40 v",
    ]);
  });

  test("may predict, evaluate and save, but not change the model that is being trained", async () => {
    const model = await make();
    const refused: string[] = [];
    const tries: Record<string, () => unknown> = {
      loadStateDict: () => model.loadStateDict(model.stateDict()),
      freeze: () => model.freeze("0.*"),
      reinitialize: () => model.reinitialize("*"),
      dispose: () => model.dispose(),
    };
    const onStep = async () => {
      for (const [name, run] of Object.entries(tries)) {
        expect(run).toThrow(w.WorkerError);
        expect(run).toThrow(`${name}: the model is being trained by fit. Wait until that has ended`);
      }
      await expect(model.fit(data, { loss, optimizer: w.sgd() })).rejects.toThrow(
        "fit: the model is being trained by fit. Wait until that has ended",
      );
      await expect(w.createTrainer(model, { loss, optimizer: w.sgd() })).rejects.toThrow(w.WorkerError);
      expect(model.predict(x).shape).toEqual([48, 2]);
      expect(model.evaluate(data, { loss }).loss).toBeGreaterThan(0);
      expect(model.save().length).toBeGreaterThan(100);
      refused.push("all");
    };
    const plain = await make();
    const options = { loss, optimizer: w.adam(), epochs: 1, batchSize: 24 };
    await model.fit(data, { ...options, callbacks: [{ onStep }] });
    await plain.fit(data, options);
    expect(refused.length).toBe(2);
    expect(model.stateDict()).toEqual(plain.stateDict());
  });
});

test("two fits at once on one model: the second is refused, the first goes on", async () => {
  const [model, plain] = [await make(), await make()];
  const options = { loss, optimizer: w.adam(), epochs: 3 };
  const first = model.fit(data, options);
  const error = await caught(model.fit(data, options));
  expect(error).toBeInstanceOf(w.WorkerError);
  expect(error.message).toBe("fit: the model is being trained by fit. Wait until that has ended");
  expect((await first).epochs).toBe(3);
  await plain.fit(data, options);
  expect(model.stateDict()).toEqual(plain.stateDict());
});

test("two models of one runtime fit at once, and have the bits that each has alone", async () => {
  const [a, b, alone] = [await make(), await make(), await make()];
  const slow: w.Callback = { onStep: () => new Promise((resolve) => setImmediate(resolve)) };
  const options = { loss, optimizer: w.adam(), epochs: 4, batchSize: 10, callbacks: [slow] };
  const both = await Promise.all([a.fit(data, options), b.fit(data, options)]);
  const history = await alone.fit(data, { ...options, callbacks: [] });
  expect(both).toEqual([history, history]);
  expect(a.stateDict()).toEqual(alone.stateDict());
  expect(b.stateDict()).toEqual(alone.stateDict());
});

test("the event loop turns during a long fit: timers fire, and an abort from outside is heard", async () => {
  const model = await make();
  const gaps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    gaps.push(performance.now() - last);
    last = performance.now();
  }, 1);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 600);
  const start = performance.now();
  const error = await caught(model.fit(data, { loss, optimizer: w.sgd(), epochs: 1e9, batchSize: 10, signal: controller.signal }));
  clearInterval(timer);
  expect(error.name).toBe("AbortError");
  expect(error.history!.epochs).toBeGreaterThan(1000);
  expect(performance.now() - start).toBeLessThan(1500);
  // 20 ms between pauses; the median leaves room for a machine that is busy with something else.
  const sorted = gaps.sort((a, b) => a - b);
  expect(gaps.length).toBeGreaterThan(5);
  expect(sorted[sorted.length >> 1]).toBeLessThan(60);
});

test("a long epoch without step callbacks turns the event loop too", async () => {
  const model = await make();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const rows = 200_000;
  const many = { x: new Float32Array(rows * 3).fill(0.5), y: new Int32Array(rows) };
  const start = performance.now();
  await model.fit(many, { loss, optimizer: w.sgd(), epochs: 1, batchSize: 4, shuffle: false });
  const took = performance.now() - start;
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(Math.floor(took / 80) - 1);
});
