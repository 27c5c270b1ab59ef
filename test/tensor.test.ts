import { describe, expect, test } from "vitest";
import { DataError, ShapeError } from "../src/errors.ts";
import { type Tensor, tensor } from "../src/tensor.ts";

/** tensor as JavaScript sees it. */
const untyped = tensor as (data: unknown, shape?: unknown) => Tensor;

const typedArrays = [
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
] as const;

describe("tensor", () => {
  test.each(typedArrays.map((type) => [type.name, type] as const))("%s has rank 1, or the given shape", (_, type) => {
    const data = new type([1, 2, 3, 4, 5, 6]);
    expect(tensor(data)).toStrictEqual({ data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [6] });
    expect(tensor(data, [2, 3])).toStrictEqual({ data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [2, 3] });
  });

  const nested: [title: string, data: unknown, shape: number[], numbers: number[]][] = [
    ["rank 1", [1, 2, 3], [3], [1, 2, 3]],
    [
      "rank 2",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      "rank 3",
      [
        [[1], [2]],
        [[3], [4]],
        [[5], [6]],
      ],
      [3, 2, 1],
      [1, 2, 3, 4, 5, 6],
    ],
    ["typed rows", [new Float32Array([1, 2]), new Uint8Array([3, 4])], [2, 2], [1, 2, 3, 4]],
    ["typed and plain rows", [[1, 2], new Float64Array([3, 4]), [5, 6]], [3, 2], [1, 2, 3, 4, 5, 6]],
    ["no elements", [], [0], []],
    ["rows without elements", [[], []], [2, 0], []],
    ["one number", [7], [1], [7]],
  ];
  test.each(nested)("nested arrays: %s", (_, data, shape, numbers) => {
    expect(untyped(data)).toStrictEqual({ data: new Float32Array(numbers), shape });
  });

  test("a shape reads the same numbers in row-major order", () => {
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(tensor(rows, [3, 2])).toStrictEqual({ data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [3, 2] });
    expect(tensor([5], [])).toStrictEqual({ data: new Float32Array([5]), shape: [] });
    expect(tensor(tensor(rows), [6])).toStrictEqual({ data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [6] });
  });

  test("holds a copy, of data and of shape", () => {
    const data = new Float32Array([1, 2, 3, 4]);
    const shape = [2, 2];
    const a = tensor(data, shape);
    const b = tensor(a);
    data[0] = 9;
    a.data[1] = 9;
    shape[0] = 9;
    expect(a).toStrictEqual({ data: new Float32Array([1, 9, 3, 4]), shape: [2, 2] });
    expect(b).toStrictEqual({ data: new Float32Array([1, 2, 3, 4]), shape: [2, 2] });
  });

  test("numbers are rounded to float32; they need not be finite", () => {
    expect(tensor([0.1, Number.NaN, -Infinity, 1e300]).data).toStrictEqual(
      new Float32Array([Math.fround(0.1), Number.NaN, -Infinity, Infinity]),
    );
  });

  test("a view in the middle of a buffer gives its own numbers", () => {
    const view = new Float32Array([0, 1, 2, 3, 4]).subarray(1, 3);
    expect(tensor(view)).toStrictEqual({ data: new Float32Array([1, 2]), shape: [2] });
  });

  const slips: [title: string, data: unknown, shape: unknown, error: typeof DataError | typeof ShapeError, message: string][] = [
    [
      "a short row",
      [[1, 2, 3], [4, 5, 6], [7]],
      undefined,
      DataError,
      "tensor: data must not be ragged, got 1 values at data[2] where the first has 3 values",
    ],
    [
      "a long row, deeper",
      [
        [[1], [2]],
        [[3], [4, 5]],
      ],
      undefined,
      DataError,
      "tensor: data must not be ragged, got 2 values at data[1][1] where the first has 1 values",
    ],
    [
      "a short typed row",
      [new Float32Array(2), new Float32Array(1)],
      undefined,
      DataError,
      "tensor: data must not be ragged, got 1 values at data[1] where the first has 2 values",
    ],
    [
      "a number among rows",
      [[1, 2], 3],
      undefined,
      DataError,
      "tensor: data must not be ragged, got the number 3 at data[1] where the first has 2 values",
    ],
    [
      "a row among numbers",
      [1, [2, 3]],
      undefined,
      DataError,
      "tensor: data must not be ragged, got 2 values at data[1] where the first has a number",
    ],
    [
      "a typed row among matrices",
      [[[1], [2]], new Float32Array(2)],
      undefined,
      DataError,
      "tensor: data must not be ragged, got 2 values at data[1] where the first has 2 arrays of shape [1]",
    ],
    ["text", [[1, "2"]], undefined, DataError, 'tensor: data must hold numbers only, got "2" at data[0][1]. Turn text into numbers first.'],
    ["true", [true], undefined, DataError, "tensor: data must hold numbers only, got true at data[0]"],
    [
      "a missing value",
      [
        [1, 2],
        [3, null],
      ],
      undefined,
      DataError,
      "tensor: data must hold numbers only, got null at data[1][1]. Fill or drop missing values first.",
    ],
    [
      "a missing row",
      [[1, 2], undefined],
      undefined,
      DataError,
      "tensor: data must hold numbers only, got undefined at data[1]. Fill or drop missing values first.",
    ],
    ["a number alone", 5, undefined, DataError, "tensor: data must be a typed array, nested arrays of numbers or a Tensor, got 5"],
    [
      "bigints",
      new BigInt64Array(2),
      undefined,
      DataError,
      "tensor: data must be a typed array, nested arrays of numbers or a Tensor, got a BigInt64Array of 16 bytes",
    ],
    [
      "a DataView",
      new DataView(new ArrayBuffer(8)),
      undefined,
      DataError,
      "tensor: data must be a typed array, nested arrays of numbers or a Tensor, got a DataView of 8 bytes",
    ],
    ["another product", new Float32Array(6), [2, 2], ShapeError, "tensor: data must hold 4 numbers for shape [2, 2], got 6 numbers"],
    ["another product, nested", [[1, 2]], [3], ShapeError, "tensor: data must hold 3 numbers for shape [3], got 2 numbers of shape [1, 2]"],
    ["a negative extent", [1], [-1], ShapeError, "tensor: shape must be a list of integers, 0 or above, got [-1]"],
    ["a fraction", [1], [0.5, 2], ShapeError, "tensor: shape must be a list of integers, 0 or above, got [0.5, 2]"],
    ["no list", [1], 1, ShapeError, "tensor: shape must be a list of integers, 0 or above, got 1"],
    [
      "a tensor made by hand",
      { data: new Float32Array(3), shape: [2, 2] },
      undefined,
      ShapeError,
      "tensor: data must hold 4 numbers for its shape [2, 2], got 3",
    ],
  ];
  test.each(slips)("%s is refused", (_, data, shape, error, message) => {
    const call = () => untyped(data, shape);
    expect(call).toThrow(error);
    expect(call).toThrow(new error(message));
  });
});
