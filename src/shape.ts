/** Shape arithmetic. A shape is a list of extents without the batch axis unless its name says otherwise. */

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis]!;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** "[2, 3]", as messages show a shape. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
