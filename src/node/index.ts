/** Entry point `whetstone/node`: files, tables and the command line, for Node, Deno and Bun. */
export { streamTerminal, type Terminal, type TextStream, terminal } from "../runtime/host/terminal.ts";
export { confusionText } from "./confusionText.ts";
export { type CrossValidatedTable, type CrossValidateTableOptions, crossValidateTable } from "./crossValidateTable.ts";
export { loadModel, readCsvFile, readIdxFile, saveModel } from "./files.ts";
export { main, type Streams } from "./main.ts";
export { predictionCsv } from "./predictionCsv.ts";
export { predictTable, type TablePrediction } from "./predictTable.ts";
export type { TableRecipeOptions, TableTaskOptions } from "./tableRecipe.ts";
export { type TensorBoardOptions, tensorBoard } from "./tensorBoard.ts";
export { toFile } from "./toFile.ts";
export {
  type ClassificationScore,
  type RegressionScore,
  scoreTable,
  type TableScore,
  type TrainedTable,
  type TrainTableOptions,
  trainTable,
} from "./trainTable.ts";
