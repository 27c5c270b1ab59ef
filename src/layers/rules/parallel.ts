/** Branches side by side at work: shapes that must agree, and the ops that join them. */
import { ShapeError } from "../../errors.ts";
import type { Builder, Value } from "../../program/builder.ts";
import { perRow } from "../../program/count.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../../shape.ts";
import type { Layer } from "../layer.ts";
import { checkParallel, type ParallelLayer } from "../parallel.ts";
import type { LayerRule } from "../rule.ts";

export const parallelRule: LayerRule<ParallelLayer> = {
  check: checkParallel,
  outputShape: (_, input) => input,
  nest({ branches, join = "concat" }, _, where, place): Shape {
    const shapes = (branches as (Layer | Layer[])[]).map((branch, i) =>
      place(Array.isArray(branch) ? branch.map((layer, k) => [`${i}.${k}`, layer]) : [[String(i), branch]]),
    );
    const first = shapes[0]!;
    const compared = join === "add" ? (shape: Shape) => shape : (shape: Shape) => shape.slice(0, -1);
    const odd = shapes.find((shape) => !sameShape(compared(shape), compared(first)) || shape.length !== first.length);
    if (odd !== undefined) {
      const rule = join === "add" ? "one shape" : "shapes that differ in the last axis only";
      throw new ShapeError(`${where}: the branches of parallel must give ${rule}, got ${showShape(first)} and ${showShape(odd)}`);
    }
    if (join === "add") return first;
    return [...first.slice(0, -1), shapes.reduce((sum, shape) => sum + shape.at(-1)!, 0)];
  },
  parameters: () => [],
  forward({ join = "concat" }, { builder, x, branches }) {
    const values = branches.map((branch) => branch(x));
    return join === "add" ? add(builder, values) : concat(builder, values);
  },
};

function add(builder: Builder, values: readonly Value[]): Value {
  return values.reduce((a, b) => {
    const count = perRow(sizeOf(a.shape));
    const needsGradient = a.needsGradient || b.needsGradient;
    const y: Value = { buffer: builder.buffer("sum", count), shape: a.shape, needsGradient };
    builder.emit("add", { x: a.buffer, y: b.buffer, z: y.buffer }, { count });
    return builder.differentiate(y, (dy) => {
      for (const part of [a, b]) if (part.needsGradient) builder.contribute(part, dy);
    });
  });
}

function concat(builder: Builder, values: readonly Value[]): Value {
  const lead = values[0]!.shape.slice(0, -1);
  const rows = perRow(sizeOf(lead));
  const widths = values.map(({ shape }) => shape.at(-1)!);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const y: Value = {
    buffer: builder.buffer("joined", perRow(sizeOf(lead) * total)),
    shape: [...lead, total],
    needsGradient: values.some(({ needsGradient }) => needsGradient),
  };
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  values.forEach(({ buffer }, i) => {
    const cols = widths[i]!;
    builder.emit("copyColumns", { x: buffer, y: y.buffer }, { rows, cols, xCols: cols, yCols: total, xFrom: 0, yFrom: starts[i]! });
  });
  return builder.differentiate(y, (dy) => {
    values.forEach((value, i) => {
      if (!value.needsGradient) return;
      const cols = widths[i]!;
      const dx = builder.buffer("dpart", perRow(sizeOf(value.shape)));
      builder.emit("copyColumns", { x: dy, y: dx }, { rows, cols, xCols: total, yCols: cols, xFrom: starts[i]!, yFrom: 0 });
      builder.contribute(value, dx);
    });
  });
}
