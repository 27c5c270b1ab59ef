/** Data and models in files. What is in them is the business of data/ and model/. */
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { type CsvOptions, type IdxData, pipelineOf, readCsv, readIdx, type Table } from "../data/index.ts";
import { WhetstoneError } from "../errors.ts";
import { load, type Model, type Runtime } from "../index.ts";

/** The table in a CSV file; see readCsv for options and errors. */
export async function readCsvFile(path: string, options?: CsvOptions): Promise<Table> {
  return reading(path, (bytes) => readCsv(bytes, options));
}

/** The array in an IDX file, plain or gzip; see readIdx. */
export async function readIdxFile(path: string): Promise<IdxData> {
  return reading(path, readIdx);
}

/** Writes the model as a safetensors file: all of it, or the file stays as it was. */
export function saveModel(model: Model, path: string): Promise<void> {
  return writeWhole(path, model.save());
}

/** @throws FormatError if the file is not a model that `save` wrote. */
export async function loadModel(path: string, options: { runtime?: Runtime } = {}): Promise<Model> {
  return reading(path, (bytes) => load(bytes, options));
}

/**
 * A model that predicts raw rows.
 * @throws FormatError if the file is no model, or one that holds no pipeline: the fault is this file's, not that of the rows.
 */
export async function loadTableModel(path: string): Promise<Model> {
  return reading(path, async (bytes) => {
    const model = await load(bytes);
    try {
      pipelineOf(model);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  });
}

/** What `read` makes of the file's bytes; errors name the file. */
export async function reading<T>(path: string, read: (bytes: Uint8Array<ArrayBuffer>) => T | Promise<T>): Promise<T> {
  try {
    const { buffer, byteOffset, length } = await readFile(path);
    return await read(new Uint8Array(buffer, byteOffset, length)); // a Buffer's slice is no copy, as others' is
  } catch (error) {
    if (error instanceof WhetstoneError) error.message = `${path}: ${error.message}`;
    else if (error instanceof Error && "syscall" in error) (error as NodeJS.ErrnoException).path ??= path;
    throw error;
  }
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
