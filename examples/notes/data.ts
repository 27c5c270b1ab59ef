/** Tables of examples/data as tensors. Run from the folder of the package. */
import type { Tensor } from "whetstone";
import { readTarget, split, tableEncoder } from "whetstone/data";
import { readCsvFile } from "whetstone/node";

export interface Rows {
  /** [rows, columns] */
  x: Tensor;
  y: Int32Array;
}

export async function readTable(name: string): Promise<Rows> {
  const table = await readCsvFile(`examples/data/${name}.csv`);
  const { data, shape } = tableEncoder({ exclude: ["label"] }).fitTransform(table);
  const { y } = readTarget(table, "label");
  return { x: { data: Float32Array.from(data), shape: [shape[0]!, shape[1]!] }, y: Int32Array.from(y as ArrayLike<number>) };
}

/** The 1797 digits of 8 x 8 pixels from 0 to 1, so many of them for training, stratified; the rest is the test. */
export async function digits(train: number, seed: number): Promise<{ train: Rows; test: Rows }> {
  const { x, y } = await readTable("digits");
  for (let i = 0; i < x.data.length; i++) x.data[i] = x.data[i]! / 16;
  return split({ x, y }, { test: y.length - train, seed });
}

export function take({ x, y }: Rows, rows: readonly number[]): Rows {
  const width = x.shape[1]!;
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(x.data.subarray(row * width, (row + 1) * width), i * width);
  return { x: { data, shape: [rows.length, width] }, y: Int32Array.from(rows, (row) => y[row]!) };
}

/** A copy in which a share of the rows has the next class as its label: errors of someone who labelled by hand. */
export function withWrongLabels({ x, y }: Rows, share: number, seed: number): Rows {
  const { indices } = split({ x, y }, { test: Math.round(share * y.length), stratify: false, seed });
  const classes = Math.max(...y) + 1;
  const wrong = y.slice();
  for (const row of indices.test) wrong[row] = (y[row]! + 1) % classes;
  return { x, y: wrong };
}
