/** Streams of bytes or texts as texts that end where a record ends: what is larger than memory is read piece by piece. */
import { fail } from "../check.ts";
import { FormatError, OptionError } from "../errors.ts";

/** A stream that can be read once: of fetch, of a file, of a generator. */
export type ByteStream = ReadableStream<Uint8Array | string> | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** A stream, or what opens it anew for each pass over the data. */
export type ByteSource = ByteStream | (() => ByteStream | Promise<ByteStream>);

/** A record above this is no record: a quote has been opened and never closed. */
const MAX_RECORD = 1 << 24;

const QUOTE = 34;
const LF = 10;
const CR = 13;

/** A source for one pass. `passes` counts them: what is no function can be read once. */
export async function open(where: string, source: ByteSource, passes: number): Promise<AsyncIterable<Uint8Array | string>> {
  if (typeof source !== "function" && passes > 0 && !Array.isArray(source)) {
    throw new OptionError(`${where}: a stream can be read once. For several passes (epochs) give a function that opens it: () => stream`);
  }
  const stream = typeof source === "function" ? await source() : source;
  if (typeof stream !== "object" || stream === null)
    fail(`${where}: the source`, "a stream or an iterable of bytes, or a function that opens one", stream);
  if (Symbol.asyncIterator in stream) return stream;
  if (Symbol.iterator in stream) return asAsync(stream);
  if ("getReader" in stream) return read(stream);
  return fail(`${where}: the source`, "a stream or an iterable of bytes, or a function that opens one", stream);
}

async function* asAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** Streams of some browsers can't be iterated. */
async function* read(stream: ReadableStream<Uint8Array | string>): AsyncGenerator<Uint8Array | string> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/**
 * The text of a stream of bytes (UTF-8, or UTF-16 with a mark) or texts, in pieces. Each ends where a record ends, but for
 * the last one.
 * @param size characters of a piece, at least; a record may make it longer
 * @param delimiter of cells, in which quotes hide line ends; undefined for lines without quotes. Asked before each piece.
 * @throws FormatError for bytes that are no text, and for a record of more than 16 million characters.
 */
export async function* pieces(
  where: string,
  stream: AsyncIterable<Uint8Array | string>,
  size: number,
  delimiter: (text: string) => string | undefined,
): AsyncGenerator<string> {
  const decoder = new Decoder(where);
  const scanner = new RecordScanner();
  let text = "";
  let limit = size;
  for await (const chunk of stream) {
    text += decoder.decode(chunk);
    if (text.length < limit) continue;
    const end = scanner.endOfRecords(text, delimiter(text));
    if (end === 0) {
      if (text.length > MAX_RECORD)
        throw new FormatError(
          `${where}: line ${scanner.line}, column 1: the record has over ${MAX_RECORD} characters. Is a quote never closed?`,
        );
      limit = text.length * 2; // looked at again when twice as long: never a square of the work
      continue;
    }
    const piece = text.slice(0, end);
    yield piece;
    scanner.line += countLines(piece);
    text = text.slice(end);
    limit = size;
  }
  text += decoder.end();
  if (text.length > 0) yield text;
}

/** Line ends in a text; one of CR LF counts once. */
export function countLines(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LF || (code === CR && text.charCodeAt(at + 1) !== LF)) count++;
  }
  return count;
}

class RecordScanner {
  /** Line on which the text begins. */
  line = 1;

  /**
   * The place after the last record that surely has ended, 0 if none has. A CR at the end of the text may be half a line end.
   * The rules are cutCells's: a cell is quoted if a quote is the first of it, spaces aside.
   */
  endOfRecords(text: string, delimiter: string | undefined): number {
    const length = text.charCodeAt(text.length - 1) === CR ? text.length - 1 : text.length;
    if (delimiter === undefined || !text.includes('"')) {
      return Math.max(text.lastIndexOf("\n", length - 1), text.lastIndexOf("\r", length - 1)) + 1;
    }
    const separator = delimiter.charCodeAt(0);
    let end = 0;
    let isStart = true; // of a cell
    const start = this.line === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0; // byte order mark
    for (let at = start; at < length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE && isStart) {
        at = closingQuote(text, at, length);
        if (at < 0) return end;
        isStart = false;
      } else if (code === LF || code === CR) {
        end = at + (code === CR && text.charCodeAt(at + 1) === LF ? 2 : 1);
        at = end - 1;
        isStart = true;
      } else if (code === separator) isStart = true;
      else if (code !== 32 && code !== 9) isStart = false;
    }
    return end;
  }
}

/** The place of the quote that closes the one at `opening`, -1 if it is not there, or may be half a doubled one. */
function closingQuote(text: string, opening: number, length: number): number {
  for (let at = opening + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0 || at + 1 >= length) return -1;
    if (text.charCodeAt(at + 1) !== QUOTE) return at;
  }
}

class Decoder {
  readonly #where: string;
  #decoder: TextDecoder | undefined;
  #line = 1;
  #held: Uint8Array = new Uint8Array(0);

  constructor(where: string) {
    this.#where = where;
  }

  decode(chunk: Uint8Array | string): string {
    if (typeof chunk === "string") return chunk;
    if (!(chunk instanceof Uint8Array)) fail(`${this.#where}: the stream's chunks`, "bytes or texts", chunk);
    let bytes: Uint8Array = chunk;
    if (this.#decoder === undefined) {
      bytes = new Uint8Array(this.#held.length + chunk.length);
      bytes.set(this.#held);
      bytes.set(chunk, this.#held.length);
      this.#held = bytes;
      if (bytes.length < 2) return ""; // half a byte order mark
      this.#decoder = this.#forMark(bytes);
    }
    return this.#run(() => this.#decoder!.decode(bytes, { stream: true }));
  }

  end(): string {
    if (this.#decoder === undefined) {
      if (this.#held.length === 0) return "";
      this.#decoder = this.#forMark(this.#held);
      return this.#run(() => this.#decoder!.decode(this.#held));
    }
    return this.#run(() => this.#decoder!.decode());
  }

  #forMark(bytes: Uint8Array): TextDecoder {
    const mark = bytes.length < 2 ? 0 : bytes[0]! * 256 + bytes[1]!;
    return new TextDecoder(mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8", { fatal: true });
  }

  #run(decode: () => string): string {
    try {
      const text = decode();
      this.#line += countLines(text);
      return text;
    } catch (cause) {
      const name = this.#decoder!.encoding.toUpperCase();
      throw new FormatError(`${this.#where}: line ${this.#line} or below: the bytes are not valid ${name}. Decode them first`, { cause });
    }
  }
}
