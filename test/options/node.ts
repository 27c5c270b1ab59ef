/** whetstone/node. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCsv } from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import * as n from "../../src/node/index.ts";
import { build, fitted, folder, outcome, small, weightsOf } from "./scenes.ts";
import type { Options, TableOf } from "./types.ts";

const csv = join(folder, "table.csv");
writeFileSync(csv, "a,b,c\n1,2,x\n3,NA,y\n5,6,y\n7,8,z\n");
const other = await w.createRuntime({ numerics: "portable", threads: 1, memory: { maximum: 2 ** 26 } });

const table = readCsv(
  `size,weight,label\n${Array.from({ length: 40 }, (_, i) => `${(i * 7) % 11},${(i * 3) % 8},${(i * 7) % 11 > 4 ? 1 : 0}`).join("\n")}\n`,
);

/** The run without its times. */
async function train(o: n.TrainTableOptions): Promise<unknown> {
  const { model, history, classes, inputs, rows, score, steps } = await n.trainTable(table, o);
  const seen = { history, classes, inputs, rows, score, steps, weights: weightsOf(model), memory: model.runtime.info.memory.maximum };
  model.dispose();
  return seen;
}

/** The judgement, how often onFold was called, and the most memory in use in the other runtime. */
async function crossValidate({ onFold, callbacks = [], ...o }: n.CrossValidateTableOptions): Promise<unknown> {
  let calls = 0;
  let used = 0;
  const watch = {
    onEpoch: () => {
      used = Math.max(used, other.info.memory.used);
    },
  };
  const { judgement, classes } = await n.crossValidateTable(table, {
    ...o,
    callbacks: [...callbacks, watch],
    onFold: onFold && (() => void calls++),
  });
  return [plain({ judgement, classes }), calls, used > 0];
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (key, part: unknown) => (key === "seconds" ? 0 : part)));

/** The event file of a fit. */
async function events(o: n.TensorBoardOptions): Promise<unknown> {
  const home = mkdtempSync(join(folder, "events-"));
  await fitted({ callbacks: [n.tensorBoard(home, o)], epochs: 3 });
  return readdirSync(home).map((name) => Array.from(readFileSync(join(home, name))));
}

export const node: TableOf<Options["whetstone/node"]> = {
  loadModel: {
    differs: "where the model lives",
    see: async (o) => {
      const path = join(folder, "model.safetensors");
      await n.saveModel(await build(...small()), path);
      return (await n.loadModel(path, o)).runtime.info.memory.maximum;
    },
    rows: { runtime: [undefined, other] },
  },
  readCsvFile: {
    differs: "the table, or the error",
    see: (o) => outcome(() => n.readCsvFile(csv, o)),
    rows: { header: [true, false], delimiter: [",", ";"], missing: [undefined, ["NA", "7"]], kinds: [undefined, { a: "text" }] },
  },
  trainTable: {
    differs: "the trained table",
    base: { target: "label", epochs: 3, hidden: [4] },
    see: train,
    rows: {
      target: ["label", "size"],
      task: ["classification", "regression"],
      exclude: [undefined, ["weight"]],
      hidden: [[4], [5]],
      epochs: [2, 3],
      batchSize: [4, 8],
      learningRate: [1e-3, 1e-2],
      test: [0.2, 0.4],
      seed: [0, 1],
      callbacks: [undefined, [{ onEpoch: () => "stop" }]],
      runtime: [undefined, other],
      signal: { effect: [undefined, AbortSignal.abort("enough")], differs: "whether the run ends", see: (o) => outcome(() => train(o)) },
    },
  },
  crossValidateTable: {
    differs: "the judgement",
    base: { target: "label", epochs: 3, hidden: [4], folds: 2 },
    see: crossValidate,
    rows: {
      target: ["label", "size"],
      task: ["classification", "regression"],
      exclude: [undefined, ["weight"]],
      hidden: [[4], [5]],
      epochs: [2, 3],
      batchSize: [4, 8],
      learningRate: [1e-3, 1e-2],
      folds: [2, 3],
      repeats: [1, 2],
      seed: [0, 1],
      callbacks: [undefined, [{ onEpoch: () => "stop" }]],
      runtime: [undefined, other],
      onFold: [undefined, () => undefined],
      signal: {
        effect: [undefined, AbortSignal.abort("enough")],
        differs: "whether the run ends",
        see: (o) => outcome(() => crossValidate(o)),
      },
    },
  },
  tensorBoard: {
    differs: "the event file",
    base: { clock: () => 1e12 },
    see: events,
    rows: { everySteps: [0, 2], clock: [() => 1e12, () => 1.1e12] },
  },
};
