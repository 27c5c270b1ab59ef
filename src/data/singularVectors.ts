/**
 * Singular values and right singular vectors in float64, with + - * / sqrt alone, so that every engine gives the same bits:
 * Householder's QR where there are more rows than columns, then Jacobi's rotations of pairs of rows (M. R. Hestenes 1958;
 * on the rows of R they converge fast: Drmač & Veselić 2008). Small values are as exact as large ones.
 */
import type { Matrix } from "./rows.ts";

const EPSILON = 2.220446049250313e-16; // 2^-52
const MAX_SWEEPS = 60; // 6 to 10 are usual

export interface SingularVectors {
  /** Falling. */
  readonly values: Float64Array;
  /** Row i belongs to value i; rows are orthonormal, for values of 0 too. */
  readonly vectors: Matrix;
}

/** Of x [rows, width]: min(rows, width) of them. x is not changed. */
export function singularVectors(x: Matrix): SingularVectors {
  const { width } = x;
  const reduced = x.rows > width ? triangle(x) : { ...x, data: x.data.slice() };
  const { data, rows } = reduced;
  rotateRows(reduced);
  const norms = Float64Array.from({ length: rows }, (_, i) => Math.sqrt(dot(data, i * width, i * width, width)));
  const order = Array.from(norms.keys()).sort((a, b) => norms[b]! - norms[a]! || a - b);
  const values = Float64Array.from(order, (i) => norms[i]!);
  const vectors = new Float64Array(rows * width);
  const least = values[0]! * EPSILON * Math.max(x.rows, width);
  order.forEach((from, to) => {
    const norm = norms[from]!;
    if (norm > least) for (let j = 0; j < width; j++) vectors[to * width + j] = data[from * width + j]! / norm;
    else {
      values[to] = 0;
      completeRow(vectors, to, width);
    }
  });
  return { values, vectors: { data: vectors, rows, width } };
}

/** R of x = QR, [width, width]: reflections make everything below the diagonal 0, column by column. */
function triangle({ data: x, rows, width }: Matrix): Matrix {
  const data = x.slice();
  const v = new Float64Array(rows);
  for (let k = 0; k < width; k++) {
    let square = 0;
    for (let i = k; i < rows; i++) {
      v[i] = data[i * width + k]!;
      square += v[i]! * v[i]!;
    }
    if (square === 0) continue;
    v[k]! += v[k]! < 0 ? -Math.sqrt(square) : Math.sqrt(square);
    let norm = 0;
    for (let i = k; i < rows; i++) norm += v[i]! * v[i]!;
    const sums = new Float64Array(width);
    for (let i = k; i < rows; i++) for (let j = k; j < width; j++) sums[j]! += v[i]! * data[i * width + j]!;
    for (let i = k; i < rows; i++) for (let j = k; j < width; j++) data[i * width + j]! -= ((2 * sums[j]!) / norm) * v[i]!;
  }
  const r = new Float64Array(width * width);
  for (let i = 0; i < width; i++) for (let j = i; j < width; j++) r[i * width + j] = data[i * width + j]!;
  return { data: r, rows: width, width };
}

/** Rotates pairs of rows until all are orthogonal to each other, in place. */
function rotateRows({ data, rows, width }: Matrix): void {
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotations = 0;
    for (let a = 0; a < rows; a++) {
      for (let b = a + 1; b < rows; b++) {
        const [p, q] = [a * width, b * width];
        const aa = dot(data, p, p, width);
        const bb = dot(data, q, q, width);
        const ab = dot(data, p, q, width);
        if (!(Math.abs(ab) > EPSILON * Math.sqrt(aa) * Math.sqrt(bb))) continue;
        rotations++;
        const zeta = (bb - aa) / (2 * ab);
        // A huge zeta has an infinite square, and t = 0 then
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        const s = c * t;
        for (let j = 0; j < width; j++) {
          const first = data[p + j]!;
          const second = data[q + j]!;
          data[p + j] = c * first - s * second;
          data[q + j] = s * first + c * second;
        }
      }
    }
    if (rotations === 0) return;
  }
}

/** A unit row orthogonal to all rows before it: of the axes, the one that they leave most of (Gram & Schmidt, twice). */
function completeRow(vectors: Float64Array, row: number, width: number): void {
  const at = row * width;
  let best = 0;
  let least = Infinity;
  for (let j = 0; j < width; j++) {
    let taken = 0;
    for (let i = 0; i < row; i++) taken += vectors[i * width + j]! * vectors[i * width + j]!;
    if (taken < least) {
      least = taken;
      best = j;
    }
  }
  vectors.fill(0, at, at + width);
  vectors[at + best] = 1;
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i < row; i++) {
      const share = dot(vectors, at, i * width, width);
      for (let j = 0; j < width; j++) vectors[at + j]! -= share * vectors[i * width + j]!;
    }
  }
  const norm = Math.sqrt(dot(vectors, at, at, width));
  for (let j = 0; j < width; j++) vectors[at + j]! /= norm;
}

function dot(data: Float64Array, a: number, b: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += data[a + j]! * data[b + j]!;
  return sum;
}
