/**
 * What layers, losses and trainers call to write a program: symbolic buffers and a list of ops, in order.
 * It knows no addresses (the planner gives those) and no layer; gradients are recorded on a tape and replayed backwards.
 */
import { type Count, countAt } from "./count.ts";
import { type OpName, type OpRow, ops, type Sizes } from "./ops.ts";

/** A place in linear memory. Without an address it lives as long as its values are needed, and its place is planned. */
export interface Buffer {
  readonly name: string;
  readonly words: Count;
  /** Byte address of a buffer that somebody else owns (parameters, gradients, slots, data). */
  readonly address: number | undefined;
  /** Keep its values until the program's end: somebody outside reads or writes them. */
  keep: boolean;
}

/** Ops that run only in steps whose draw falls so. All with the same stream share one draw per step. */
export interface Draw {
  /** Number of the random stream. */
  readonly stream: number;
  /** Probability of "dropped" times 2³¹. */
  readonly threshold: number;
  readonly isKept: boolean;
  /** Where seed, run and step are. */
  readonly control: Buffer;
}

export interface Op {
  readonly name: OpName;
  readonly operands: Record<string, Buffer | undefined>;
  readonly sizes: Record<string, Count>;
  readonly constants: Record<string, number>;
  readonly span: Span;
  /** Draws that must all fall so for the op to run, the outermost first. */
  readonly when: readonly Draw[];
  /** The layer (or part of the step) that asked for it: for messages and profiles. */
  readonly label: string;
}

/** Parts of a program that can run alone, in this order. */
export const spans = [
  "prepare",
  "gather",
  "forward",
  "link",
  "backward",
  "accumulate",
  "penalty",
  "guard",
  "statistics",
  "update",
] as const;
export type Span = (typeof spans)[number];

/** A buffer with its shape per row, as it flows from layer to layer. */
export interface Value {
  readonly buffer: Buffer;
  readonly shape: readonly number[];
  /** Whether anything trainable, or an input whose gradient is wanted, lies upstream. */
  readonly needsGradient: boolean;
}

export type Mode = "train" | "infer" | "sample";

interface TapeEntry {
  /** Whose gradient it needs; undefined: it is always replayed. */
  readonly y: Buffer | undefined;
  readonly when: readonly Draw[];
  readonly label: string;
  readonly run: (dy: Buffer | undefined) => void;
}

export class Builder {
  readonly mode: Mode;
  /** The most rows that a batch of this program may have. */
  readonly capacity: number;
  readonly ops: Op[] = [];
  label = "";
  #span: Span = "forward";
  #when: readonly Draw[] = [];
  readonly #tape: TapeEntry[] = [];
  readonly #gradients = new Map<Buffer, Buffer>();

  constructor(mode: Mode, capacity: number) {
    this.mode = mode;
    this.capacity = capacity;
  }

  /** A planned buffer of `words` 4-byte elements. */
  buffer(name: string, words: Count): Buffer {
    return { name: this.label ? `${this.label}/${name}` : name, words, address: undefined, keep: false };
  }

  /** A buffer at an address that the caller owns. */
  fixed(name: string, address: number, words: Count): Buffer {
    return { name, words, address, keep: true };
  }

  /** Runs `body` with its ops in another span. */
  inSpan<T>(span: Span, body: () => T): T {
    const before = this.#span;
    this.#span = span;
    try {
      return body();
    } finally {
      this.#span = before;
    }
  }

  /** Runs `body` with its ops, and those of its gradients, bound to a draw. */
  when<T>(draw: Draw, body: () => T): T {
    const before = this.#when;
    this.#when = [...before, draw];
    try {
      return body();
    } finally {
      this.#when = before;
    }
  }

  emit(
    name: OpName,
    operands: Record<string, Buffer | undefined>,
    sizes: Record<string, Count> = {},
    constants: Record<string, number> = {},
  ): void {
    const row: OpRow = ops[name];
    const check = (kind: string, given: string[], known: readonly string[], needed: readonly string[]) => {
      for (const key of given) if (!known.includes(key)) throw new Error(`op ${name} has no ${kind} ${key}`);
      for (const key of needed) if (!given.includes(key)) throw new Error(`op ${name} needs ${kind} ${key}`);
    };
    const present = Object.keys(operands).filter((key) => operands[key] !== undefined);
    const needed = Object.keys(row.operands).filter((key) => !row.operands[key]!.optional);
    check("operand", present, Object.keys(row.operands), needed);
    check("size", Object.keys(sizes), row.sizes, row.sizes);
    check("constant", Object.keys(constants), row.constants, row.constants);
    // What is prepared once serves every step.
    const when = this.#span === "prepare" ? [] : this.#when;
    this.ops.push({ name, operands, sizes, constants, span: this.#span, when, label: this.label });
  }

  /** What an op writes without having read it. */
  writtenBy({ name, operands }: Op): Buffer[] {
    const row: OpRow = ops[name];
    return Object.entries(operands).flatMap(([key, buffer]) => (buffer && row.operands[key]!.access === "write" ? [buffer] : []));
  }

  /** Records how the gradient of y becomes gradients of what y was made from: `run` calls contribute(). */
  differentiate(y: Value, run: (dy: Buffer) => void): Value {
    if (y.needsGradient) this.#tape.push({ y: y.buffer, when: this.#when, label: this.label, run: (dy) => run(dy!) });
    return y;
  }

  /** Has `run` called when the replay, which goes backwards, comes to this place. */
  mark(run: () => void): void {
    this.#tape.push({ y: undefined, when: this.#when, label: this.label, run });
  }

  /** Puts another buffer (or none) in the place of x's gradient so far, which it returns. */
  swapGradient(x: Value, dx: Buffer | undefined): Buffer | undefined {
    const before = this.#gradients.get(x.buffer);
    if (dx === undefined) this.#gradients.delete(x.buffer);
    else this.#gradients.set(x.buffer, dx);
    return before;
  }

  /** Adds dx to the gradient of x. A gradient buffer has one writer: a second contribution is summed by an op of its own. */
  contribute(x: Value, dx: Buffer): void {
    const before = this.#gradients.get(x.buffer);
    if (before === undefined) {
      this.#gradients.set(x.buffer, dx);
      return;
    }
    const sum = this.buffer("gradientSum", x.buffer.words);
    this.emit("add", { x: before, y: dx, z: sum }, { count: x.buffer.words });
    this.#gradients.set(x.buffer, sum);
  }

  gradientOf(x: Value): Buffer | undefined {
    return this.#gradients.get(x.buffer);
  }

  /** Replays the tape from the last value to the first, into the backward span. */
  backward(): void {
    this.inSpan("backward", () => {
      for (const { y, when, label, run } of [...this.#tape].reverse()) {
        const dy = y && this.#gradients.get(y);
        if (y !== undefined && dy === undefined) continue;
        this.label = label;
        this.#when = when;
        run(dy);
      }
      this.#when = [];
      this.label = "";
    });
  }
}

export function sizesAt(op: Op, rows: number): Sizes {
  const result: Record<string, number> = {};
  for (const [name, count] of Object.entries(op.sizes)) result[name] = countAt(count, rows);
  return result;
}
