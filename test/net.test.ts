import { describe, expect, test } from "vitest";
import { OptionError, ShapeError } from "../src/errors.ts";
import type { InputLayer, Layer } from "../src/layers/layer.ts";
import { sequential } from "../src/net.ts";

// Factories as src/layers has them, without their checks: sequential must find what is wrong by itself.
const input = <const S extends readonly number[]>(...shape: S): InputLayer<S> => ({ kind: "input", shape });
const dense = (units: number): Layer<{ type: "units"; units: number }> & { readonly units: number } => ({ kind: "dense", units });
const relu = (): Layer<{ type: "same" }> => ({ kind: "relu" });

/** sequential as JavaScript sees it. */
const untyped = sequential as (...layers: unknown[]) => unknown;

describe("sequential", () => {
  test("is plain data, the input first", () => {
    const net = sequential(input(64), dense(128), relu(), dense(10));
    expect(net).toStrictEqual({
      layers: [{ kind: "input", shape: [64] }, { kind: "dense", units: 128 }, { kind: "relu" }, { kind: "dense", units: 10 }],
    });
    expect(JSON.parse(JSON.stringify(net))).toStrictEqual(net);
  });

  test("input alone is a net", () => {
    expect(sequential(input(3, 4)).layers).toStrictEqual([{ kind: "input", shape: [3, 4] }]);
  });

  test("a net read from JSON can be spread again", () => {
    const net = sequential(input(2), dense(3));
    const layers: Layer[] = JSON.parse(JSON.stringify(net.layers));
    expect(sequential(...layers)).toStrictEqual(net);
  });

  test("is frozen at every depth and does not follow later changes of what it was made of", () => {
    const shape = [64];
    const branch = { kind: "residual", layers: [{ kind: "dense", units: 64 }] };
    const net = sequential({ kind: "input", shape } as InputLayer, branch);
    shape[0] = 1;
    branch.layers[0]!.units = 1;
    expect(net.layers).toStrictEqual([
      { kind: "input", shape: [64] },
      { kind: "residual", layers: [{ kind: "dense", units: 64 }] },
    ]);
    const parts: unknown[] = [
      net,
      net.layers,
      net.layers[0],
      (net.layers[0] as InputLayer).shape,
      net.layers[1],
      Reflect.get(net.layers[1]!, "layers"),
    ];
    expect(parts.map(Object.isFrozen)).toEqual(parts.map(() => true));
    expect(Object.isFrozen(branch)).toBe(false);
  });

  test("options that are no plain data stay what they are", () => {
    const values = new Float32Array([1, 2]);
    const at = () => 1;
    const net = sequential(input(2), { kind: "dense", init: { values, at } } as Layer);
    expect(Reflect.get(net.layers[1]!, "init")).toStrictEqual({ values, at });
    expect(Reflect.get(net.layers[1]!, "init").values).toBe(values);
  });

  const slips: [title: string, layers: unknown[], error: typeof OptionError | typeof ShapeError, message: string][] = [
    [
      "nothing",
      [],
      OptionError,
      "sequential: layers[0] must be input(...shape), got no layers. Its shape is that of one row, without the batch axis.",
    ],
    [
      "no input",
      [dense(10), relu()],
      OptionError,
      'sequential: layers[0] must be input(...shape), got "dense". Its shape is that of one row, without the batch axis.',
    ],
    [
      "a second input",
      [input(64), dense(10), input(10)],
      OptionError,
      "sequential: layers[2] must not be input(...), got a second one. Only the first layer is the input.",
    ],
    [
      "a factory that was not called",
      [input(64), dense(10), relu],
      OptionError,
      "sequential: layers[2] must be a layer, got the function relu. Call it: relu().",
    ],
    [
      "a list",
      [input(64), [dense(10)]],
      OptionError,
      "sequential: layers[1] must be a layer, got [{ kind, units }]. Spread a list of layers: sequential(...layers).",
    ],
    ["a number", [input(64), 10], OptionError, "sequential: layers[1] must be a layer, got 10"],
    ["null", [input(64), null], OptionError, "sequential: layers[1] must be a layer, got null"],
    ["an object of another kind", [input(64), { units: 3 }], OptionError, "sequential: layers[1] must be a layer, got { units }"],
    ["a string", ["input"], OptionError, 'sequential: layers[0] must be a layer, got "input"'],
    ["an extent of 0", [input(8, 0)], ShapeError, "sequential: input's shape must be positive integers, one at least, got [8, 0]"],
    ["a negative extent", [input(-1)], ShapeError, "sequential: input's shape must be positive integers, one at least, got [-1]"],
    ["a fraction", [input(6.4)], ShapeError, "sequential: input's shape must be positive integers, one at least, got [6.4]"],
    ["NaN", [input(Number.NaN)], ShapeError, "sequential: input's shape must be positive integers, one at least, got [NaN]"],
    ["no extents", [input()], ShapeError, "sequential: input's shape must be positive integers, one at least, got []"],
    ["no shape", [{ kind: "input" }], ShapeError, "sequential: input's shape must be positive integers, one at least, got undefined"],
    [
      "a shape as text",
      [{ kind: "input", shape: ["8"] }],
      ShapeError,
      'sequential: input\'s shape must be positive integers, one at least, got ["8"]',
    ],
  ];
  test.each(slips)("%s is refused", (_, layers, error, message) => {
    const call = () => untyped(...layers);
    expect(call).toThrow(error);
    expect(call).toThrow(new error(message));
  });
});
