/**
 * Transfer learning from end to end: a body trained on the digits 0 to 4 serves for 5 to 9. Its file is loaded, the body frozen,
 * the head drawn anew and trained; then all of it is fine-tuned with a tenth of the rate.
 */
import { describe, expect, test } from "vitest";
import { digits, type Rows, take } from "../../examples/notes/data.ts";
import * as w from "../../src/index.ts";
import { accuracy } from "../../src/metrics/index.ts";
import { Training } from "../../src/model/training.ts";
import { writeTrainingProgram } from "../../src/model/trainingProgram.ts";
import { fuse } from "../../src/program/fuse.ts";
import { plan } from "../../src/program/plan.ts";
import { print } from "../../src/program/print.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const loss = w.softmaxCrossEntropy();
const RATE = 3e-3;
const net = w.sequential(w.input(64), w.dense(48), w.batchNorm(), w.relu(), w.dense(32), w.relu(), w.dense(5));
const BODY = ["0.*", "1.*", "3.*"];
const HEAD = ["5.weight", "5.bias"];

/** The rows of five digits, with labels from 0. */
function fiveOf(rows: Rows, first: number): w.Data<[64], [5]> {
  const some = take(
    rows,
    Array.from(rows.y.keys()).filter((row) => rows.y[row]! >= first && rows.y[row]! < first + 5),
  );
  return { x: some.x.data, y: some.y.map((digit) => digit - first) };
}

/** The step program of a model as text, with its buffers' names. */
function printed(model: w.Model): string {
  const region = model.runtime.region();
  const shared = { penalty: undefined, clip: undefined, decay: undefined, seed: 0, run: 0 };
  const training = new Training(model.state, { loss, optimizer: w.adam(), batchSize: 32, ...shared }, region, undefined, "test");
  const text = print(plan(fuse(writeTrainingProgram(training.specOf("labels", false)).builder.ops), 32).ops);
  region.free();
  return text;
}

const bytesOf = (model: w.Model, names: readonly string[]) => names.map((name) => [...model.stateDict()[name]!.data]);

describe.each(variants)("%s", (variant) => {
  test("frozen body, new head, then fine-tuning", async () => {
    const runtime = await runtimeOf(variant);
    const { train, test: held } = await digits(1200, 1);
    const teacher = await w.build(net, { seed: 1, runtime });
    await teacher.fit(fiveOf(train, 0), { loss, optimizer: w.adam({ learningRate: RATE }), epochs: 15 });
    const model = (await w.load(teacher.save(), { runtime })) as w.Model as typeof teacher;
    const few = fiveOf(
      take(
        train,
        Array.from({ length: 150 }, (_, i) => i),
      ),
      5,
    );
    const score = (of: typeof teacher) => of.evaluate(fiveOf(held, 5), { loss, metrics: { accuracy } });
    const learn = (of: typeof teacher, rate: number, more: Partial<w.FitOptions> = {}) =>
      of.fit(few, { loss, optimizer: w.adam({ learningRate: rate }), epochs: 40, batchSize: 16, ...more });

    const names = model.freeze(...BODY);
    expect(names).toEqual(["0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"]);
    const taught = bytesOf(model, names);
    expect(model.reinitialize("5.*", { seed: 9 })).toEqual(HEAD);
    const drawn = bytesOf(model, HEAD);
    expect(drawn).not.toEqual(bytesOf(teacher, HEAD));
    expect(drawn).toEqual(bytesOf(await w.build(net, { seed: 9, runtime }), HEAD));
    expect(bytesOf(model, names)).toEqual(taught);

    const text = printed(model);
    const lines = (span: string) => text.split("\n").filter((line) => line.startsWith(span));
    expect(lines("backward").length).toBeGreaterThan(0);
    for (const line of lines("backward")) expect(line).toMatch(/\*y=5\.(weight|bias)\.gradient|\*packed=layer 5 /);
    expect(
      lines("update")
        .filter((line) => line.includes("adam"))
        .join(),
    ).not.toMatch(/\b[013]\.(weight|bias)/);
    const trainer = await w.createTrainer(model, { loss, optimizer: w.adam() });
    // Weights and bias of the head, each in whole lines of 16 words: 5 · 32 and 5.
    expect(trainer.checkpoint().slots.map(({ length }) => length)).toEqual([176, 176]);
    trainer.dispose();

    const before = score(model);
    await learn(model, RATE);
    expect(bytesOf(model, names)).toEqual(taught);
    expect(bytesOf(model, HEAD)).not.toEqual(drawn);
    const frozen = score(model);
    expect(frozen.accuracy!).toBeGreaterThan(before.accuracy! + 0.3);

    model.thaw("*");
    const head = bytesOf(model, HEAD);
    await learn(model, RATE / 10);
    expect(bytesOf(model, names).map((values, i) => values.some((v, k) => v !== taught[i]![k]))).toEqual(names.map(() => true));
    expect(bytesOf(model, HEAD)).not.toEqual(head);
    const tuned = score(model);
    expect(tuned.loss).toBeLessThan(frozen.loss);
    expect(tuned.accuracy!).toBeGreaterThan(0.9);
    for (const each of [teacher, model]) each.dispose();
  });

  test("a body with a tenth of the head's rate, by groups: the same steps as by hand", async () => {
    const runtime = await runtimeOf(variant);
    const { train } = await digits(1200, 1);
    const few = fiveOf(
      take(
        train,
        Array.from({ length: 100 }, (_, i) => i),
      ),
      5,
    );
    const run = async (groups: w.ParameterGroup[], isHeadOnly: boolean, learningRate: number) => {
      const model = await w.build(net, { seed: 1, runtime });
      if (isHeadOnly) model.freeze(...BODY);
      const options = { loss, optimizer: w.sgd({ learningRate }), groups, epochs: 1, batchSize: "full" as const };
      await model.fit(few, options);
      const after = model.stateDict();
      model.dispose();
      return after;
    };
    const start = (await w.build(net, { seed: 1, runtime })).stateDict();
    const grouped = await run(
      BODY.map((match) => ({ match, learningRate: RATE / 10 })),
      false,
      RATE,
    );
    const slow = await run([], false, RATE / 10);
    const fast = await run([], true, RATE);
    expect(grouped["0.weight"]).toEqual(slow["0.weight"]);
    expect(grouped["3.bias"]).toEqual(slow["3.bias"]);
    expect(grouped["5.weight"]).toEqual(fast["5.weight"]);
    expect(grouped["0.weight"]).not.toEqual(start["0.weight"]);
    expect(fast["0.weight"]).toEqual(start["0.weight"]);
  });
});
