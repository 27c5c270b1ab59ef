/** The command line as data: which command, which files, which values. It opens nothing. */
import { parseArgs } from "node:util";
import { nearest } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { TrainTableOptions } from "./trainTable.ts";

export type Command =
  | { readonly name: "help" | "version" }
  | { readonly name: "digits"; readonly out: string; readonly options: Omit<TrainTableOptions, "target"> }
  | { readonly name: "train"; readonly file: string; readonly out: string; readonly options: TrainTableOptions }
  | { readonly name: "predict"; readonly model: string; readonly file: string; readonly out: string | undefined };

const TRAINING = ["hidden", "epochs", "batch-size", "learning-rate", "test", "seed", "out"];
/** Options of each command; "" is the one without a name. */
const OPTIONS: Record<string, readonly string[]> = {
  "": TRAINING,
  train: ["target", "task", "exclude", ...TRAINING],
  predict: ["out"],
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
  const texts = values as Readonly<Record<string, string | undefined>>;
  if (command === "predict") {
    const [model, file] = takeFiles("predict", files, ["MODEL.safetensors", "FILE.csv"]);
    return { name: "predict", model: model!, file: file!, out: texts.out };
  }
  if (command === "") return { name: "digits", out: texts.out ?? "digits.safetensors", options: trainingOptions(texts) };
  const [file] = takeFiles("train", files, ["FILE.csv"]);
  if (texts.target === undefined) throw new OptionError("train: --target must name the column to predict, got nothing");
  const exclude = texts.exclude?.split(",").map((name) => name.trim());
  const options = { ...trainingOptions(texts), target: texts.target, task: taskOf(texts.task), exclude };
  return { name: "train", file: file!, out: texts.out ?? "model.safetensors", options };
}

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

function trainingOptions(texts: Readonly<Record<string, string | undefined>>): Omit<TrainTableOptions, "target"> {
  const number = (name: string, rule: string, isAllowed: (value: number) => boolean): number | undefined => {
    const text = texts[name];
    if (text === undefined) return undefined;
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!isAllowed(value)) throw new OptionError(`--${name} must be ${rule}, got ${JSON.stringify(text)}`);
    return value;
  };
  const count = (low: number) => (value: number) => Number.isSafeInteger(value) && value >= low;
  return {
    hidden: hiddenOf(texts.hidden),
    epochs: number("epochs", "an integer of at least 1", count(1)),
    batchSize: number("batch-size", "an integer of at least 1", count(1)),
    learningRate: number("learning-rate", "a finite number, 0 or above", (value) => value >= 0 && value < Infinity),
    test: number("test", "a share in [0, 1) or a count of rows", (value) => (value >= 0 && value < 1) || count(1)(value)),
    seed: number("seed", "an integer from 0", count(0)),
  };
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
