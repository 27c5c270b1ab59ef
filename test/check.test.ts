import { describe, expect, test } from "vitest";
import * as check from "../src/check.ts";
import { OptionError } from "../src/errors.ts";

function messageOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(OptionError);
    return (error as Error).message;
  }
}

const shown: [unknown, string][] = [
  ["text", '"text"'],
  ["x".repeat(80), `"${"x".repeat(57)}..."`],
  [3.5, "3.5"],
  [-0, "0"],
  [Number.NaN, "NaN"],
  [null, "null"],
  [undefined, "undefined"],
  [true, "true"],
  [12n, "12n"],
  [[1, "a", [2]], '[1, "a", [2]]'],
  [[1, 2, 3, 4, 5, 6, 7], "[1, 2, 3, 4, 5, 6, ...]"],
  [new Float32Array(3), "a Float32Array of 12 bytes"],
  [{ a: 1, b: 2 }, "{ a, b }"],
  [{}, "{  }"],
  [Math.max, "the function max"],
  [
    (
      () => () =>
        0
    )(),
    "a function",
  ],
  [Symbol("s"), "symbol"],
];
test.each(shown)("show(%o) is %s", (value, text) => {
  expect(check.show(value)).toBe(text);
});

describe("each check accepts its range and names the rest", () => {
  const cases: [name: string, run: (value: never) => void, good: unknown[], bad: unknown[], rule: string][] = [
    ["checkInRange", (v) => check.checkInRange("f: x", v, 0, 1), [0, 0.5, 0.999], [1, -0.1, Number.NaN, "0", null, undefined], "in [0, 1)"],
    ["checkBetween", (v) => check.checkBetween("f: x", v, 0, 1), [0, 1], [1.01, -1e-9, Number.NaN, "1"], "in [0, 1]"],
    ["checkPositive", (v) => check.checkPositive("f: x", v), [1e-300, 5], [0, -1, Infinity, Number.NaN, "5"], "a finite number above 0"],
    [
      "checkNotNegative",
      (v) => check.checkNotNegative("f: x", v),
      [0, -0, 5],
      [-1e-300, Infinity, Number.NaN, "5"],
      "a finite number, 0 or above",
    ],
    ["checkFinite", (v) => check.checkFinite("f: x", v), [0, -5], [Infinity, -Infinity, Number.NaN, "5", null], "a finite number"],
    [
      "checkCount",
      (v) => check.checkCount("f: x", v),
      [1, 2 ** 53 - 1],
      [0, 1.5, 2 ** 53, -1, Number.NaN, "1", Infinity],
      "an integer of at least 1",
    ],
    ["checkBoolean", (v) => check.checkBoolean("f: x", v), [true, false], [0, 1, "true", null, undefined], "true or false"],
  ];
  test.each(cases)("%s", (_, run, good, bad, rule) => {
    for (const value of good) expect(messageOf(() => run(value as never))).toBeUndefined();
    for (const value of bad) expect(messageOf(() => run(value as never))).toBe(`f: x must be ${rule}, got ${check.show(value)}`);
  });

  test("checkCount from another least value", () => {
    expect(messageOf(() => check.checkCount("f: x", 0, 0))).toBeUndefined();
    expect(messageOf(() => check.checkCount("f: x", -1, 0))).toBe("f: x must be an integer of at least 0, got -1");
  });

  test("checkOneOf", () => {
    expect(messageOf(() => check.checkOneOf("f: x", "mean", ["mean", "sum"]))).toBeUndefined();
    expect(messageOf(() => check.checkOneOf("f: x", "maen" as string, ["mean", "sum"]))).toBe(
      'f: x must be one of "mean", "sum", got "maen". Did you mean "mean"?',
    );
    expect(messageOf(() => check.checkOneOf("f: x", 7 as never, ["mean"]))).toBe('f: x must be one of "mean", got 7');
  });
});

test("checkOptions names the unknown option and the nearest known one", () => {
  const known = ["learningRate", "momentum", "beta1"];
  expect(messageOf(() => check.checkOptions("sgd", { momentum: 1 }, known))).toBeUndefined();
  expect(messageOf(() => check.checkOptions("sgd", undefined, known))).toBeUndefined();
  expect(messageOf(() => check.checkOptions("sgd", { learning_rate: 1 }, known))).toBe(
    'sgd: unknown option "learning_rate". Did you mean "learningRate"?',
  );
  expect(messageOf(() => check.checkOptions("sgd", { beta_1: 1 }, known))).toBe('sgd: unknown option "beta_1". Did you mean "beta1"?');
  expect(messageOf(() => check.checkOptions("sgd", { zzz: 1 }, known))).toBe(
    'sgd: unknown option "zzz". Known options: learningRate, momentum, beta1.',
  );
  expect(messageOf(() => check.checkOptions("relu", { zzz: 1 }, []))).toBe('relu: unknown option "zzz". Known options: none.');
  expect(messageOf(() => check.checkOptions("sgd", 0.1 as never, known))).toBe("sgd: options must be an object, got 0.1");
  expect(messageOf(() => check.checkOptions("sgd", [] as never, known))).toBe("sgd: options must be an object, got []");
  expect(messageOf(() => check.checkOptions("sgd", null as never, known))).toBe("sgd: options must be an object, got null");
});

test("nearest finds slips, not strangers", () => {
  const known = ["batchSize", "epochs", "shuffle"];
  expect(check.nearest("batchsize", known)).toBe("batchSize");
  expect(check.nearest("epoch", known)).toBe("epochs");
  expect(check.nearest("shufle", known)).toBe("shuffle");
  expect(check.nearest("callbacks", known)).toBe("");
  expect(check.nearest("", known)).toBe("");
});
