import { describe, expect, it } from "vitest";
import { FormatError, OptionError, ShapeError, WhetstoneError } from "../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/model/safetensors.ts";

const tensors = {
  "0.weight": { data: Float32Array.of(1, -2.5, 3e-40, Infinity, 0, -0), shape: [2, 3] },
  "0.bias": { data: Float32Array.of(0.1, 0.2), shape: [2] },
  "10": { data: Float32Array.of(7), shape: [] },
  'größe "q"\n': { data: new Float32Array(0), shape: [0, 4] },
};
const metadata = { format: "pt", net: JSON.stringify([{ layer: "dense" }]), __proto: "x" };

/** A file of this header, not padded, and these values. */
function file(header: unknown, values: ArrayLike<number> = []): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(Array.from(values), 8 + json.length);
  return bytes;
}
const entry = (dtype: string, shape: unknown, begin: number, end: number) => ({ dtype, shape, data_offsets: [begin, end] });
const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe("encodeSafetensors", () => {
  it("writes the format byte by byte", () => {
    const bytes = encodeSafetensors({ b: { data: Float32Array.of(1, -2), shape: [1, 2] } }, { k: "v" });
    const json = '{"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
    const length = Math.ceil(json.length / 8) * 8;
    const want = [length, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(json.padEnd(length, " ")), 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0];
    expect(Array.from(bytes)).toEqual(want);
  });
  it("leaves out empty metadata and keeps the values aligned", () => {
    for (let i = 0; i < 16; i++) {
      const bytes = encodeSafetensors({ ["x".repeat(i)]: { data: Float32Array.of(i), shape: [] } });
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      expect(length % 8).toBe(0);
      expect(bytes.length).toBe(8 + length + 4);
      expect(new TextDecoder().decode(bytes)).not.toContain("__metadata__");
      expect(new DataView(bytes.buffer).getFloat32(8 + length, true)).toBe(i);
    }
    expect(Array.from(encodeSafetensors({}))).toEqual([8, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from("{}      ")]);
  });
  it("rejects wrong shapes and the reserved name", () => {
    expect(() => encodeSafetensors({ a: { data: new Float32Array(3), shape: [2, 2] } })).toThrow(ShapeError);
    expect(() => encodeSafetensors({ a: { data: new Float32Array(1), shape: [0.5, 2] } })).toThrow(ShapeError);
    expect(() => encodeSafetensors({ __metadata__: { data: new Float32Array(1), shape: [1] } })).toThrow(OptionError);
  });
});

describe("decodeSafetensors", () => {
  it("returns what was encoded, bit for bit, in the order of the bytes, from any place of a buffer", () => {
    const bytes = encodeSafetensors(tensors, metadata);
    const padded = new Uint8Array(bytes.length + 5);
    padded.set(bytes, 3);
    for (const source of [bytes, padded.subarray(3, 3 + bytes.length)]) {
      const decoded = decodeSafetensors(source);
      expect(decoded.metadata).toEqual(metadata);
      expect(Object.keys(decoded.tensors).sort()).toEqual(Object.keys(tensors).sort());
      for (const [name, { data, shape }] of Object.entries(tensors)) {
        expect(decoded.tensors[name]!.shape).toEqual(shape);
        expect(bytesOf(decoded.tensors[name]!.data)).toEqual(bytesOf(data));
      }
    }
    expect(decodeSafetensors(encodeSafetensors({}))).toEqual({ tensors: {}, metadata: {}, cost: expect.any(Number) });
  });
  it("gives copies that do not hold the file", () => {
    const bytes = encodeSafetensors({ a: { data: Float32Array.of(1), shape: [1] } });
    const { data } = decodeSafetensors(bytes).tensors.a!;
    bytes.fill(0);
    expect(data[0]).toBe(1);
    expect(data.buffer.byteLength).toBe(4);
  });
  it("names like __proto__ are names", () => {
    const decoded = decodeSafetensors(file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [9]));
    expect(Object.entries(decoded.tensors).map(([name, { data }]) => [name, ...data])).toEqual([["__proto__", 9]]);
    expect(Object.getPrototypeOf(decoded.tensors)).toBe(Object.prototype);
  });
  it("every type becomes float32", () => {
    const halves = Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x8000, 0x3555, 0x7e00);
    const halfValues = [1, -2.5, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, -0, 0.333251953125, Number.NaN];
    const cases: [string, ArrayBufferView, number[]][] = [
      ["F64", Float64Array.of(0.1, -1e300, 2), [Math.fround(0.1), -Infinity, 2]],
      ["F16", halves, halfValues],
      ["BF16", Uint16Array.of(0x3f80, 0xc020, 0x7f80, 0x0001), [1, -2.5, Infinity, 2 ** -133]],
      ["I64", BigInt64Array.of(-1n, 1234567n), [-1, 1234567]],
      ["U64", BigUint64Array.of(2n ** 63n), [2 ** 63]],
      ["I32", Int32Array.of(-5, 70000), [-5, 70000]],
      ["U32", Uint32Array.of(2 ** 31), [2 ** 31]],
      ["I16", Int16Array.of(-300), [-300]],
      ["U16", Uint16Array.of(65535), [65535]],
      ["I8", Int8Array.of(-128, 127), [-128, 127]],
      ["U8", Uint8Array.of(255), [255]],
      ["BOOL", Uint8Array.of(0, 1), [0, 1]],
    ];
    for (const [dtype, array, want] of cases) {
      // one byte before it, so that nothing is aligned
      const header = { a: entry("U8", [1], 0, 1), b: entry(dtype, [want.length], 1, 1 + array.byteLength) };
      const { data } = decodeSafetensors(file(header, [7, ...bytesOf(array)])).tensors.b!;
      expect(data, dtype).toEqual(Float32Array.from(want));
    }
  });
  it("the header may name tensors in any order and have zeros in shapes", () => {
    const header = { b: entry("U8", [2], 1, 3), a: entry("U8", [], 0, 1), none: entry("F32", [3, 0], 1, 1) };
    const decoded = decodeSafetensors(file(header, [1, 2, 3]));
    expect(Object.entries(decoded.tensors).map(([name, { data, shape }]) => [name, [...data], shape])).toEqual([
      ["a", [1], []],
      ["none", [], [3, 0]],
      ["b", [2, 3], [2]],
    ]);
  });

  const good = { a: entry("F32", [2], 0, 8), b: entry("F32", [1], 8, 12) };
  const values = new Uint8Array(12);
  const bad: [string, Uint8Array][] = [
    ["empty file", new Uint8Array(0)],
    ["seven bytes", new Uint8Array(7)],
    ["header of no bytes", new Uint8Array(8)],
    ["header longer than the file", file(good, values).subarray(0, 40)],
    ["header of 2^64 - 1 bytes", Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 123, 125)],
    ["not JSON", file("{]")],
    ["not UTF-8", Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 123, 0xff, 125)],
    ["a list", file([])],
    ["a space before the header", file(` ${JSON.stringify(good)}`, values)],
    ["null", file("null")],
    ["an entry that is no object", file({ a: 5 })],
    ["an entry that is null", file({ a: null })],
    ["no dtype", file({ a: { shape: [0], data_offsets: [0, 0] } })],
    ["a further field", file({ a: { ...entry("F32", [0], 0, 0), more: 1 } })],
    ["unknown type", file({ a: entry("F8_E4M3", [1], 0, 1) }, [0])],
    ["type that is no text", file({ a: { dtype: 5, shape: [1], data_offsets: [0, 1] } }, [0])],
    ["negative extent", file({ a: entry("F32", [-1, -2], 0, 8) }, new Uint8Array(8))],
    ["fraction as extent", file({ a: entry("F32", [0.5, 4], 0, 8) }, new Uint8Array(8))],
    ["shape that is no list", file({ a: entry("F32", 2, 0, 8) }, new Uint8Array(8))],
    ["product overflows", file({ a: entry("F32", [2 ** 32, 2 ** 32], 0, 0) })],
    ["product overflows before a zero", file({ a: entry("F32", [2 ** 52, 2 ** 52, 0], 0, 0) })],
    ["wrong size", file({ a: entry("F32", [3], 0, 8) }, new Uint8Array(8))],
    ["one offset", file({ a: { dtype: "F32", shape: [2], data_offsets: [0] } }, new Uint8Array(8))],
    ["offsets that descend", file({ a: entry("F32", [2], 8, 0) }, new Uint8Array(8))],
    ["offset past the file", file({ a: entry("F32", [4], 0, 16) }, new Uint8Array(8))],
    ["overlap", file({ ...good, b: entry("F32", [1], 4, 8) }, new Uint8Array(8))],
    ["hole", file({ ...good, b: entry("F32", [1], 12, 16) }, new Uint8Array(16))],
    ["hole at the front", file({ b: entry("F32", [1], 4, 8) }, new Uint8Array(8))],
    ["trailing byte", file(good, new Uint8Array(13))],
    ["missing byte", file(good, new Uint8Array(11))],
    ["a name twice", file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}')],
    [
      "a name twice, once escaped",
      file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    ],
    ["a field twice", file('{"a":{"dtype":"U8","shape":[1],"shape":[0],"data_offsets":[0,0]}}')],
    ["metadata that is no text", file({ __metadata__: { a: 1 } })],
    ["metadata that is a list", file({ __metadata__: ["a"] })],
    ["a deep nest", file("[".repeat(200_000))],
  ];
  for (const [name, bytes] of bad) {
    it(`rejects: ${name}`, () => {
      expect(() => decodeSafetensors(bytes)).toThrow(FormatError);
    });
  }
  it("says what is wrong", () => {
    expect(() => decodeSafetensors(file({ a: entry("F32", [3], 0, 8) }, values))).toThrow(
      'decodeSafetensors: "a" of type F32 and shape [3] must take 12 bytes, its offsets say 8',
    );
    expect(() => decodeSafetensors(file(good, new Uint8Array(13)))).toThrow(/the file must have \d+ bytes as its header says, got \d+$/);
    expect(() => decodeSafetensors(file({ ...good, b: entry("F32", [1], 4, 8) }, values))).toThrow('"b" must begin at offset 8');
  });

  it("20,000 mutated files: a FormatError or a sound result, never anything else", () => {
    const valid = encodeSafetensors(tensors, metadata);
    const headerEnd = 8 + Number(new DataView(valid.buffer).getBigUint64(0, true));
    let state = 12345;
    const below = (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor(((state >>> 4) / 2 ** 28) * n);
    };
    const syntax = Buffer.from('0123456789[]{}",:-.eE\\ nul');
    let rejected = 0;
    const start = performance.now();
    for (let i = 0; i < 20_000; i++) {
      let bytes = valid.slice();
      for (let edits = 1 + below(3); edits > 0; edits--) {
        const at = below(4) === 0 ? below(bytes.length) : below(headerEnd);
        const kind = below(6);
        if (kind === 0) bytes[at] = below(256);
        else if (kind === 1) bytes[at]! ^= 1 << below(8);
        else if (kind === 2) bytes[at] = syntax[below(syntax.length)]!;
        else if (kind === 3) bytes = bytes.slice(0, at + 1);
        else if (kind === 4) bytes = Uint8Array.of(...bytes.subarray(0, at), syntax[below(syntax.length)]!, ...bytes.subarray(at));
        else bytes.copyWithin(at, below(bytes.length), below(bytes.length));
        if (bytes.length === 0) bytes = Uint8Array.of(0);
      }
      try {
        const decoded = decodeSafetensors(bytes);
        let held = 0;
        for (const { data, shape } of Object.values(decoded.tensors)) {
          expect(data.length).toBe(shape.reduce((size, extent) => size * extent, 1));
          held += data.byteLength;
        }
        expect(held).toBeLessThanOrEqual(4 * bytes.length);
        expect(Object.values(decoded.metadata).every((text) => typeof text === "string")).toBe(true);
      } catch (error) {
        if (!(error instanceof WhetstoneError && error.code === "FormatError")) throw error;
        rejected++;
      }
    }
    // most edits in the header break it; those in values and names do not
    expect(rejected).toBeGreaterThan(10_000);
    expect(rejected).toBeLessThan(20_000);
    expect(performance.now() - start).toBeLessThan(20_000); // about 1 s on an idle core
  });
});
