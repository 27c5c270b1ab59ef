/**
 * A branch of a program that whole steps leave out: where the draw falls on "dropped" its ops are jumped over, forward, backward
 * and in the update, its value is 0, and so are the gradients that it would have given.
 */
import * as abi from "../../assembly/abi.ts";
import type { Buffer, Builder, Draw, Value } from "./builder.ts";

/** `rate` of being dropped. */
export function drawOf(stream: number, rate: number, control: Buffer): Draw {
  // The highest bit of a size has another use: 31 bits.
  return { stream, threshold: Math.min(Math.round(rate * 0x80000000), 0x7fffffff), isKept: true, control };
}

/** The value of `body`, made from x alone, in steps that keep it; zeros in the others. */
export function optional(builder: Builder, draw: Draw, x: Value, body: () => Value): Value {
  const dropped: Draw = { ...draw, isKept: false };
  /** A buffer that only the branch writes: what it hands on unchanged (x, dy) must not be filled with zeros. */
  const own = (buffer: Buffer, written: ReadonlySet<Buffer>): Buffer => {
    if (written.has(buffer)) return buffer;
    const copy = builder.buffer("copy", buffer.words);
    builder.when(draw, () =>
      builder.emit("activation", { x: buffer, y: copy }, { count: buffer.words, kind: abi.ACTIVATION_NONE }, { p: 0 }),
    );
    return copy;
  };
  const clear = (y: Buffer) => builder.emit("fill", { y }, { count: y.words }, { value: 0 });

  let outside: Buffer | undefined;
  let firstBackward = 0;
  builder.mark(() => {
    const written = writtenBy(builder, firstBackward, draw);
    const inside = builder.swapGradient(x, outside);
    const dx = inside && own(inside, written);
    builder.when(dropped, () => {
      for (const gradient of ownedBySomebody(written)) clear(gradient);
      if (dx) clear(dx);
    });
    if (dx) builder.contribute(x, dx);
  });
  const first = builder.ops.length;
  const inner = builder.when(draw, body);
  const buffer = own(inner.buffer, writtenBy(builder, first, draw));
  const y: Value = { ...inner, buffer };
  if (buffer !== inner.buffer) builder.when(draw, () => builder.differentiate(y, (dy) => builder.contribute(inner, dy)));
  builder.when(dropped, () => clear(buffer));
  builder.mark(() => {
    outside = builder.swapGradient(x, undefined);
    firstBackward = builder.ops.length;
  });
  return y;
}

/** By the ops from one on that are bound to the draw. */
function writtenBy(builder: Builder, from: number, draw: Draw): Set<Buffer> {
  const ops = builder.ops.slice(from).filter(({ when, span }) => when.includes(draw) && span !== "statistics");
  return new Set(ops.flatMap((op) => builder.writtenBy(op)));
}

/** Gradients of parameters, each once. */
function ownedBySomebody(buffers: ReadonlySet<Buffer>): Buffer[] {
  const byAddress = new Map<number, Buffer>();
  for (const buffer of buffers) if (buffer.address !== undefined) byAddress.set(buffer.address, buffer);
  return [...byAddress.values()];
}
