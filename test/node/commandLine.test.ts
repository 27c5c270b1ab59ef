import { describe, expect, test } from "vitest";
import { OptionError } from "../../src/errors.ts";
import { parseCommand } from "../../src/node/commandLine.ts";

const parse = (line: string) => parseCommand(line.split(" ").filter(Boolean));

describe("parseCommand", () => {
  test("without a command: the digits, with the options of training", () => {
    expect(parse("")).toEqual({ name: "digits", out: "digits.safetensors", options: {} });
    expect(parse("--seed 3 --epochs=5 --hidden 64,32 --out x.bin")).toEqual({
      name: "digits",
      out: "x.bin",
      options: { seed: 3, epochs: 5, hidden: [64, 32] },
    });
  });

  test("train: every option", () => {
    expect(
      parse(
        "train a.csv --target y --task regression --exclude id,name --hidden none --epochs 7 --batch-size 8 --learning-rate 1e-2 --test 40 --seed 9 --out m.st",
      ),
    ).toEqual({
      name: "train",
      file: "a.csv",
      out: "m.st",
      options: {
        target: "y",
        task: "regression",
        exclude: ["id", "name"],
        hidden: [],
        epochs: 7,
        batchSize: 8,
        learningRate: 0.01,
        test: 40,
        seed: 9,
      },
    });
    expect(parse("--target y train a.csv")).toMatchObject({ name: "train", file: "a.csv", out: "model.safetensors" });
  });

  test("predict", () => {
    expect(parse("predict m.st a.csv")).toEqual({ name: "predict", model: "m.st", file: "a.csv", out: undefined });
    expect(parse("predict m.st a.csv --out p.csv")).toMatchObject({ out: "p.csv" });
  });

  test("evaluate, crossvalidate", () => {
    expect(parse("evaluate m.st a.csv")).toEqual({ name: "evaluate", model: "m.st", file: "a.csv" });
    expect(parse("crossvalidate a.csv --target y")).toEqual({ name: "crossvalidate", file: "a.csv", options: { target: "y" } });
    expect(
      parse(
        "crossvalidate a.csv --target y --folds 5 --repeats 3 --task regression --exclude id --hidden 8 --epochs 7 --batch-size 4 --learning-rate 0.1 --seed 2",
      ),
    ).toEqual({
      name: "crossvalidate",
      file: "a.csv",
      options: {
        ...{ target: "y", folds: 5, repeats: 3, task: "regression", exclude: ["id"] },
        ...{ hidden: [8], epochs: 7, batchSize: 4, learningRate: 0.1, seed: 2 },
      },
    });
  });

  test.each([
    ["--help", "help"],
    ["-h", "help"],
    ["train --help", "help"],
    ["--version", "version"],
    ["-v", "version"],
  ])("%s", (line, name) => expect(parse(line)).toEqual({ name }));

  test.each([
    ["trian a.csv", 'unknown command "trian". Did you mean train?'],
    ["pedict m a", 'unknown command "pedict". Did you mean predict?'],
    ["xyzzy", 'unknown command "xyzzy". --help lists commands and options.'],
    ["toString", 'unknown command "toString"'],
    ["--sed 1", "unknown option --sed. Did you mean --seed?"],
    ["-x", "unknown option -x. --help lists"],
    ["train a.csv --taget y", "train: unknown option --taget. Did you mean --target?"],
    ["predict m a --epochs 3", "predict: unknown option --epochs. --help lists"],
    ["--target y", "unknown option --target"],
    ["crosvalidate a", 'unknown command "crosvalidate". Did you mean crossvalidate?'],
    ["crossvalidate a.csv", "crossvalidate: --target must name the column to predict, got nothing"],
    ["crossvalidate a.csv --target y --fold 3", "crossvalidate: unknown option --fold. Did you mean --folds?"],
    ["crossvalidate a.csv --target y --out x", "crossvalidate: unknown option --out"],
    ["crossvalidate a.csv --target y --folds 1", '--folds must be an integer of at least 2, got "1"'],
    ["crossvalidate a.csv --target y --repeats 0", '--repeats must be an integer of at least 1, got "0"'],
    ["evaluate m.st", 'evaluate: the files must be MODEL.safetensors FILE.csv, got "m.st"'],
    ["evaluate m.st a.csv --out x", "evaluate: unknown option --out"],
    ["train a.csv", "train: --target must name the column to predict, got nothing"],
    ["train --target y", "train: the files must be FILE.csv, got none"],
    ["train a.csv b.csv --target y", 'train: the files must be FILE.csv, got "a.csv", "b.csv"'],
    ["predict m.st", 'predict: the files must be MODEL.safetensors FILE.csv, got "m.st"'],
    ["--epochs", "--epochs must be followed by a value"],
    ["--hidden --epochs 5", "--hidden must be followed by a value"],
    ["--epochs 0", '--epochs must be an integer of at least 1, got "0"'],
    ["--epochs 2.5", "--epochs must be an integer of at least 1"],
    ["--epochs many", '--epochs must be an integer of at least 1, got "many"'],
    ["--seed -1", '--seed must be an integer from 0, got "-1"'],
    ["--seed=", '--seed must be an integer from 0, got ""'],
    ["--batch-size 0", "--batch-size must be an integer of at least 1"],
    ["--learning-rate fast", "--learning-rate must be a finite number, 0 or above"],
    ["--learning-rate -1", "--learning-rate must be a finite number, 0 or above"],
    ["--test 1.5", "--test must be a share in [0, 1) or a count of rows"],
    ["--hidden 64,x", '--hidden must be sizes of layers as 64,32 or none, got "64,x"'],
    ["--hidden 64,0", "--hidden must be sizes of layers"],
    ["train a --target y --task regresion", '--task must be classification or regression, got "regresion". Did you mean regression?'],
  ])("refuses: %s", (line, message) => {
    expect(() => parse(line)).toThrow(OptionError);
    expect(() => parse(line)).toThrow(message);
  });

  test("refuses an empty command", () => {
    expect(() => parseCommand([""])).toThrow('unknown command ""');
  });
});
