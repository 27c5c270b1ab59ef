import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCsv } from "../../src/data/index.ts";
import { loadModel, predictTable, trainTable } from "../../src/node/index.ts";
import { flowersCsv, folderWith, housesCsv, runProgram } from "./program.ts";

const lastLine = (text: string) => text.trimEnd().split("\n").at(-1)!;

describe("train and predict", () => {
  test("classification: the file predicts raw rows as the process that trained it", async () => {
    const folder = folderWith({ "flowers.csv": flowersCsv() });
    const [file, out] = [join(folder, "flowers.csv"), join(folder, "flowers.st")];
    const trained = await runProgram("train", file, "--target", "species", "--out", out, "--seed", "4", "--hidden", "8", "--epochs", "60");
    expect(trained.code).toBe(0);
    expect(lastLine(trained.out)).toBe("test accuracy: 1.0000");
    expect(trained.out).toContain("classification, 2 classes, 5 inputs; 38 rows to train, 10 to validate, 12 to test");
    expect(trained.out).toMatch(/true \\ predicted {2}lily, white {2}rose {2}recall\n/);
    expect(trained.out).toMatch(/ rose +\. +6 {3}1\.000\n/);
    expect(trained.out).toContain(`model saved: ${out}\n`);
    expect(trained.out).toMatch(/\d+ steps in [\d.]+s: \d+ steps per second/);
    expect(trained.err).toMatch(/^epoch +1\/60 .*loss .*valLoss .*accuracy /);

    const predicted = await runProgram("predict", out, file);
    expect([predicted.code, predicted.err]).toEqual([0, ""]);
    const csv = readCsv(predicted.out, { header: true });
    expect(csv.columns.map(({ name }) => name)).toEqual(["class", "probability_lily, white", "probability_rose"]);
    const table = readCsv(flowersCsv());
    const options = { target: "species", hidden: [8], epochs: 60, seed: 4 };
    const own = predictTable((await trainTable(table, options)).model, table);
    if (own.task !== "classification") throw new Error("classification expected");
    expect(csv.columns[0]!.values).toEqual(Array.from(own.labels, (label) => own.classes[label]));
    expect(csv.columns[0]!.values).toEqual(table.columns[3]!.values);
    for (const [j, column] of csv.columns.slice(1).entries()) {
      expect(Array.from(column.values, Number).map(Math.fround)).toEqual(
        Array.from(own.labels, (_, row) => own.probabilities[2 * row + j]),
      );
    }
  });

  test("regression: values in the target's own unit", async () => {
    const folder = folderWith({ "houses.csv": housesCsv() });
    const [file, out, csv] = [join(folder, "houses.csv"), join(folder, "houses.st"), join(folder, "prices.csv")];
    const trained = await runProgram(
      "train",
      file,
      "--target",
      "price",
      "--out",
      out,
      "--hidden",
      "none",
      "--epochs",
      "200",
      "--batch-size",
      "8",
    );
    expect([trained.code, trained.out]).toEqual([0, expect.stringContaining("regression, 3 inputs")]);
    const [, r2] = /^test R2: (.*)$/.exec(lastLine(trained.out))!;
    expect(Number(r2)).toBeGreaterThan(0.99);
    expect(Number(/test RMSE: (.*)/.exec(trained.out)![1])).toBeLessThan(3000);

    expect(await runProgram("predict", out, file, "--out", csv)).toEqual({ code: 0, out: "", err: "" });
    const prices = readCsv(readFileSync(csv));
    expect(prices.columns.map(({ name }) => name)).toEqual(["price"]);
    const table = readCsv(housesCsv());
    const predicted = predictTable(await loadModel(out), table);
    if (predicted.task !== "regression") throw new Error("regression expected");
    expect(Array.from(prices.columns[0]!.values, Number).map(Math.fround)).toEqual(Array.from(predicted.values));
    const truth = table.columns[2]!.values as Float64Array;
    for (let row = 0; row < truth.length; row++) expect(Math.abs(predicted.values[row]! - truth[row]!)).toBeLessThan(10_000);
    expect(readdirSync(folder).sort()).toEqual(["houses.csv", "houses.st", "prices.csv"]);
  });

  test("columns in another order, more of them, no target, a category never seen: the same rows, the same bits", async () => {
    const folder = folderWith({
      "flowers.csv": flowersCsv(),
      "same.csv": "length,bed,colour\n2.5,1,red\n6.5,2,blue\n4,0,red\n",
      "turned.csv": "note;colour;bed;length;species\na;red;1;2.5;?\nb;blue;2;6.5;?\nc;red;0;4;?\n",
      "unseen.csv": "length,bed,colour\n2.5,1,violet\n",
      "empty.csv": "length,bed,colour\n2.5,1,\n",
    });
    const path = (name: string) => join(folder, name);
    await runProgram("train", path("flowers.csv"), "--target", "species", "--out", path("m.st"), "--epochs", "5");
    const predict = async (name: string) => (await runProgram("predict", path("m.st"), path(name))).out;
    expect((await predict("same.csv")).split("\n")).toHaveLength(5);
    expect(await predict("turned.csv")).toBe(await predict("same.csv"));
    expect(await predict("unseen.csv")).toBe(await predict("empty.csv"));
  });

  test("integers are classes or a quantity as --task says, and codes stay texts", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 ? "007" : "x9"},${i % 2}`);
    const folder = folderWith({ "codes.csv": `code,y\n${rows.join("\n")}\n`, "one.csv": "code\n007\n" });
    const path = (name: string) => join(folder, name);
    const train = (...more: string[]) =>
      runProgram("train", path("codes.csv"), "--target", "y", "--out", path("m.st"), "--hidden", "4", ...more);
    expect(lastLine((await train("--task", "regression")).out)).toMatch(/^test R2: /);
    expect(lastLine((await train("--test", "0")).out)).toMatch(/^validation accuracy: 1\.0000/);
    expect((await runProgram("predict", path("m.st"), path("one.csv"))).out).toMatch(/^class,probability_0,probability_1\n1,/);
  });

  test("the same seed gives the same file, another seed another one", async () => {
    const folder = folderWith({ "flowers.csv": flowersCsv() });
    const train = async (seed: string) => {
      const out = join(folder, `${seed}.st`);
      await runProgram("train", join(folder, "flowers.csv"), "--target", "species", "--out", out, "--epochs", "3", "--seed", seed);
      return readFileSync(out);
    };
    const first = await train("1");
    expect((await train("1")).equals(first)).toBe(true);
    expect((await train("2")).equals(first)).toBe(false);
  });
});

test("without arguments: digits, confusion matrix, rate, a saved model, and the accuracy last", async () => {
  const out = join(folderWith({}), "digits.st");
  const { code, out: text } = await runProgram("--out", out);
  expect(code).toBe(0);
  expect(text).toContain("classification, 10 classes, 64 inputs; 1150 rows to train, 287 to validate, 360 to test");
  expect(text).toMatch(/true \\ predicted +0 +1 +2 +3 +4 +5 +6 +7 +8 +9 +recall\n/);
  expect(text).toMatch(/\d+ steps per second/);
  const [, accuracy] = /^test accuracy: (0\.\d{4})$/.exec(lastLine(text))!;
  expect(Number(accuracy)).toBeGreaterThanOrEqual(0.96);
  const model = await loadModel(out);
  expect(model.predict(new Float32Array(64), { as: "classes" }).shape).toEqual([1]);
});

describe("errors", () => {
  const fails = async (code: number, ...argv: string[]) => {
    const result = await runProgram(...argv);
    expect([result.code, result.out]).toEqual([code, code === 2 ? "" : expect.anything()]);
    expect(result.err).not.toMatch(/\n\s+at /);
    return result.err;
  };

  test("the command line: 2, and nothing is read", async () => {
    expect(await fails(2, "trian")).toBe('whetstone: unknown command "trian". Did you mean train?\n');
    expect(await fails(2, "--sed", "1")).toBe("whetstone: unknown option --sed. Did you mean --seed?\n");
  });

  test("files that are not there, or are folders: 1", async () => {
    const folder = folderWith({});
    const missing = join(folder, "no.csv");
    expect(await fails(1, "train", missing, "--target", "y")).toBe(`whetstone: ${missing}: no such file or folder\n`);
    expect(await fails(1, "predict", missing, missing)).toBe(`whetstone: ${missing}: no such file or folder\n`);
    expect(await fails(1, "train", folder, "--target", "y")).toBe(`whetstone: ${folder}: is a folder\n`);
  });

  test("data that can't be learned from: 1, with its place, and no model file", async () => {
    const folder = folderWith({
      "ragged.csv": "a,b\n1,2\n3\n",
      "hole.csv": `a,b\n${Array.from({ length: 20 }, (_, i) => `${i === 7 ? "" : i},${i / 7}`).join("\n")}\n`,
      "lone.csv": "b\n1.5\n2.5\n3.5\n4.5\n5.5\n",
      "constant.csv": "a,b\n1,x\n2,x\n3,x\n4,x\n",
      "tiny.csv": "a,b\n1,0.5\n",
    });
    const train = (name: string, target = "b") => fails(1, "train", join(folder, name), "--target", target, "--out", join(folder, "m.st"));
    expect(await train("ragged.csv")).toMatch(/ragged\.csv: readCsv: line 3/);
    expect(await train("ragged.csv", "c")).toMatch(/ragged\.csv: readCsv: line 3/);
    expect(await train("hole.csv")).toMatch(/line 9, column "a" must be a finite number, got no value/);
    expect(await train("hole.csv", "bb")).toMatch(/no column "bb". Did you mean "b"\?/);
    expect(await train("lone.csv")).toMatch(/there must be input columns beside the target "b", got none/);
    expect(await train("constant.csv")).toMatch(/the target "b" must have two classes or more, got 1/);
    expect(await train("tiny.csv")).toMatch(/1 rows? leave none for training/);
    expect(existsSync(join(folder, "m.st"))).toBe(false);
  });

  test("predict: what the model needs and the table lacks, all of it by name", async () => {
    const folder = folderWith({
      "flowers.csv": flowersCsv(),
      "less.csv": "bed,species\n1,rose\n",
      "text.csv": "length,bed,colour\n2.5,1,red\nlong,1,red\n",
      "model.txt": "no model at all",
    });
    const path = (name: string) => join(folder, name);
    await runProgram("train", path("flowers.csv"), "--target", "species", "--out", path("m.st"), "--epochs", "1");
    expect(await fails(1, "predict", path("m.st"), path("less.csv"))).toMatch(/the table lacks the 2 columns "length", "colour"/);
    expect(await fails(1, "predict", path("m.st"), path("text.csv"))).toMatch(
      /text\.csv: readCsv: line 3, column 1 \("length"\) must be a number, got "long"/,
    );
    expect(await fails(1, "predict", path("model.txt"), path("less.csv"))).toMatch(/^whetstone: .*model\.txt: decodeSafetensors: /);
  });
});

test("--help and --version", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(await runProgram("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  const { code, out } = await runProgram("train", "--help");
  expect(code).toBe(0);
  for (const option of [
    "--target",
    "--hidden",
    "--epochs",
    "--batch-size",
    "--learning-rate",
    "--test",
    "--seed",
    "--out",
    "--task",
    "--exclude",
  ]) {
    expect(out).toContain(option);
  }
});
