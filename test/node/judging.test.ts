/** evaluate and crossvalidate: what they print is what whetstone/metrics says of the same rows. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCsv, stratifiedKFold, takeTableRows } from "../../src/data/index.ts";
import { build, dense, input, sequential } from "../../src/index.ts";
import { r2, rmse } from "../../src/metrics/index.ts";
import { foldProgress } from "../../src/node/foldProgress.ts";
import { crossValidateTable, loadModel, predictTable, saveModel, scoreTable, trainTable } from "../../src/node/index.ts";
import type { Terminal } from "../../src/runtime/host/terminal.ts";
import { flowersCsv, folderWith, housesCsv, runProgram } from "./program.ts";

const SMALL = ["--hidden", "4", "--epochs", "20"];

describe("crossvalidate", () => {
  test("classification: a row per fold, means, deviations, and the score last", async () => {
    const folder = folderWith({ "flowers.csv": flowersCsv() });
    const { code, out, err } = await runProgram(
      "crossvalidate",
      join(folder, "flowers.csv"),
      "--target",
      "species",
      "--folds",
      "5",
      ...SMALL,
    );
    expect(code).toBe(0);
    const options = { target: "species", folds: 5, hidden: [4], epochs: 20 };
    const { judgement, classes } = await crossValidateTable(readCsv(flowersCsv()), options);
    expect(classes).toEqual(["lily, white", "rose"]);
    const lines = out.split("\n");
    expect(lines[0]).toBe("flowers.csv: 60 rows, target species");
    expect(lines[1]).toMatch(/^classification, 2 classes; 5 runs in [\d.]+s$/);
    const cells = lines.slice(3, 13).map((line) => line.trim().split(/ {2,}/));
    const digits = (scores: Readonly<Record<string, number>>) => ["loss", "accuracy", "f1"].map((name) => scores[name]!.toFixed(4));
    expect(cells).toEqual([
      ["fold", "rows", "loss", "accuracy", "F1"],
      ...judgement.folds.map(({ test }, i) => [String(i + 1), "12", ...digits(test)]),
      ["mean", ...digits(judgement.mean)],
      ["deviation", ...digits(judgement.std)],
      ["training mean", "48", ...digits(judgement.trainMean)],
      ["training deviation", ...digits(judgement.trainStd)],
    ]);
    const { mean, std } = judgement;
    expect(lines.slice(-2)).toEqual([`cross-validated accuracy: ${mean.accuracy!.toFixed(4)} ± ${std.accuracy!.toFixed(4)}`, ""]);
    expect(err.split("\n").map((line) => line.replace(/ {2}(\S+ left|took \S+)$/, ""))).toEqual([
      ...judgement.folds.map(({ test }, i) => `fold ${i + 1}/5  accuracy ${test.accuracy!.toPrecision(4)}`),
      "",
    ]);
  });

  test("a fold is trainTable's run on its training rows: the same scores from the model it would save", async () => {
    const table = readCsv(flowersCsv());
    const { judgement } = await crossValidateTable(table, { target: "species", folds: 4, hidden: [4], epochs: 3, seed: 5 });
    const labels = (table.columns[3]!.values as string[]).map((name) => Number(name === "rose"));
    const folds = stratifiedKFold(labels, { folds: 4, seed: 5 });
    expect(judgement.folds.map(({ rows }) => rows)).toEqual(folds.map(({ train, test }) => ({ train: train.length, test: test.length })));
    // Another split sets the validation rows aside there: scores are of one kind, not of one bit
    const { model } = await trainTable(takeTableRows(table, folds[0]!.train), {
      target: "species",
      hidden: [4],
      epochs: 3,
      seed: 5,
      test: 0,
    });
    const score = scoreTable(model, takeTableRows(table, folds[0]!.test));
    if (score.task !== "classification") throw new Error("classification expected");
    expect(Math.abs(score.logLoss - judgement.folds[0]!.test.loss!)).toBeLessThan(0.5);
  });

  test("regression: in the target's own unit, and no loss", async () => {
    const folder = folderWith({ "houses.csv": housesCsv() });
    const file = join(folder, "houses.csv");
    const { code, out } = await runProgram(
      ...["crossvalidate", file, "--target", "price", "--folds", "3", "--repeats", "2", "--hidden", "none"],
      ...["--epochs", "200", "--batch-size", "8", "--seed", "1"],
    );
    expect(code).toBe(0);
    expect(out).toMatch(/\nregression; 6 runs in /);
    expect(out).toMatch(/\n +fold {2}rows +RMSE +MAE +R2\n/);
    const [, score, deviation] = /\ncross-validated R2: ([\d.]+) ± ([\d.]+)\n$/.exec(out)!;
    expect(Number(score)).toBeGreaterThan(0.98);
    expect(Number(deviation)).toBeLessThan(0.02);
    const [, error] = /\n +mean +([\d.]+) /.exec(out)!;
    expect(Number(error)).toBeLessThan(4000); // of prices from 50,000 to 155,000
  });

  test("more folds than the table has room for, a class on one row, the same seed", async () => {
    const rows = Array.from({ length: 41 }, (_, i) => `${i},${i === 40 ? "rare" : i % 2 ? "odd" : "even"}`);
    const folder = folderWith({ "rare.csv": `n,kind\n${rows.join("\n")}\n` });
    const run = (...more: string[]) =>
      runProgram("crossvalidate", join(folder, "rare.csv"), "--target", "kind", "--hidden", "none", "--epochs", "1", ...more);
    const { code, out, err } = await run("--folds", "20", "--repeats", "2");
    expect([code, err.split("\n").length]).toEqual([0, 12]); // a line per tenth, and the first
    expect(out).toMatch(/\n +30 +2 .*\n +mean /);
    expect(out).toContain("(the first 30 of 40 folds; means and deviations are those of all)");
    const times = (text: string) => text.replace(/in .*s\n/, "");
    expect(times((await run("--folds", "3")).out)).toBe(times((await run("--folds", "3")).out));
    expect(times((await run("--folds", "3", "--seed", "1")).out)).not.toBe(times((await run("--folds", "3")).out));
  });

  test("errors that help: 1, with the nearest name", async () => {
    const folder = folderWith({ "flowers.csv": flowersCsv(), "hole.csv": "a,b\n1,2\n,3\n4,5\n6,7\n8,9\n3,4\n" });
    const run = async (name: string, ...more: string[]) => {
      const { code, out, err } = await runProgram("crossvalidate", join(folder, name), ...more);
      return [code, out, err];
    };
    const wrong = (message: string) => [1, "", `whetstone: ${message}\n`];
    expect(await run("flowers.csv", "--target", "specis")).toEqual(wrong('readTarget: no column "specis". Did you mean "species"?'));
    expect(await run("flowers.csv", "--target", "species", "--exclude", "beds")).toEqual(
      wrong('crossvalidate: exclude: no column "beds". Did you mean "bed"?'),
    );
    expect(await run("flowers.csv", "--target", "species", "--folds", "61")).toEqual(
      wrong("stratifiedKFold: folds must be at most the 60 rows there are, got 61"),
    );
    const [code, , text] = await run("hole.csv", "--target", "b", "--task", "regression", "--folds", "3");
    expect([code, text]).toEqual([1, expect.stringMatching(/line 3, column "a" must be a finite number, got no value/)]);
  });
});

describe("evaluate", () => {
  test("classification: the scores of the same predictions, per class and in all", async () => {
    const folder = folderWith({ "flowers.csv": flowersCsv() });
    const [file, out] = [join(folder, "flowers.csv"), join(folder, "m.st")];
    await runProgram("train", file, "--target", "species", "--out", out, "--hidden", "none", "--epochs", "4", "--learning-rate", "0.03");
    const { code, out: text, err } = await runProgram("evaluate", out, file);
    expect([code, err]).toEqual([0, ""]);
    const table = readCsv(flowersCsv());
    const predicted = predictTable(await loadModel(out), table);
    if (predicted.task !== "classification") throw new Error("classification expected");
    const truth = (table.columns[3]!.values as string[]).map((name) => predicted.classes.indexOf(name));
    const guess = Array.from(predicted.labels);
    const count = (t: number, g: number) => truth.filter((label, row) => label === t && guess[row] === g).length;
    const perClass = [0, 1].map((c) => {
      const [hits, others, missed] = [count(c, c), count(1 - c, c), count(c, 1 - c)];
      const [precision, recall] = [hits / (hits + others), hits / (hits + missed)];
      return { rows: hits + missed, precision, recall, f1: (2 * precision * recall) / (precision + recall) };
    });
    const numbers = (values: number[]) => values.map((value) => value.toFixed(4));
    const lines = text.split("\n");
    expect(lines[0]).toBe("flowers.csv: 60 rows, target species");
    const cells = lines.slice(2, 6).map((line) => line.trim().split(/ {2,}/));
    for (const { f1 } of perClass) expect(Math.abs(f1 - 0.6)).toBeLessThan(0.39); // neither perfect nor empty
    const mean = (name: "precision" | "recall" | "f1") => (perClass[0]![name] + perClass[1]![name]) / 2;
    expect(cells).toEqual([
      ["class", "rows", "precision", "recall", "F1"],
      ...perClass.map(({ rows, precision, recall, f1 }, c) => [predicted.classes[c], String(rows), ...numbers([precision, recall, f1])]),
      ["mean", "60", ...numbers([mean("precision"), mean("recall"), mean("f1")])],
    ]);
    expect(text).toMatch(/\ntrue \\ predicted {2}lily, white {2}rose {2}recall\n/);
    const surprise = truth.reduce((sum, label, row) => sum - Math.log(predicted.probabilities[2 * row + label]!), 0) / 60;
    const [, logLoss] = /\nlog loss: (.*)\n/.exec(text)!;
    expect(Number(logLoss)).toBeCloseTo(surprise, 3);
    expect(lines.slice(-3, -1)).toEqual([
      `balanced accuracy: ${mean("recall").toFixed(4)}`,
      `accuracy: ${((count(0, 0) + count(1, 1)) / 60).toFixed(4)}`,
    ]);
  });

  test("regression: errors in the target's own unit", async () => {
    const folder = folderWith({ "houses.csv": housesCsv() });
    const [file, out] = [join(folder, "houses.csv"), join(folder, "m.st")];
    await runProgram("train", file, "--target", "price", "--out", out, "--hidden", "none", "--epochs", "30");
    const { code, out: text } = await runProgram("evaluate", out, file);
    const table = readCsv(housesCsv());
    const predicted = predictTable(await loadModel(out), table);
    if (predicted.task !== "regression") throw new Error("regression expected");
    const truth = table.columns[2]!.values as Float64Array;
    const far = truth.map((value, row) => Math.abs(value - predicted.values[row]!)).reduce((sum, value) => sum + value, 0) / truth.length;
    const [, error] = /\nRMSE: (.*)\n/.exec(text)!;
    const [, absolute] = /\nMAE: (.*)\n/.exec(text)!;
    expect(Number(error)).toBeCloseTo(rmse(truth, predicted.values), 0);
    expect(Number(absolute)).toBeCloseTo(far, 0);
    expect([code, text.split("\n").slice(-2)]).toEqual([0, [`R2: ${r2(truth, predicted.values).toFixed(4)}`, ""]]);
  });

  test("columns in another order, a class named 007 alone in its file", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i < 20 ? "007" : "x9"}`);
    const folder = folderWith({ "a.csv": `n,code\n${rows.join("\n")}\n`, "b.csv": "code,n\n007,1\n007,2\n" });
    const path = (name: string) => join(folder, name);
    await runProgram("train", path("a.csv"), "--target", "code", "--out", path("m.st"), "--hidden", "8");
    const { code, out, err } = await runProgram("evaluate", path("m.st"), path("b.csv"));
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/\n +007 +2 +1\.0000 +1\.0000 +1\.0000\n/);
    expect(out).toMatch(/\naccuracy: 1\.0000\n$/);
  });

  test("errors that help: the target under another name, a class never seen, no model, a model without a pipeline", async () => {
    const folder = folderWith({
      "flowers.csv": flowersCsv(),
      "named.csv": flowersCsv().replace("species", "specie"),
      "tulips.csv": "length,bed,colour,species\n2,1,red,rose\n3,1,red,tulip\n",
    });
    const path = (name: string) => join(folder, name);
    await runProgram("train", path("flowers.csv"), "--target", "species", "--out", path("m.st"), "--epochs", "1");
    const fails = async (model: string, file: string) => {
      const { code, out, err } = await runProgram("evaluate", path(model), path(file));
      expect([code, out]).toEqual([1, ""]);
      return err;
    };
    expect(await fails("m.st", "named.csv")).toMatch(/named\.csv: evaluate: target: no column "species"\. Did you mean "specie"\?\n$/);
    expect(await fails("m.st", "tulips.csv")).toMatch(/line 3, column "species" must be one of the classes lily, white, rose, got "tulip"/);
    expect(await fails("flowers.csv", "flowers.csv")).toMatch(/flowers\.csv: decodeSafetensors: /);
    const bare = await build(sequential(input(3), dense(3)));
    await saveModel(bare, path("bare.st"));
    const lacks = `whetstone: ${path("bare.st")}: pipelineOf: the model holds no pipeline. `;
    expect(await fails("bare.st", "flowers.csv")).toContain(lacks);
    expect((await runProgram("predict", path("bare.st"), path("flowers.csv"))).err).toContain(lacks);
    expect(await fails("no.st", "flowers.csv")).toMatch(/no\.st: no such file or folder\n$/);
  });
});

describe("foldProgress", () => {
  const screen = (isTerminal: boolean, columns = 60) => {
    let text = "";
    const terminal: Terminal = {
      isTerminal,
      columns,
      write(part) {
        text += part;
      },
      line(part) {
        text += `${part}\n`;
      },
    };
    return { terminal, text: () => text };
  };
  const result = (r: number) => ({ test: { r2: r }, train: { r2: r }, rows: { train: 2, test: 1 }, history: undefined });

  test("a terminal: one line, rewritten by epochs and folds, never wider than it", () => {
    const { terminal, text } = screen(true, 40);
    let now = 0;
    const progress = foldProgress(terminal, "r2", () => now);
    const epoch = (n: number) => progress.callback.onEpoch!({ epoch: n, epochs: 9, loss: 0.12345 } as never, {} as never);
    epoch(0); // too soon
    now = 100;
    epoch(1);
    progress.onFold({ setting: 0, settings: 1, fold: 0, folds: 2, result: result(0.5) });
    now = 200;
    epoch(0);
    progress.onFold({ setting: 0, settings: 1, fold: 1, folds: 2, result: result(0.75) });
    progress.end();
    expect(text()).toBe(
      [
        "\rfold 1  epoch 2/9  loss 0.1235",
        "\rfold 1/2  r2 0.5000  0.1s left",
        "\rfold 2  epoch 1/9  loss 0.1235  (fold 1",
        `\r${"fold 2/2  r2 0.7500  took 0.2s".padEnd(39)}`,
        "\n",
      ].join(""),
    );
  });

  test("a log: whole lines, none for epochs", () => {
    const { terminal, text } = screen(false);
    const progress = foldProgress(terminal, "r2", () => 0);
    progress.callback.onEpoch!({ epoch: 1, epochs: 9, loss: 1 } as never, {} as never);
    for (let fold = 0; fold < 100; fold++) progress.onFold({ setting: 0, settings: 1, fold, folds: 100, result: result(0.5) });
    progress.end();
    expect(text().split("\n")).toHaveLength(12);
    expect(text()).toMatch(/^fold {3}1\/100 {2}r2 0\.5000 {2}0\.0s left\nfold {2}10\/100 /);
  });
});
