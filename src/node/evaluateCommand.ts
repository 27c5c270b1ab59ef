/** Scores a saved model on the rows of a CSV file that has the target, too. */
import { basename } from "node:path";
import { columnOf, pipelineOf, readCsv } from "../data/index.ts";
import { alignRight } from "./alignRight.ts";
import { confusionText, shorten } from "./confusionText.ts";
import { cell } from "./crossValidateCommand.ts";
import { loadTableModel, reading } from "./files.ts";
import { kindsOf } from "./predictTable.ts";
import { type ClassificationScore, scoreTable, type TableScore } from "./trainTable.ts";

/** `print` takes lines of results. The last line is the score. */
export async function evaluateCommand(command: { model: string; file: string }, print: (line: string) => void): Promise<void> {
  const model = await loadTableModel(command.model);
  try {
    const { target = [], classes } = pipelineOf(model);
    // A class such as "007" stays a text, also where the file has no other one
    const kind = classes === undefined ? "number" : classes.every((name) => name === String(Number(name))) ? undefined : "text";
    const { score, rows } = await reading(command.file, (bytes) => {
      // Read once for the names alone: only columns that are there may be given a kind
      const table = readCsv(bytes);
      for (const name of target) columnOf(table, name, "evaluate: target");
      const own = Object.fromEntries(kind === undefined ? [] : target.map((name) => [name, kind] as const));
      const typed = readCsv(bytes, { kinds: { ...kindsOf(model, table), ...own } });
      return { score: scoreTable(model, typed), rows: typed.rows };
    });
    print(`${basename(command.file)}: ${rows} ${rows === 1 ? "row" : "rows"}, target ${target.join(", ")}`);
    for (const line of report(score)) print(line);
  } finally {
    model.dispose();
  }
}

function report(score: TableScore): string[] {
  if (score.task === "regression") {
    const { rmse, mae, r2 } = score;
    return [`RMSE: ${Number(rmse.toPrecision(6))}`, `MAE: ${Number(mae.toPrecision(6))}`, `R2: ${r2.toFixed(4)}`];
  }
  return [
    "",
    classTable(score),
    "",
    confusionText(score.confusion, score.classes),
    "",
    `log loss: ${cell(score.logLoss)}`,
    `balanced accuracy: ${score.balancedAccuracy.toFixed(4)}`,
    `accuracy: ${score.accuracy.toFixed(4)}`,
  ];
}

function classTable({ classes, precision, recall, f1, confusion }: ClassificationScore): string {
  const mean = (values: readonly number[]) => cell(values.reduce((sum, value) => sum + value, 0) / values.length);
  const rows = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  return alignRight([
    ["class", "rows", "precision", "recall", "F1"],
    ...classes.map((name, i) => [shorten(name), String(rows[i]), cell(precision[i]!), cell(recall[i]!), cell(f1[i]!)]),
    ["mean", String(rows.reduce((sum, count) => sum + count, 0)), mean(precision), mean(recall), mean(f1)],
  ]);
}
