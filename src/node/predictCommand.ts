/** Predicts the rows of a CSV file with a saved model. */
import { readFile } from "node:fs/promises";
import { readCsv } from "../data/index.ts";
import { loadModel, writeWhole } from "./files.ts";
import { predictionCsv } from "./predictionCsv.ts";
import { kindsOf, predictTable } from "./tableModel.ts";

/** Returns the CSV, or writes it to `out` and returns nothing. */
export async function predictCommand(command: { model: string; file: string; out: string | undefined }): Promise<string> {
  const model = await loadModel(command.model);
  const bytes = await readFile(command.file);
  // Read once for the names alone: only columns that are there may be given a kind
  const kinds = kindsOf(model, readCsv(bytes));
  const csv = predictionCsv(predictTable(model, readCsv(bytes, { kinds })));
  if (command.out === undefined) return csv;
  await writeWhole(command.out, csv);
  return "";
}
