/**
 * The files that every peer reads: rows, labels and first weights, the same bytes for all.
 * <task>.x.f32 [n, inputs], <task>.y.i32 [n], <task>.w.f32: the dense weights, [units, inputs] each, one after another; biases are 0.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const examples = join(import.meta.dirname, "../../examples/data");

/** A seeded stream of numbers in [-1, 1): the high 24 bits of a linear congruence. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 8388608 - 1;
  };
}

/** A table of numbers whose last column is the label, its rows shuffled; columns scaled to mean 0 and deviation 1. */
function table(name) {
  const lines = readFileSync(join(examples, `${name}.csv`), "utf8")
    .trim()
    .split("\n")
    .slice(1);
  const next = numbers(5);
  for (let i = lines.length - 1; i > 0; i--) {
    const j = Math.floor(((next() + 1) / 2) * (i + 1));
    [lines[i], lines[j]] = [lines[j], lines[i]];
  }
  const rows = lines.map((line) => line.split(",").map(Number));
  const y = Int32Array.from(rows, (row) => row.at(-1));
  const columns = rows[0].length - 1;
  const x = new Float32Array(rows.length * columns);
  for (let c = 0; c < columns; c++) {
    const values = rows.map((row) => row[c]);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) || 1;
    values.forEach((v, i) => {
      x[i * columns + c] = (v - mean) / deviation;
    });
  }
  return { x, y };
}

/** Rows of noise round one centre per class: something to learn at any width. */
function clusters({ widths, rows, batches }) {
  const [columns, classes, count] = [widths[0], widths.at(-1), rows * batches];
  const next = numbers(1);
  const centres = Float32Array.from({ length: classes * columns }, next);
  const y = Int32Array.from({ length: count }, () => Math.floor(((next() + 1) / 2) * classes));
  const x = Float32Array.from({ length: count * columns }, (_, i) => {
    return centres[y[Math.floor(i / columns)] * columns + (i % columns)] + 2 * next();
  });
  return { x, y };
}

/** He's uniform weights. */
function weights({ widths }) {
  const next = numbers(3);
  const parts = widths.slice(1).map((units, i) => {
    const bound = Math.sqrt(6 / widths[i]);
    return Float32Array.from({ length: units * widths[i] }, () => next() * bound);
  });
  return Float32Array.from(parts.flatMap((part) => Array.from(part)));
}

/** Writes the files of a task into the folder; the rows of a step task are as many as its batches take. */
export function writeData(task, folder) {
  mkdirSync(folder, { recursive: true });
  const { x, y } = task.data === "made up" ? clusters(task) : table(task.data);
  const count = task.kind === "fit" ? y.length : task.rows * task.batches;
  writeFileSync(join(folder, `${task.name}.x.f32`), x.subarray(0, count * task.widths[0]));
  writeFileSync(join(folder, `${task.name}.y.i32`), y.subarray(0, count));
  writeFileSync(join(folder, `${task.name}.w.f32`), weights(task));
}

function read(path) {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

/** { x, y, weights } of a task: all rows, and one Float32Array per dense layer. */
export function readData(task, folder) {
  const at = (suffix) => read(join(folder, `${task.name}.${suffix}`));
  const all = new Float32Array(at("w.f32"));
  let from = 0;
  const parts = task.widths.slice(1).map((units, i) => {
    const length = units * task.widths[i];
    from += length;
    return all.subarray(from - length, from);
  });
  return { x: new Float32Array(at("x.f32")), y: new Int32Array(at("y.i32")), weights: parts };
}

/** The rows of a task in batches, in the order of the file. */
export function batchesOf({ rows, batches, widths }, { x, y }) {
  return Array.from({ length: batches }, (_, i) => ({
    x: x.slice(i * rows * widths[0], (i + 1) * rows * widths[0]),
    y: y.slice(i * rows, (i + 1) * rows),
  }));
}
