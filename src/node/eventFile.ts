/**
 * The bytes of TensorBoard's event files: TFRecord frames around protobuf messages (tensorflow/core/util/event.proto,
 * framework/summary.proto). Scalars and nothing else.
 *   frame = u64 length | u32 masked CRC-32C of the length | message | u32 masked CRC-32C of the message, all little-endian
 */

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CASTAGNOLI[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

const CASTAGNOLI = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** A checksum that may itself be part of checksummed data: rotated and moved (TFRecord's mask). */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

export function frame(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(message.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(message.length), true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(message, 12);
  view.setUint32(12 + message.length, masked(crc32c(message)), true);
  return bytes;
}

/** The first event of a file. `wallTime`: seconds since 1970. */
export function versionEvent(wallTime: number): Uint8Array {
  return join([field(1, 1), float64(wallTime), ...text(3, "brain.Event:2")]);
}

/** One event with a value of each tag: { wall_time = 1, step = 2, summary = 5: { value = 1: { tag = 1, simple_value = 2 } } }. */
export function scalarEvent(wallTime: number, step: number, values: Readonly<Record<string, number>>): Uint8Array {
  const summary = Object.entries(values).map(([tag, value]) => join(message(1, [...text(1, tag), field(2, 5), float32(value)])));
  return join([field(1, 1), float64(wallTime), field(2, 0), varint(step), ...message(5, summary)]);
}

/** Wire types: 0 varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes. */
const field = (number: number, wire: number): Uint8Array => Uint8Array.of((number << 3) | wire);

const message = (number: number, parts: readonly Uint8Array[]): Uint8Array[] => {
  const body = join(parts);
  return [field(number, 2), varint(body.length), body];
};

const text = (number: number, value: string): Uint8Array[] => message(number, [new TextEncoder().encode(value)]);

/** Seven bits a byte, the lowest first; value from 0 to 2^53 - 1. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}

function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

function float32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
