/** Trains on a CSV file, says how it went, and saves the model. */
import { basename } from "node:path";
import { progressBar } from "../callbacks/progressBar.ts";
import { formatSeconds } from "../callbacks/progressText.ts";
import type { Terminal } from "../runtime/host/terminal.ts";
import { confusionText } from "./confusionText.ts";
import { readCsvFile, saveModel } from "./files.ts";
import { type TrainedTable, type TrainTableOptions, trainTable } from "./trainTable.ts";

export interface TrainCommand {
  readonly file: string;
  readonly out: string;
  readonly options: TrainTableOptions;
}

/** `print` takes lines of results, `terminal` shows the progress. The last line is the score. */
export async function trainCommand({ file, out, options }: TrainCommand, print: (line: string) => void, terminal: Terminal): Promise<void> {
  const table = await readCsvFile(file);
  print(`${basename(file)}: ${count(table.rows, "row")}, target ${options.target}`);
  const trained = await trainTable(table, { ...options, callbacks: [progressBar({ terminal })] });
  await saveModel(trained.model, out);
  for (const line of report(trained)) print(line);
  print(`model saved: ${out}`);
  for (const line of scoreLines(trained)) print(line);
}

function report({ history, rows, inputs, classes, score, steps, seconds }: TrainedTable): string[] {
  const { train, validation, test } = rows;
  const task = classes ? `classification, ${classes.length} classes` : "regression";
  const best = history.bestEpoch < 0 ? "none measured" : `${history.bestEpoch + 1}`;
  const lines = [
    `${task}, ${count(inputs, "input")}; ${train.length} rows to train, ${validation.length} to validate, ${test.length} to test`,
    `${count(history.epochs, "epoch")}, the best one: ${best}${history.stopped === "callback" ? " (stopped early)" : ""}`,
    `${steps} steps in ${formatSeconds(seconds)}: ${Math.round(steps / seconds)} steps per second`,
    ...history.notes.map((note) => `note: ${note}`),
  ];
  return score.task === "classification" ? [...lines, "", confusionText(score.confusion, classes!), ""] : lines;
}

function scoreLines({ score, rows }: TrainedTable): string[] {
  const part = rows.test.length > 0 ? "test" : "validation";
  if (score.task === "classification") return [`${part} accuracy: ${score.accuracy.toFixed(4)}`];
  return [`${part} RMSE: ${Number(score.rmse.toPrecision(6))}`, `${part} R2: ${score.r2.toFixed(4)}`];
}

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`;
