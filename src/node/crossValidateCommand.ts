/** Cross-validates the recipe for tables on a CSV file and says how it went. */
import { basename } from "node:path";
import { formatSeconds } from "../callbacks/progressText.ts";
import type { Judgement } from "../metrics/index.ts";
import type { Terminal } from "../runtime/host/terminal.ts";
import { alignRight } from "./alignRight.ts";
import { type CrossValidateTableOptions, crossValidateTable } from "./crossValidateTable.ts";
import { readCsvFile } from "./files.ts";
import { foldProgress } from "./foldProgress.ts";
import { readTask } from "./tableRecipe.ts";

export interface CrossValidateCommand {
  readonly file: string;
  readonly options: CrossValidateTableOptions;
}

/** Of more folds than this the table shows the first ones. */
const MAX_ROWS = 30;

/** `print` takes lines of results, `terminal` shows the progress. The last line is the score. */
export async function crossValidateCommand(
  { file, options }: CrossValidateCommand,
  print: (line: string) => void,
  terminal: Terminal,
): Promise<void> {
  const startMs = performance.now();
  const table = await readCsvFile(file);
  const { classes } = readTask("crossvalidate", table, options);
  const main = classes ? "accuracy" : "r2";
  const progress = foldProgress(terminal, main);
  let judged: Awaited<ReturnType<typeof crossValidateTable>>;
  try {
    judged = await crossValidateTable(table, { ...options, callbacks: [progress.callback], onFold: progress.onFold });
  } finally {
    progress.end();
  }
  const { judgement } = judged;
  const { folds, mean, std } = judgement;
  const task = classes ? `classification, ${classes.length} classes` : "regression";
  print(`${basename(file)}: ${table.rows} rows, target ${options.target}`);
  print(`${task}; ${folds.length} runs in ${formatSeconds((performance.now() - startMs) / 1000)}`);
  print(`\n${foldTable(judgement)}\n`);
  if (folds.length > MAX_ROWS) print(`(the first ${MAX_ROWS} of ${folds.length} folds; means and deviations are those of all)`);
  print(`cross-validated ${TITLES[main] ?? main}: ${mean[main]!.toFixed(4)} ± ${std[main]!.toFixed(4)}`);
}

const TITLES: Readonly<Record<string, string>> = { loss: "loss", f1: "F1", rmse: "RMSE", mae: "MAE", r2: "R2" };

/** A row per fold, then means and deviations on unseen rows and on training rows. A regression's loss is in no unit: left out. */
function foldTable({ folds, mean, std, trainMean, trainStd }: Judgement): string {
  const names = Object.keys(mean).filter((name) => name !== "loss" || !("rmse" in mean));
  const row = (title: string, rows: string, scores: Readonly<Record<string, number>>) => [
    title,
    rows,
    ...names.map((name) => cell(scores[name]!)),
  ];
  return alignRight([
    ["fold", "rows", ...names.map((name) => TITLES[name] ?? name)],
    ...folds.slice(0, MAX_ROWS).map(({ test, rows }, i) => row(String(i + 1), String(rows.test), test)),
    row("mean", "", mean),
    row("deviation", "", std),
    row("training mean", String(folds[0]!.rows.train), trainMean),
    row("training deviation", "", trainStd),
  ]);
}

/** Four digits behind the point where they say something. */
export const cell = (value: number): string => (Math.abs(value) < 100 ? value.toFixed(4) : String(Number(value.toPrecision(6))));
