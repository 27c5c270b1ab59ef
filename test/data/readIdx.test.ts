import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readIdx } from "../../src/data/readIdx.ts";
import { FormatError, OptionError } from "../../src/errors.ts";

/** An IDX file: type code, extents, values written by `put`. */
function idx(
  type: number,
  shape: number[],
  bytes: number,
  values: number[],
  put: (view: DataView, at: number, value: number) => void,
): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + bytes * values.length);
  const view = new DataView(file.buffer);
  view.setUint8(2, type);
  view.setUint8(3, shape.length);
  shape.forEach((extent, axis) => {
    view.setUint32(4 + 4 * axis, extent);
  });
  values.forEach((value, i) => {
    put(view, 4 + 4 * shape.length + i * bytes, value);
  });
  return file;
}

const images = idx(8, [2, 2, 3], 1, [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255], (view, at, value) => view.setUint8(at, value));

describe("readIdx", () => {
  it("images as float32, labels as int32", async () => {
    expect(await readIdx(images)).toEqual({ shape: [2, 2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255) });
    const labels = idx(8, [3], 1, [7, 0, 255], (view, at, value) => view.setUint8(at, value));
    expect(await readIdx(labels)).toEqual({ shape: [3], data: Int32Array.of(7, 0, 255) });
  });
  it("every type, big-endian", async () => {
    const cases: [number, number, number[], (view: DataView, at: number, value: number) => void][] = [
      [0x09, 1, [-128, 127], (view, at, value) => view.setInt8(at, value)],
      [0x0b, 2, [-32768, 258], (view, at, value) => view.setInt16(at, value)],
      [0x0c, 4, [-2147483648, 16909060], (view, at, value) => view.setInt32(at, value)],
      [0x0d, 4, [-1.5, 3.25], (view, at, value) => view.setFloat32(at, value)],
      [0x0e, 8, [-1.5, 0.1], (view, at, value) => view.setFloat64(at, value)],
    ];
    for (const [type, bytes, values, put] of cases) {
      const isInteger = type < 0x0d;
      const want = isInteger ? Int32Array.from(values) : Float32Array.from(values);
      expect(await readIdx(idx(type, [2], bytes, values, put)), `type ${type}`).toEqual({ shape: [2], data: want });
      expect(await readIdx(idx(type, [1, 2], bytes, values, put))).toEqual({ shape: [1, 2], data: Float32Array.from(values) });
    }
  });
  it("gzip, an ArrayBuffer, a view at an odd place, no rows", async () => {
    const want = await readIdx(images);
    expect(await readIdx(new Uint8Array(gzipSync(images)))).toEqual(want);
    expect(await readIdx(images.buffer as ArrayBuffer)).toEqual(want);
    const padded = new Uint8Array(images.length + 3);
    padded.set(images, 1);
    expect(await readIdx(padded.subarray(1, 1 + images.length))).toEqual(want);
    expect(await readIdx(idx(8, [0, 28, 28], 1, [], () => {}))).toEqual({ shape: [0, 28, 28], data: new Float32Array(0) });
    const large = idx(
      8,
      [500, 28, 28],
      1,
      Array.from({ length: 392_000 }, (_, i) => (i * 7919) % 256),
      (view, at, value) => view.setUint8(at, value),
    );
    const { data } = await readIdx(new Uint8Array(gzipSync(large)));
    expect(data.every((value, i) => value === (i * 7919) % 256)).toBe(true);
  });
  it("rejects other files, truncated and damaged ones", async () => {
    const fails = (bytes: Uint8Array, message: string) => expect(readIdx(bytes)).rejects.toThrow(message);
    await fails(new Uint8Array(0), "readIdx: the file ends within its header, after 0 bytes");
    await fails(images.subarray(0, 15), "ends within its header, after 15 bytes");
    await fails(images.subarray(0, 20), "truncated: shape [2, 2, 3] must take 28 bytes, got 20");
    await fails(Uint8Array.of(...images, 0), "longer than its header says");
    await fails(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0), "must begin with 00 00, a type and a rank, got 89 50 4e 47");
    await fails(Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 0), "got 00 00 07 01");
    await fails(Uint8Array.of(0, 0, 8, 0), "got 00 00 08 00");
    await fails(Uint8Array.of(0, 0, 8, 3, ...new Array(12).fill(255)), "too large");
    await expect(readIdx(images.subarray(0, 20))).rejects.toThrow(FormatError);
    await expect(readIdx("x" as unknown as Uint8Array)).rejects.toThrow(OptionError);
    const packed = new Uint8Array(gzipSync(images));
    for (const length of [2, 9, 12, packed.length - 9, packed.length - 1]) {
      await expect(readIdx(packed.subarray(0, length)), `first ${length} bytes`).rejects.toThrow(FormatError);
    }
    const damaged = packed.slice();
    damaged[packed.length - 6]! ^= 1; // a bit of the checksum
    await fails(damaged, "the gzip data is damaged or truncated");
  });
  it("stops unpacking what is longer than its header says", async () => {
    const bomb = new Uint8Array(64 * 1024 * 1024);
    bomb.set(images);
    const message = await readIdx(new Uint8Array(gzipSync(bomb))).catch((error: Error) => error.message);
    expect(message).toMatch(/longer than its header says: .* must take 28 bytes, got \d{5,6}$/);
  });
});
