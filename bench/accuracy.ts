/**
 * What the default recipe reaches on five tables: the mean over seeds (of split and model) against a bar for each.
 * node bench/accuracy.ts [--seeds 20] [--numerics fast|portable]; exits with 1 if a mean lies below its bar.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkCount, checkOneOf } from "../src/check.ts";
import { createRuntime } from "../src/index.ts";
import { readCsvFile, trainTable } from "../src/node/index.ts";
import { packageFolder } from "../src/node/packageFolder.ts";

const TABLES = [
  { name: "digits", target: "label", bar: 0.97 },
  { name: "iris", target: "label", bar: 0.94 },
  { name: "wine", target: "label", bar: 0.975 },
  { name: "breast_cancer", target: "label", bar: 0.97 },
  { name: "diabetes", target: "target", bar: 0.4 },
];

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "20" }, numerics: { type: "string", default: "fast" } },
});
const seeds = Number(values.seeds);
const numerics = values.numerics as "fast" | "portable";
checkCount("--seeds", seeds);
checkOneOf("--numerics", numerics, ["fast", "portable"]);
const runtime = await createRuntime({ numerics });

const row = (cells: readonly string[]) => console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(16) : cell.padStart(9))).join(" "));
console.log(`${seeds} seeds, ${runtime.info.numerics} binary`);
row(["table", "score", "mean", "min", "max", "bar", "s a run", ""]);
let missed = 0;
for (const { name, target, bar } of TABLES) {
  const table = await readCsvFile(join(packageFolder(), "examples", "data", `${name}.csv`));
  const scores: number[] = [];
  let seconds = 0;
  let kind = "";
  for (let seed = 0; seed < seeds; seed++) {
    const trained = await trainTable(table, { target, seed, runtime });
    kind = trained.score.task === "classification" ? "accuracy" : "R2";
    scores.push(trained.score.task === "classification" ? trained.score.accuracy : trained.score.r2);
    seconds += trained.seconds / seeds;
    trained.model.dispose();
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / seeds;
  if (mean < bar) missed++;
  const numbers = [mean, Math.min(...scores), Math.max(...scores), bar].map((value) => value.toFixed(4));
  row([name, kind, ...numbers, seconds.toFixed(2), mean < bar ? "MISSED" : ""]);
}
if (missed > 0) process.exitCode = 1;
