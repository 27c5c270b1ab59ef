/**
 * The margin loss of several classes: losses[r] = Σ_{j ≠ label} max(0, margin - x_label + x_j) / cols, and its gradient
 * dx = scale weights_r dloss/dx, 0 at the kink. x, dx: f32[rows, cols], 4-byte aligned; dx may be x, or 0 for the losses alone.
 * labels: i32[rows] in [0, cols). weights: f32[rows] or 0 (ones). losses: f32[rows]. begin, end: rows. All results are =.
 */
import { flushTail } from "./elementwise";

export function multiMargin(
  x: usize, labels: usize, weights: usize, losses: usize, dx: usize, cols: u32, margin: f32, scale: f32, begin: u32, end: u32,
): void {
  for (let i = begin; i < end; i++) {
    const row = x + ((<usize>i * cols) << 2);
    const label = load<u32>(labels + (<usize>i << 2));
    const own = load<f32>(row + (<usize>label << 2));
    const weight: f32 = weights != 0 ? load<f32>(weights + (<usize>i << 2)) : 1;
    const k = f32x4.extract_lane(flushTail(f32x4.splat((scale * weight) / <f32>cols)), 0);
    let sum: f32 = 0;
    let pushed: u32 = 0;
    for (let j: u32 = 0; j < cols; j++) {
      const left = margin - own + load<f32>(row + (<usize>j << 2));
      const isOver = j != label && left > 0;
      if (j != label) sum += max<f32>(left, 0);
      if (isOver) pushed++;
      if (dx != 0) store<f32>(dx + ((<usize>i * cols + j) << 2), isOver ? k : 0);
    }
    if (dx != 0) store<f32>(dx + ((<usize>i * cols + label) << 2), -k * <f32>pushed);
    store<f32>(losses + (<usize>i << 2), sum / <f32>cols);
  }
}
