/** Predicts the rows of a CSV file with a saved model. */
import { readCsv } from "../data/index.ts";
import { loadTableModel, reading, writeWhole } from "./files.ts";
import { predictionCsv } from "./predictionCsv.ts";
import { kindsOf, predictTable } from "./predictTable.ts";

/** Returns the CSV, or writes it to `out` and returns nothing. */
export async function predictCommand(command: { model: string; file: string; out: string | undefined }): Promise<string> {
  const model = await loadTableModel(command.model);
  try {
    const csv = await reading(command.file, (bytes) => {
      // Read once for the names alone: only columns that are there may be given a kind
      const kinds = kindsOf(model, readCsv(bytes));
      return predictionCsv(predictTable(model, readCsv(bytes, { kinds })));
    });
    if (command.out === undefined) return csv;
    await writeWhole(command.out, csv);
    return "";
  } finally {
    model.dispose();
  }
}
