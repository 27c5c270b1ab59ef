/** Data and models in files. What is in them is the business of data/ and model/. */
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { type CsvOptions, type IdxData, readCsv, readIdx, type Table } from "../data/index.ts";
import { load, type Model, type Runtime } from "../index.ts";

/** The table in a CSV file; see readCsv for options and errors. */
export async function readCsvFile(path: string, options?: CsvOptions): Promise<Table> {
  return readCsv(await readFile(path), options);
}

/** The array in an IDX file, plain or gzip; see readIdx. */
export async function readIdxFile(path: string): Promise<IdxData> {
  return readIdx(await readFile(path));
}

/** Writes the model as a safetensors file: all of it, or the file stays as it was. */
export function saveModel(model: Model, path: string): Promise<void> {
  return writeWhole(path, model.save());
}

/** @throws FormatError if the file is not a model that `save` wrote. */
export async function loadModel(path: string, options: { runtime?: Runtime } = {}): Promise<Model> {
  return load(await readFile(path), options);
}

/** Writes beside the file and then takes its place: readers see the old bytes or the new ones, never a part. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const { file, temporary } = await openBeside(path);
  try {
    try {
      await file.writeFile(content);
      await file.sync(); // else a crash after the rename could leave an empty file
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A new file in the same folder, since a rename can't cross file systems. */
async function openBeside(path: string): Promise<{ file: FileHandle; temporary: string }> {
  for (let attempt = 0; ; attempt++) {
    const temporary = `${path}.${process.pid}.${attempt}.tmp`;
    try {
      return { file: await open(temporary, "wx"), temporary };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
