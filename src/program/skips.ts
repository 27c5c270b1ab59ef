/** Puts the jumps into a list of ops that are bound to draws, and reads them off again. */
import { type Draw, type Op, sizesAt } from "./builder.ts";

/** A "skip" before every run of ops of one span with the same draw; within it, those of the next draw, and so on. */
export function withSkips(ops: readonly Op[], depth = 0): Op[] {
  const result: Op[] = [];
  for (let i = 0; i < ops.length; ) {
    const op = ops[i]!;
    const draw = op.when[depth];
    if (draw === undefined) {
      result.push(op);
      i++;
      continue;
    }
    let end = i;
    while (end < ops.length && ops[end]!.span === op.span && isSame(ops[end]!.when[depth], draw)) end++;
    const inner = withSkips(ops.slice(i, end), depth + 1);
    const sizes = { records: inner.length, stream: draw.stream, threshold: draw.threshold, whenKept: draw.isKept ? 0 : 1 };
    const when = op.when.slice(0, depth);
    result.push(
      { name: "skip", operands: { control: draw.control }, sizes, constants: {}, span: op.span, when, label: op.label },
      ...inner,
    );
    i = end;
  }
  return result;
}

const isSame = (a: Draw | undefined, b: Draw): boolean => a !== undefined && a.stream === b.stream && a.isKept === b.isKept;

/** Stretch of records that one skip jumps over. */
export interface Stretch {
  /** Index of the skip. */
  readonly at: number;
  /** One past its last record. */
  readonly end: number;
  /** "stream:kept" of the steps that run it. */
  readonly condition: string;
  /** The same of the others. */
  readonly opposite: string;
}

/** The stretches round each op, the outermost first, from the skips' own sizes. @throws Error if one cuts another or a span. */
export function stretchesOf(ops: readonly Op[]): (readonly Stretch[])[] {
  let open: readonly Stretch[] = [];
  return ops.map((op, at) => {
    if (open.some(({ end }) => end <= at)) open = open.filter(({ end }) => end > at);
    const around = open;
    if (op.name === "skip") {
      const { records, stream, whenKept } = sizesAt(op, 1);
      const end = at + 1 + records!;
      const isSound = end <= ops.length && ops[end - 1]!.span === op.span && around.every((outer) => end <= outer.end);
      if (!isSound) throw new Error(`step program: skip at record ${at} jumps over ${records} records, out of its place`);
      const name = (isKept: boolean) => `${stream}:${isKept ? "kept" : "dropped"}`;
      open = [...open, { at, end, condition: name(whenKept === 0), opposite: name(whenKept !== 0) }];
    }
    return around;
  });
}
