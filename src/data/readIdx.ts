/**
 * IDX files, in which MNIST and its relatives come: two zero bytes, type, rank, the extents and the values, all
 * big-endian. Files packed with gzip are unpacked.
 */
import { fail } from "../check.ts";
import { FormatError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";

/** Labels (rank 1, an integer type) are Int32Array; everything else is Float32Array, as `fit` takes it. */
export interface IdxData {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

interface ValueType {
  readonly bytes: number;
  readonly isInteger: boolean;
  readonly read: (view: DataView, at: number) => number;
}

const TYPES: ReadonlyMap<number, ValueType> = new Map([
  [0x08, { bytes: 1, isInteger: true, read: (view, at) => view.getUint8(at) }],
  [0x09, { bytes: 1, isInteger: true, read: (view, at) => view.getInt8(at) }],
  [0x0b, { bytes: 2, isInteger: true, read: (view, at) => view.getInt16(at) }],
  [0x0c, { bytes: 4, isInteger: true, read: (view, at) => view.getInt32(at) }],
  [0x0d, { bytes: 4, isInteger: false, read: (view, at) => view.getFloat32(at) }],
  [0x0e, { bytes: 8, isInteger: false, read: (view, at) => view.getFloat64(at) }],
]);

/**
 * Reads an IDX file, plain or gzip. Values are not scaled: divide pixels by 255 or use a scaler.
 * @throws FormatError (the promise rejects) for another kind of file, a truncated or damaged one, or bytes left over.
 */
export async function readIdx(bytes: Uint8Array | ArrayBuffer): Promise<IdxData> {
  if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer)) fail("readIdx: the source", "bytes", bytes);
  const source = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return parse(source[0] === 0x1f && source[1] === 0x8b ? await unpack(source) : source);
}

interface Header {
  readonly type: ValueType;
  readonly shape: readonly number[];
  readonly headerBytes: number;
  readonly totalBytes: number;
}

/** What the first bytes say; undefined if there are too few of them. */
function readHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < 4) return undefined;
  const type = TYPES.get(bytes[2]!);
  const rank = bytes[3]!;
  if (bytes[0] !== 0 || bytes[1] !== 0 || !type || rank === 0) {
    const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new FormatError(`readIdx: an IDX file must begin with 00 00, a type and a rank, got ${start}`);
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const totalBytes = headerBytes + type.bytes * sizeOf(shape);
  if (!Number.isSafeInteger(totalBytes)) throw new FormatError(`readIdx: the extents ${showShape(shape)} are too large`);
  return { type, shape, headerBytes, totalBytes };
}

function parse(bytes: Uint8Array): IdxData {
  const header = readHeader(bytes);
  if (!header) throw new FormatError(`readIdx: the file ends within its header, after ${bytes.length} bytes`);
  const { type, shape, headerBytes, totalBytes } = header;
  if (bytes.length !== totalBytes) {
    const state = bytes.length < totalBytes ? "truncated" : "longer than its header says";
    throw new FormatError(`readIdx: the file is ${state}: shape ${showShape(shape)} must take ${totalBytes} bytes, got ${bytes.length}`);
  }
  const size = sizeOf(shape);
  const data = shape.length === 1 && type.isInteger ? new Int32Array(size) : new Float32Array(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < size; i++) data[i] = type.read(view, headerBytes + i * type.bytes);
  return { shape, data };
}

/** The unpacked file. Stops once there is more than the header promises: a small file can unpack to terabytes. */
async function unpack(packed: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([packed.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  let bytes = new Uint8Array(65536);
  let length = 0;
  let header: Header | undefined;
  for (;;) {
    const { value, done } = await reader.read().catch((cause: unknown) => {
      throw new FormatError("readIdx: the gzip data is damaged or truncated", { cause });
    });
    if (done) return bytes.subarray(0, length);
    if (length + value.length > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, length + value.length));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(value, length);
    length += value.length;
    header ??= readHeader(bytes.subarray(0, length));
    if (header && length > header.totalBytes) {
      await reader.cancel();
      return bytes.subarray(0, length);
    }
  }
}
