/** From probabilities to classes. */
import type { Link } from "../losses/loss.ts";
import type { Tensor } from "../tensor.ts";

/** Softmax: the first largest. Sigmoid: 1 where the probability is above ½, for each output. */
export function classesOf(probabilities: Float32Array, rows: number, link: Link): Tensor {
  const cols = probabilities.length / rows;
  if (link === "sigmoid") {
    return { data: probabilities.map((p) => (p > 0.5 ? 1 : 0)), shape: cols === 1 ? [rows] : [rows, cols] };
  }
  const classes = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let col = 1; col < cols; col++) if (probabilities[row * cols + col]! > probabilities[row * cols + best]!) best = col;
    classes[row] = best;
  }
  return { data: classes, shape: [rows] };
}
