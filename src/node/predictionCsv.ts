/** Predictions as CSV (RFC 4180). */
import type { TablePrediction } from "./predictTable.ts";

/** "class" and a probability per class, or the values under the targets' names; a line of names first. */
export function predictionCsv(prediction: TablePrediction): string {
  if (prediction.task === "regression") {
    const { targets, values } = prediction;
    const rows = Array.from({ length: values.length / targets.length }, (_, row) =>
      Array.from(values.subarray(row * targets.length, (row + 1) * targets.length), shortest),
    );
    return lines([targets, ...rows]);
  }
  const { classes, labels, probabilities } = prediction;
  const rows = Array.from(labels, (label, row) => {
    const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    return [classes[label]!, ...Array.from(own, shortest)];
  });
  return lines([["class", ...classes.map((label) => `probability_${label}`)], ...rows]);
}

const lines = (rows: readonly (readonly string[])[]): string => rows.map((row) => `${row.map(quote).join(",")}\n`).join("");

/** Nine digits name each float32 exactly. */
const shortest = (value: number): string => String(Number(value.toPrecision(9)));

/** A lone empty cell is quoted too: an empty line would be no row. */
function quote(cell: string): string {
  return cell === "" || /[",\r\n;\t|]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
