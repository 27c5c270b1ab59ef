/**
 * The errors of whetstone. Each has a stable `code`; a message says where, what was expected, what came, and what to do.
 */

/** Base of every error that whetstone throws; an aborted run throws the signal's reason instead. */
export class WhetstoneError extends Error {
  /** Stable identifier, equal to the class name: safe to compare across bundles and versions. */
  readonly code: string = "WhetstoneError";

  /** The code, not the class's own name: a minifier may change that one. */
  override get name(): string {
    return this.code;
  }
}

/** Shapes of layers, data or weights do not fit together. */
export class ShapeError extends WhetstoneError {
  override readonly code = "ShapeError";
}

/** Data that can't be learned from: not finite, ragged, empty, labels out of range. */
export class DataError extends WhetstoneError {
  override readonly code = "DataError";
}

/** An unknown option, or a value outside its range. */
export class OptionError extends WhetstoneError {
  override readonly code = "OptionError";
}

/** A file or byte string that is not what it should be. */
export class FormatError extends WhetstoneError {
  override readonly code = "FormatError";
}

/** The linear memory can't hold what was asked for. Everything that was there is unharmed. */
export class MemoryError extends WhetstoneError {
  override readonly code = "MemoryError";
}

/** A worker was lost or could not do its part. */
export class WorkerError extends WhetstoneError {
  override readonly code = "WorkerError";
}

/** Loss or gradient stopped being finite; weights and statistics are those of the last finite step. */
export class NonFiniteError extends WhetstoneError {
  override readonly code = "NonFiniteError";
  /** Step of the run, from 0, whose batch went wrong. */
  readonly step: number;
  /** Name of the first layer (or "loss", "gradient of ...") where a value was not finite. */
  readonly layer: string;
  /** The first value that was not finite: NaN, Infinity or -Infinity. */
  readonly value: number;
  constructor(message: string, where: { step: number; layer: string; value: number }, options?: ErrorOptions) {
    super(message, options);
    this.step = where.step;
    this.layer = where.layer;
    this.value = where.value;
  }
}
