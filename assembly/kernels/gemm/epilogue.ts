/**
 * What rides on a matrix product: on a block of y just finished, while it is in cache, an activation, or for a gradient the
 * factor of a dropout's mask and the derivative of an activation. The same arithmetic, element by element, as the ops of their own.
 */
import {
  ACTIVATION_NONE,
  ACTIVATION_RELU,
  PRODUCT_ACTIVATION,
  PRODUCT_COLS,
  PRODUCT_MASK,
  PRODUCT_P,
  PRODUCT_T,
  PRODUCT_Y,
} from "../../abi";
import { activationGradSegment, activationSegment } from "../activations";
import { multiplySegment } from "../elementwise";

/** Rows [i, i + rows), columns [begin, end) of y. hasRelu: the tile has already applied a relu. */
export function finish(product: usize, i: u32, rows: u32, begin: u32, end: u32, hasRelu: bool): void {
  const kind = load<u32>(product, PRODUCT_ACTIVATION);
  const mask = load<u32>(product, PRODUCT_MASK);
  const t = load<u32>(product, PRODUCT_T);
  if (!mask && (kind == ACTIVATION_NONE || (hasRelu && kind == ACTIVATION_RELU && !t))) return;
  const cols = load<u32>(product, PRODUCT_COLS);
  const y = <usize>load<u32>(product, PRODUCT_Y);
  let at = (<usize>i * cols + begin) << 2;
  if (end - begin == cols) {
    segment(product, kind, mask, t, y, at, rows * cols);
    return;
  }
  for (; rows; --rows, at += (<usize>cols) << 2) segment(product, kind, mask, t, y, at, end - begin);
}

function segment(product: usize, kind: u32, mask: usize, t: usize, y: usize, at: usize, count: u32): void {
  const p = load<f32>(product, PRODUCT_P);
  if (mask) multiplySegment(y + at, mask + at, y + at, count);
  if (t) activationGradSegment(kind, y + at, t + at, y + at, count, p);
  else if (kind != ACTIVATION_NONE) activationSegment(kind, y + at, y + at, count, p);
}
