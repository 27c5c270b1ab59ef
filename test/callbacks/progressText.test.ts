import { expect, test } from "vitest";
import { formatRate, formatSeconds, formatValue, progressText } from "../../src/callbacks/progressText.ts";

test.each([
  [0.123456, "0.1235"],
  [0.00123456, "0.001235"],
  [12.3456, "12.35"],
  [1.23e-9, "1.230e-9"],
  [12345.6, "12346"],
  [1.5e12, "1.500e+12"],
  [-0.5, "-0.5000"],
  [Number.NaN, "NaN"],
  [Infinity, "Infinity"],
])("formatValue(%d) = %s", (value, text) => expect(formatValue(value)).toBe(text));

test.each([
  [0.0523, "0.05"],
  [1.234, "1.23"],
  [12.34, "12.3"],
  [99.96, "100"],
  [340.4, "340"],
  [12345, "12,300"],
  [1234567, "1,230,000"],
  [Infinity, "-"],
  [Number.NaN, "-"],
])("formatRate(%d) = %s", (value, text) => expect(formatRate(value)).toBe(text));

test.each([
  [0, "0.0s"],
  [9.94, "9.9s"],
  [9.96, "10s"],
  [59.6, "1m 00s"],
  [185, "3m 05s"],
  [3599.6, "1h 00m"],
  [7800, "2h 10m"],
  [Number.NaN, "-"],
  [Infinity, "-"],
])("formatSeconds(%d) = %s", (value, text) => expect(formatSeconds(value)).toBe(text));

test.each([
  [0, "[                        ]"],
  [0.5, "[============            ]"],
  [1, "[========================]"],
  [7, "[========================]"],
])("the bar of share %d", (share, bar) => {
  const text = progressText({ epoch: 9, epochs: 10, share, stepsPerSecond: undefined, time: "", values: [] }, 100);
  expect(text).toBe(`epoch  9/10  ${bar}`);
});
