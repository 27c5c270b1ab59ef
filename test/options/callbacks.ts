/** Callbacks of fit. */
import * as w from "../../src/index.ts";
import { batch, fitted, floats } from "./scenes.ts";
import type { Options, TableOf } from "./types.ts";

/** Validation data that training makes worse: a run overfits at once. */
const validation = { x: batch.x, y: { data: floats(9, 16).map((v) => 3 * v), shape: [8, 2] } };

/** A metric that rises over one run of it: 0, 1, 2... */
const rising = (): w.Metric => {
  let value = 0;
  return () => value++;
};

const withCallback = (callback: w.Callback, own: Partial<w.FitOptions> = {}): ReturnType<typeof fitted> =>
  fitted({ validation, metrics: { rising: rising() }, callbacks: [callback], ...own });

/** Epochs after which a checkpoint was saved. */
const savedBy = async (o: w.CheckpointOptions): Promise<unknown> => {
  const saved: number[] = [];
  await withCallback(w.checkpoint({ ...o, save: (_, { epoch }) => void saved.push(epoch) }));
  return saved;
};

const rates = async (o: w.ReduceOnPlateauOptions): Promise<unknown> => (await withCallback(w.reduceOnPlateau(o))).history.learningRate;
const bored = { monitor: "rising", mode: "min", patience: 1 } as const;

const quiet = () => ({ isTerminal: false, columns: 80, write: () => undefined, line: () => undefined });

/** What a terminal was given. */
const shown = async ({ terminal = quiet(), clock = ticking(7) }: w.ProgressBarOptions): Promise<string> => {
  let text = "";
  const add = (part: string) => {
    text += part;
  };
  await withCallback(w.progressBar({ terminal: { ...terminal, write: add, line: add }, clock }));
  return text;
};

/** A clock that goes on by so many milliseconds at each look, from 0 in each run: seconds since the last reset do not count. */
const ticking = (milliseconds: number) => {
  let now = 0;
  return () => {
    now += milliseconds;
    return now;
  };
};

export const callbacks = {
  ema: { differs: "the weights that remain", see: async (o) => (await withCallback(w.ema(o))).weights, rows: { decay: [0.5, 0.9] } },
  swa: { differs: "the weights that remain", see: async (o) => (await withCallback(w.swa(o))).weights, rows: { start: [1, 9] } },
  earlyStopping: {
    differs: "history and weights",
    see: (o) => withCallback(w.earlyStopping(o)),
    rows: {
      monitor: [undefined, "loss"],
      mode: { effect: ["min", "max"], with: { monitor: "loss" } },
      patience: { effect: [1, 3], with: { monitor: "rising", mode: "min" } },
      minDelta: { effect: [0, 1e3], with: { monitor: "loss", patience: 2 } },
    },
  },
  checkpoint: {
    differs: "the epochs that are saved",
    base: { save: () => undefined },
    see: savedBy,
    rows: {
      save: {
        effect: [() => undefined, () => Promise.reject(new Error("full"))],
        differs: "what save does",
        see: (o) => withCallback(w.checkpoint(o)).then(() => "saved", String),
      },
      weightsOnly: {
        effect: [false, true],
        differs: "whether files grow with the run",
        see: async (o) => {
          const bytes: number[] = [];
          await withCallback(w.checkpoint({ ...o, save: (file) => void bytes.push(file.length) }));
          return bytes.at(-1)! > bytes[0] + 100; // what the run has measured grows
        },
      },
      every: [1, 5],
      best: { effect: [false, true], with: { monitor: "rising", mode: "min" } },
      monitor: { effect: ["loss", "rising"], with: { best: true, mode: "min" } },
      mode: { effect: ["min", "max"], with: { best: true, monitor: "rising" } },
    },
  },
  gradientFlow: {
    differs: "the epochs that are measured",
    see: async (o) => {
      const flow = w.gradientFlow(o);
      await withCallback(flow);
      return flow.rows;
    },
    rows: { every: [1, 5] },
  },
  progressBar: {
    differs: "what is shown",
    see: shown,
    rows: {
      terminal: [quiet(), { ...quiet(), columns: 20, isTerminal: true }],
      clock: [ticking(1), ticking(90_000)],
    },
  },
  reduceOnPlateau: {
    differs: "the learning rate of each epoch",
    see: rates,
    rows: {
      monitor: { effect: ["rising", "loss"], with: { mode: "min", patience: 1 } },
      mode: { effect: ["min", "max"], with: { monitor: "rising", patience: 1 } },
      factor: { effect: [undefined, 0.5], with: bored },
      patience: { effect: [1, 3], with: bored },
      threshold: { effect: [0, 0.9], with: { monitor: "rising", mode: "max", patience: 1 } },
      thresholdMode: { effect: ["relative", "absolute"], with: { monitor: "rising", mode: "max", patience: 0, threshold: 0.9 } },
      cooldown: { effect: [0, 4], with: bored },
      min: { effect: [0, 0.005], with: bored },
    },
  },
  timeLimit: {
    differs: "how long the run is",
    see: (o) => fitted({ callbacks: [w.timeLimit(1000, o)] }),
    rows: { clock: [() => 0, ticking(300_000)] },
  },
} satisfies Partial<TableOf<Options["whetstone"]>>;
