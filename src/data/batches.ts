/**
 * Pieces of data (tables of a stream, or any { x, y }) as batches for fit: rows are put together anew, mixed in a buffer of
 * fixed size, and read ahead while the model trains.
 */
import { checkCount, checkOptions, fail } from "../check.ts";
import { DataError, ShapeError } from "../errors.ts";
import { checkSeed, RandomStream, STREAM_BUFFER } from "../random.ts";
import { showShape, sizeOf } from "../shape.ts";
import { isTensorLike, isTypedArray, type TensorLike, type TypedArray } from "./arrays.ts";

/** Rows: a tensor [rows, ...], or a typed array with an entry per row (labels, weights). */
export type PieceRows = TensorLike | TypedArray;

export interface Piece {
  readonly x: PieceRows;
  readonly y: PieceRows;
  readonly weights?: PieceRows;
}

/** What fit takes; labels stay Int32Array, all else is float32. */
export interface StreamedBatch {
  readonly x: { readonly data: Float32Array; readonly shape: number[] };
  readonly y: Int32Array | Float32Array | { readonly data: Float32Array; readonly shape: number[] };
  readonly weights?: Float32Array;
}

export interface BatchOptions<T> {
  /** Makes rows of what the source gives: of a table, { x: encoder.transform(table), y: readTarget(...).y }. Default: it is rows. */
  rows?: (item: T) => Piece | Promise<Piece>;
  /** Rows per batch; the last one of a pass may have fewer. Default 32. */
  batchSize?: number;
  /** Rows in the shuffling buffer, from which rows are drawn at random; 0 (default) keeps the order of the source. */
  buffer?: number;
  /** Of the shuffling. Default 0. */
  seed?: number;
  /** Batches that are made ahead while the model trains. Default 2. */
  prefetch?: number;
}

/**
 * An iterable of batches for fit, which may be iterated as often as the source may: each pass is shuffled in another way. A row is
 * drawn from the `buffer` nearest ones: data sorted by class wants a buffer of many classes' rows.
 * @throws OptionError for unknown options; (while it is read) ShapeError for pieces of different shapes, DataError for what are no
 * rows, and what the source throws.
 */
export function batches<T = Piece>(source: AsyncIterable<T> | Iterable<T>, options: BatchOptions<T> = {}): AsyncIterable<StreamedBatch> {
  checkOptions("batches", options, ["rows", "batchSize", "buffer", "seed", "prefetch"]);
  const { rows = (item: T) => item as unknown as Piece, batchSize = 32, buffer = 0, seed = 0, prefetch = 2 } = options;
  if (typeof source !== "object" || source === null || !(Symbol.asyncIterator in source || Symbol.iterator in source)) {
    fail("batches: the source", "an iterable of tables or { x, y }", source);
  }
  if (typeof rows !== "function") fail("batches: rows", "a function that makes { x, y } of what the source gives", rows);
  checkCount("batches: batchSize", batchSize);
  checkCount("batches: buffer", buffer, 0);
  checkSeed("batches: seed", seed);
  checkCount("batches: prefetch", prefetch, 0);
  let passes = 0;
  return {
    [Symbol.asyncIterator]: () => {
      const random = buffer > 0 ? new RandomStream(seed, STREAM_BUFFER, 0, passes++) : undefined;
      return ahead(made(source, rows, batchSize, buffer, random), prefetch);
    },
  };
}

async function* made<T>(
  source: AsyncIterable<T> | Iterable<T>,
  rows: (item: T) => Piece | Promise<Piece>,
  batchSize: number,
  buffer: number,
  random: RandomStream | undefined,
): AsyncGenerator<StreamedBatch> {
  let batch: RowStore | undefined;
  let store: RowStore | undefined;
  let count = 0;
  for await (const item of source) {
    const piece = readPiece(await rows(item), count++);
    batch ??= new RowStore(piece, batchSize);
    if (random) store ??= new RowStore(piece, buffer);
    batch.check(piece, count - 1);
    for (let row = 0; row < piece.rows; row++) {
      if (random === undefined || store === undefined) batch.push(piece, row);
      else if (store.rows < buffer) {
        store.push(piece, row);
        continue;
      } else {
        const place = random.below(buffer);
        batch.push(store, place);
        store.put(place, piece, row);
      }
      if (batch.rows === batchSize) yield batch.take();
    }
  }
  for (let left = store?.rows ?? 0; left > 0; left--) {
    const place = random!.below(left);
    batch!.push(store!, place);
    store!.put(place, store!, left - 1);
    if (batch!.rows === batchSize) yield batch!.take();
  }
  if (batch !== undefined && batch.rows > 0) yield batch.take();
}

/** Columns of rows, flat. */
interface Part {
  readonly data: ArrayLike<number>;
  /** Numbers per row. */
  readonly size: number;
  /** Of a row; undefined for labels and weights, which have an entry per row. */
  readonly shape: readonly number[] | undefined;
  readonly isLabels: boolean;
}

interface ReadPiece {
  rows: number;
  readonly parts: readonly Part[];
}

const NAMES = ["x", "y", "weights"];

function readPiece(piece: Piece, index: number): ReadPiece {
  const where = `batches: piece ${index}`;
  if (typeof piece !== "object" || piece === null || !("x" in piece && "y" in piece)) fail(where, "rows { x, y }", piece);
  const given = [piece.x, piece.y, ...(piece.weights === undefined ? [] : [piece.weights])];
  const parts = given.map((rows, k): Part => {
    if (isTensorLike(rows)) {
      const shape = rows.shape.slice(1);
      if (sizeOf(rows.shape) !== rows.data.length) {
        throw new ShapeError(
          `${where}: ${NAMES[k]} must hold ${sizeOf(rows.shape)} numbers for shape ${showShape(rows.shape)}, got ${rows.data.length}`,
        );
      }
      return {
        data: rows.data,
        size: sizeOf(shape),
        shape: rows.shape.length === 1 ? undefined : shape,
        isLabels: k === 1 && isInteger(rows.data),
      };
    }
    if (!isTypedArray(rows) || k === 0)
      throw new DataError(`${where}: ${NAMES[k]} must be a tensor [rows, ...]${k === 0 ? "" : " or a typed array"}`);
    return { data: rows, size: 1, shape: undefined, isLabels: k === 1 && isInteger(rows) };
  });
  const rows = parts[0]!.data.length / parts[0]!.size;
  parts.forEach(({ data, size }, k) => {
    if (data.length !== rows * size)
      throw new ShapeError(`${where}: ${NAMES[k]} must have as many rows as x, ${rows}, got ${data.length / size}`);
  });
  return { rows, parts };
}

const isInteger = (data: ArrayLike<number>): boolean =>
  isTypedArray(data) && !(data instanceof Float32Array || data instanceof Float64Array);

/** Room for a number of rows, whose shapes are those of the first piece. */
class RowStore implements ReadPiece {
  rows = 0;
  readonly parts: readonly (Part & { readonly data: Float32Array | Int32Array })[];

  constructor({ parts }: ReadPiece, capacity: number) {
    this.parts = parts.map((part) => ({
      ...part,
      data: part.isLabels && part.shape === undefined ? new Int32Array(capacity) : new Float32Array(capacity * part.size),
    }));
  }

  check({ parts }: ReadPiece, index: number): void {
    const describe = (list: readonly Part[]) => list.map(({ shape }, k) => `${NAMES[k]} ${showShape(shape ?? [])}`).join(", ");
    if (describe(parts) === describe(this.parts)) return;
    throw new ShapeError(`batches: piece ${index} must have rows of ${describe(this.parts)} as the first one has, got ${describe(parts)}`);
  }

  push(from: ReadPiece, row: number): void {
    this.put(this.rows++, from, row);
  }

  put(place: number, { parts }: ReadPiece, row: number): void {
    for (let k = 0; k < parts.length; k++) {
      const { data: to, size } = this.parts[k]!;
      const { data } = parts[k]!;
      for (let j = 0; j < size; j++) to[place * size + j] = data[row * size + j]!;
    }
  }

  /** The rows as a batch of its own, and none left. */
  take(): StreamedBatch {
    const { rows } = this;
    this.rows = 0;
    const [x, y, weights] = this.parts.map(({ data, size, shape }) => {
      const copy = data.slice(0, rows * size);
      return shape === undefined ? copy : { data: copy, shape: [rows, ...shape] };
    });
    return { x, y, ...(weights === undefined ? {} : { weights }) } as StreamedBatch;
  }
}

/** The same, with up to `count` items made before they are asked for. */
function ahead<T>(items: AsyncGenerator<T>, count: number): AsyncIterator<T> {
  if (count === 0) return items;
  const waiting: Promise<IteratorResult<T>>[] = [];
  let isDone = false;
  const fill = () => {
    while (!isDone && waiting.length < count) {
      const next = items.next();
      next.catch(() => {}); // whoever asks for it gets the error
      waiting.push(next);
    }
  };
  return {
    async next() {
      fill();
      const first = waiting.shift();
      if (first === undefined) return { done: true, value: undefined };
      const result = await first;
      if (result.done) isDone = true;
      else fill();
      return result;
    },
    async return() {
      isDone = true;
      waiting.length = 0;
      await items.return(undefined);
      return { done: true, value: undefined };
    },
  };
}
