import { expect, test } from "vitest";
import * as w from "../src/index.ts";

const classes = {
  WhetstoneError: w.WhetstoneError,
  ShapeError: w.ShapeError,
  DataError: w.DataError,
  OptionError: w.OptionError,
  FormatError: w.FormatError,
  MemoryError: w.MemoryError,
  WorkerError: w.WorkerError,
};

test.each(Object.entries(classes))("%s has its code, its name, and the base class", (code, Class) => {
  const cause = new RangeError("why");
  const error = new Class("where: what", { cause });
  expect(error).toBeInstanceOf(w.WhetstoneError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ code, name: code, message: "where: what", cause });
  expect(String(error)).toBe(`${code}: where: what`);
});

test("NonFiniteError carries step, layer and value", () => {
  const error = new w.NonFiniteError("step 3: loss is NaN", { step: 3, layer: "loss", value: Number.NaN });
  expect(error).toBeInstanceOf(w.WhetstoneError);
  expect(error).toMatchObject({ code: "NonFiniteError", name: "NonFiniteError", step: 3, layer: "loss", value: Number.NaN });
});
