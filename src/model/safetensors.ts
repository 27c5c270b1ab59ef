/**
 * The safetensors file format (https://github.com/huggingface/safetensors, "Format"):
 *   u64 length of the header | JSON header, padded with spaces to 8 bytes | values, little-endian, back to back
 * The header maps names to { dtype, shape, data_offsets: [begin, end] } and "__metadata__" to texts. Reading checks
 * everything: a file may come from anywhere.
 */
import { FormatError, OptionError, ShapeError } from "../errors.ts";
import { showShape, sizeOf } from "../shape.ts";
import { jsonCost, memoryFor } from "./jsonCost.ts";

export interface SafetensorsTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export interface Safetensors {
  /** In the order of their bytes in the file. */
  readonly tensors: Record<string, SafetensorsTensor>;
  readonly metadata: Record<string, string>;
  /** Bytes of memory that this takes, from above. */
  readonly cost: number;
}

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000; // the limit of the reference implementation

const word = new DataView(new ArrayBuffer(4));

interface DataType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

// Types of which float32 holds the usual values; float8 and complex numbers are left out.
const TYPES: ReadonlyMap<string, DataType> = new Map([
  ["F32", { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  ["F64", { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
  ["F16", { bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) }],
  ["BF16", { bytes: 2, read: (view, at) => bfloatToNumber(view.getUint16(at, true)) }],
  ["I64", { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  ["U64", { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
  ["I32", { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  ["U32", { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  ["I16", { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  ["U16", { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  ["I8", { bytes: 1, read: (view, at) => view.getInt8(at) }],
  ["U8", { bytes: 1, read: (view, at) => view.getUint8(at) }],
  ["BOOL", { bytes: 1, read: (view, at) => view.getUint8(at) }],
] satisfies [string, DataType][]);

/**
 * The file that holds `tensors` as float32, in the order given, and `metadata`, whose contents take `contentCost` bytes when they
 * are read. A header that will take more memory than its file is allowed is padded with spaces until it may.
 * @throws ShapeError if a shape is not its data's size; OptionError for a tensor named "__metadata__".
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  contentCost = 0,
): Uint8Array<ArrayBuffer> {
  // Joined by hand: an object would put names that are numbers first
  const entries = Object.keys(metadata).length > 0 ? [`"${METADATA}":${JSON.stringify(metadata)}`] : [];
  let end = 0;
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    if (name === METADATA) throw new OptionError(`encodeSafetensors: a tensor must not be named "${METADATA}"`);
    if (!isCounts(shape) || sizeOf(shape) !== data.length) {
      throw new ShapeError(
        `encodeSafetensors: "${name}" of shape ${showShape(shape)} must hold ${sizeOf(shape)} numbers, got ${data.length}`,
      );
    }
    const begin = end;
    end += 4 * data.length;
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype: "F32", shape, data_offsets: [begin, end] })}`);
  }
  const text = `{${entries.join(",")}}`;
  const header = new TextEncoder().encode(text);
  const { cost, textBytes } = jsonCost(text);
  const needed = cost + contentCost + 2 * textBytes + 2 * end; // float32 values twice: in JavaScript, and in the model
  const lack = needed - memoryFor(LENGTH_BYTES + header.length + end);
  const headerBytes = Math.ceil((header.length + Math.max(0, lack / 2)) / 8) * 8;
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, LENGTH_BYTES);
  file.fill(0x20, LENGTH_BYTES + header.length, LENGTH_BYTES + headerBytes);
  let at = LENGTH_BYTES + headerBytes;
  for (const { data } of Object.values(tensors)) {
    // WebAssembly's hosts are little-endian, as the file is
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file; every type but float8 and complex becomes float32 (rounded where it must be).
 * @throws FormatError for anything that is not exactly such a file: values must fill it without gap or overlap; and for a
 * file that would take more than four times its bytes of memory (4 MiB for small ones).
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < LENGTH_BYTES) fail(`the file must have at least ${LENGTH_BYTES} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const room = Math.min(bytes.length - LENGTH_BYTES, MAX_HEADER_BYTES);
  if (headerBytes > room) fail(`the header must fit in ${room} bytes, its length says ${headerBytes}`);
  const start = LENGTH_BYTES + headerBytes;
  const text = readHeader(bytes.subarray(LENGTH_BYTES, start));
  const { cost: headerCost, textBytes } = jsonCost(text);
  checkCost(headerCost + 2 * textBytes, bytes.length); // the text, and the texts in it
  const header = parseHeader(text);
  const metadata = readMetadata(header[METADATA]);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => readEntry(name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end)
      fail(`${JSON.stringify(entry.name)} must begin at offset ${end}, where the tensor before it ends, got ${entry.begin}`);
    end = entry.end;
  }
  if (start + end !== bytes.length) fail(`the file must have ${start + end} bytes as its header says, got ${bytes.length}`);
  const cost = headerCost + textBytes + entries.reduce((sum, entry) => sum + (4 * (entry.end - entry.begin)) / entry.type.bytes, 0);
  checkCost(cost, bytes.length);
  const tensors = entries.map(({ name, type, shape, begin, end: last }) => [
    name,
    { data: readValues(bytes, view, type, start + begin, start + last), shape },
  ]);
  return { tensors: Object.fromEntries(tensors), metadata, cost };
}

/** @throws FormatError before memory is taken that a file of this size must not ask for. */
export function checkCost(cost: number, fileBytes: number, where = "decodeSafetensors"): void {
  if (cost === Infinity) throw new FormatError(`${where}: the file's JSON is nested too deep`);
  if (cost > memoryFor(fileBytes))
    throw new FormatError(
      `${where}: the file of ${fileBytes} bytes must need at most ${memoryFor(fileBytes)} bytes of memory, got ${cost}`,
    );
}

interface Entry {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function fail(message: string, cause?: unknown): never {
  throw new FormatError(`decodeSafetensors: ${message}`, { cause });
}

function readHeader(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    fail("the header must be JSON", cause);
  }
}

function parseHeader(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    fail("the header must be JSON", cause);
  }
  if (text[0] !== "{" || !isObject(header)) fail("the header must be a JSON object");
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) fail(`the header must not name ${JSON.stringify(duplicate)} twice`);
  return header;
}

/**
 * The first key that stands twice in one object of valid JSON. JSON.parse keeps the last of such keys and says nothing;
 * the two may mean different bytes.
 */
function findDuplicateKey(json: string): string | undefined {
  const keys: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{") keys.push(new Set());
    else if (character === "}") keys.pop();
    else if (character === '"') {
      const end = stringEnd(json, at);
      if (isKey(json, end)) {
        const key: string = JSON.parse(json.slice(at, end)); // escapes may spell one key in two ways
        const seen = keys[keys.length - 1];
        if (seen?.has(key)) return key;
        seen?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Position after the string that begins at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}

function isKey(json: string, end: number): boolean {
  let at = end;
  while (json[at] === " " || json[at] === "\n" || json[at] === "\r" || json[at] === "\t") at++;
  return json[at] === ":";
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string")) fail(`${METADATA} must map texts to texts`);
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown): Entry {
  const where = JSON.stringify(name);
  if (!isObject(value) || Object.keys(value).sort().join() !== "data_offsets,dtype,shape") {
    fail(`${where} must have dtype, shape and data_offsets, nothing else`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  const type = typeof dtype === "string" ? TYPES.get(dtype) : undefined;
  if (!type) fail(`${where} must have one of the types ${[...TYPES.keys()].join(", ")}, got ${JSON.stringify(dtype)}`);
  if (!isCounts(shape)) fail(`${where} must have a shape of whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) fail(`${where} must have two ascending data_offsets`);
  const [begin, end] = offsets as [number, number];
  const size = checkedSize(shape);
  if (size * type.bytes !== end - begin) {
    fail(`${where} of type ${dtype} and shape ${showShape(shape)} must take ${size * type.bytes} bytes, its offsets say ${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

/** The number of elements, NaN once any partial product is too large to be exact, whatever zeros follow. */
function checkedSize(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) {
    size *= extent;
    if (!Number.isSafeInteger(size)) return Number.NaN;
  }
  return size;
}

function readValues(bytes: Uint8Array, view: DataView, type: DataType, begin: number, end: number): Float32Array {
  // A copy: begin need not be a multiple of 4, and the file may be let go. Not slice(): a Node Buffer's is a view.
  if (type === TYPES.get("F32")) return new Float32Array(new Uint8Array(bytes.subarray(begin, end)).buffer);
  const data = new Float32Array((end - begin) / type.bytes);
  for (let i = 0; i < data.length; i++) data[i] = type.read(view, begin + i * type.bytes);
  return data;
}

function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  if (exponent === 0) return (sign * fraction) / 16777216; // 2^24
  // (1024 + fraction) 2^(exponent - 25): a shift where it is whole, else its inverse
  const size = 1024 + fraction;
  return sign * (exponent >= 25 ? size * (1 << (exponent - 25)) : size / (1 << (25 - exponent)));
}

function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits << 16); // the upper half of a float32
  return word.getFloat32(0);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
