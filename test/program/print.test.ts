/**
 * The step programs of seven small models as text (test/programs/*.txt): a diff of those files shows what a refactor changed.
 * After a change that is meant: npx vitest run test/program/print.test.ts -u
 */
import { expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { writeForward } from "../../src/model/layout.ts";
import { Training, type TrainingOptions } from "../../src/model/training.ts";
import { writeTrainingProgram } from "../../src/model/trainingProgram.ts";
import { Builder } from "../../src/program/builder.ts";
import { perRow } from "../../src/program/count.ts";
import { fuse } from "../../src/program/fuse.ts";
import { plan } from "../../src/program/plan.ts";
import { print } from "../../src/program/print.ts";
import { runtimeOf } from "../model/runtimes.ts";

async function trainingProgram(net: w.Net, kind: "labels" | "rows", own: Partial<TrainingOptions>, frozen: string[] = []): Promise<string> {
  const model = await w.build(net, { runtime: await runtimeOf("portable") });
  if (frozen.length > 0) model.freeze(...frozen);
  const region = model.runtime.region();
  const shared = { penalty: undefined, clip: undefined, decay: undefined, seed: 0, run: 0 };
  const options = { loss: w.softmaxCrossEntropy(), optimizer: w.adam(), batchSize: 32, ...shared, ...own };
  const training = new Training(model.state, options, region, undefined, "test");
  const text = print(plan(fuse(writeTrainingProgram(training.specOf(kind, false)).builder.ops), 32).ops);
  region.free();
  model.dispose();
  return `${text}\n`;
}

const fileOf = (name: string) => `../programs/${name}.txt`;

test("dense, relu, dense", async () => {
  const net = w.sequential(w.input(4), w.dense(16), w.relu(), w.dense(3));
  await expect(await trainingProgram(net, "labels", { optimizer: w.sgd({ momentum: 0.9 }) })).toMatchFileSnapshot(
    fileOf("dense-relu-dense"),
  );
});

test("batch-norm and dropout", async () => {
  const net = w.sequential(w.input(64), w.dense(128), w.batchNorm(), w.relu(), w.dropout(0.2), w.dense(10));
  await expect(await trainingProgram(net, "labels", {})).toMatchFileSnapshot(fileOf("batchNorm-dropout"));
});

test("batch-norm of images", async () => {
  const net = w.sequential(w.input(3, 4, 5), w.batchNorm(), w.flatten(), w.dense(2));
  await expect(await trainingProgram(net, "labels", { optimizer: w.sgd() })).toMatchFileSnapshot(fileOf("batchNorm-images"));
});

test("frozen layers: no backward pass below the head, no slots, no update of theirs", async () => {
  const net = w.sequential(w.input(8), w.dense(16), w.batchNorm(), w.residual([w.relu(), w.dense(16)]), w.dense(3));
  const text = await trainingProgram(net, "labels", { penalty: w.l2(1e-3) }, ["0.*", "1.*", "2.*"]);
  const lines = text.trim().split("\n");
  const backward = lines.filter((line) => line.startsWith("backward"));
  expect(backward.length).toBe(2);
  for (const line of backward) expect(line).toMatch(/ \*\w+=(3\.|layer 3 )/); // what it writes
  const updates = lines.filter((line) => line.includes(" adam "));
  expect(updates.length).toBe(2);
  for (const line of updates) expect(line).toMatch(/w=3\.(weight|bias)/);
  await expect(text).toMatchFileSnapshot(fileOf("frozen-body"));
});

test("gelu, few rows: products without packing", async () => {
  const net = w.sequential(w.input(6), w.dense(10), w.gelu(), w.dense(4));
  const text = await trainingProgram(net, "rows", { batchSize: 4, loss: w.binaryCrossEntropy() });
  expect(text).not.toContain("packB");
  await expect(text).toMatchFileSnapshot(fileOf("gelu-few-rows"));
});

test("regression with a penalty and a clip", async () => {
  const net = w.sequential(w.input(8), w.dense(20), w.tanh(), w.dense(1));
  const own = { loss: w.mse(), optimizer: w.adamw(), penalty: w.elasticNet(1e-4, 1e-3), clip: w.clipNorm(1) };
  await expect(await trainingProgram(net, "rows", own)).toMatchFileSnapshot(fileOf("regression-penalty-clip"));
});

test("inference, batch-norm folded into the product before it", async () => {
  const net = w.sequential(w.input(64), w.dense(128), w.batchNorm(), w.relu(), w.dropout(0.2), w.dense(10), w.softmax());
  const { state, runtime } = await w.build(net, { runtime: await runtimeOf("portable") });
  const region = runtime.region();
  const builder = new Builder("infer", 256);
  const control = builder.fixed("control", region.allocate(128, "test"), 32);
  const find = (name: string) => {
    const { address, words } = state.parameters.find((parameter) => parameter.name === name)!;
    return { value: builder.fixed(name, address, words), gradient: undefined };
  };
  const x = { buffer: builder.buffer("x", perRow(64)), shape: [64], needsGradient: false };
  writeForward(state.layout, builder, x, find, control);
  const text = `${print(plan(fuse(builder.ops), 256).ops)}\n`;
  expect(text).not.toContain("normalizeColumns");
  await expect(text).toMatchFileSnapshot(fileOf("inference-folded"));
  region.free();
});
