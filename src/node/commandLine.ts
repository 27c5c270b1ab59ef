/** The command line as data: which command, which files, which values. It opens nothing. */
import { parseArgs } from "node:util";
import { nearest } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { CrossValidateTableOptions } from "./crossValidateTable.ts";
import type { TrainTableOptions } from "./trainTable.ts";

export type Command =
  | { readonly name: "help" | "version" }
  | { readonly name: "digits"; readonly out: string; readonly options: Omit<TrainTableOptions, "target"> }
  | { readonly name: "train"; readonly file: string; readonly out: string; readonly options: TrainTableOptions }
  | { readonly name: "predict"; readonly model: string; readonly file: string; readonly out: string | undefined }
  | { readonly name: "evaluate"; readonly model: string; readonly file: string }
  | { readonly name: "crossvalidate"; readonly file: string; readonly options: CrossValidateTableOptions };

const RECIPE = ["hidden", "epochs", "batch-size", "learning-rate", "seed"];
const TRAINING = [...RECIPE, "test", "out"];
const TABLE = ["target", "task", "exclude"];
/** Options of each command; "" is the one without a name. */
const OPTIONS: Record<string, readonly string[]> = {
  "": TRAINING,
  train: [...TABLE, ...TRAINING],
  predict: ["out"],
  evaluate: [],
  crossvalidate: [...TABLE, ...RECIPE, "folds", "repeats"],
};
const FLAGS = ["help", "version"];

/** @throws OptionError for anything that is not exactly a command, with the nearest known name. */
export function parseCommand(argv: readonly string[]): Command {
  const known = Object.values(OPTIONS).flat();
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    strict: false, // its messages name no nearest option
    tokens: true,
    allowPositionals: true,
    options: {
      ...Object.fromEntries(known.map((name) => [name, { type: "string" as const }])),
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
    },
  });
  const [command = "", ...files] = positionals;
  const given = tokens.filter((token) => token.kind === "option");
  if (given.some(({ name }) => name === "help")) return { name: "help" };
  if (given.some(({ name }) => name === "version")) return { name: "version" };
  const isCommand = Object.hasOwn(OPTIONS, command) && positionals[0] !== "";
  const allowed = isCommand ? OPTIONS[command]! : known;
  for (const { name, rawName, value, inlineValue } of given) {
    // Before the command: the value of an unknown option looks like one
    if (!allowed.includes(name)) {
      const near = nearest(name, [...allowed, ...FLAGS]);
      refuse(`${isCommand && command ? `${command}: ` : ""}unknown option ${rawName}`, near && `--${near}`);
    }
    const isForgotten = value === undefined || (!inlineValue && /^-(?![\d.])/.test(value));
    if (isForgotten) throw new OptionError(`${rawName} must be followed by a value`);
  }
  if (!isCommand) refuse(`unknown command ${JSON.stringify(command)}`, nearest(command, Object.keys(OPTIONS).filter(Boolean)));
  const texts = values as Texts;
  if (command === "predict" || command === "evaluate") {
    const [model, file] = takeFiles(command, files, ["MODEL.safetensors", "FILE.csv"]) as [string, string];
    return command === "predict" ? { name: command, model, file, out: texts.out } : { name: command, model, file };
  }
  if (command === "") return { name: "digits", out: texts.out ?? "digits.safetensors", options: trainingOptions(texts) };
  const [file] = takeFiles(command, files, ["FILE.csv"]) as [string];
  if (texts.target === undefined) throw new OptionError(`${command}: --target must name the column to predict, got nothing`);
  const exclude = texts.exclude?.split(",").map((name) => name.trim());
  const table = { target: texts.target, task: taskOf(texts.task), exclude };
  if (command === "crossvalidate") {
    const folds = numberOf(texts, "folds", "an integer of at least 2", isCount(2));
    const repeats = numberOf(texts, "repeats", "an integer of at least 1", isCount(1));
    return { name: command, file, options: { ...recipeOptions(texts), ...table, folds, repeats } };
  }
  return { name: "train", file, out: texts.out ?? "model.safetensors", options: { ...trainingOptions(texts), ...table } };
}

type Texts = Readonly<Record<string, string | undefined>>;

function refuse(message: string, near: string): never {
  throw new OptionError(`${message}. ${near ? `Did you mean ${near}?` : "--help lists commands and options."}`);
}

function takeFiles(command: string, files: readonly string[], expected: readonly string[]): readonly string[] {
  if (files.length === expected.length) return files;
  const got = files.length === 0 ? "none" : files.map((file) => JSON.stringify(file)).join(", ");
  throw new OptionError(`${command}: the files must be ${expected.join(" ")}, got ${got}`);
}

function taskOf(text: string | undefined): "classification" | "regression" | undefined {
  if (text === undefined || text === "classification" || text === "regression") return text;
  const near = nearest(text, ["classification", "regression"]);
  throw new OptionError(`--task must be classification or regression, got ${JSON.stringify(text)}${near && `. Did you mean ${near}?`}`);
}

function numberOf(texts: Texts, name: string, rule: string, isAllowed: (value: number) => boolean): number | undefined {
  const text = texts[name];
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!isAllowed(value)) throw new OptionError(`--${name} must be ${rule}, got ${JSON.stringify(text)}`);
  return value;
}

const isCount = (low: number) => (value: number) => Number.isSafeInteger(value) && value >= low;

/** What training is, wherever it is done. */
function recipeOptions(texts: Texts) {
  return {
    hidden: hiddenOf(texts.hidden),
    epochs: numberOf(texts, "epochs", "an integer of at least 1", isCount(1)),
    batchSize: numberOf(texts, "batch-size", "an integer of at least 1", isCount(1)),
    learningRate: numberOf(texts, "learning-rate", "a finite number, 0 or above", (value) => value >= 0 && value < Infinity),
    seed: numberOf(texts, "seed", "an integer from 0", isCount(0)),
  };
}

function trainingOptions(texts: Texts): Omit<TrainTableOptions, "target"> {
  const isPart = (value: number) => (value >= 0 && value < 1) || isCount(1)(value);
  return { ...recipeOptions(texts), test: numberOf(texts, "test", "a share in [0, 1) or a count of rows", isPart) };
}

function hiddenOf(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  if (text === "none") return [];
  const units = text.split(",").map(Number);
  if (!units.every((value) => Number.isSafeInteger(value) && value >= 1)) {
    throw new OptionError(`--hidden must be sizes of layers as 64,32 or none, got ${JSON.stringify(text)}`);
  }
  return units;
}
