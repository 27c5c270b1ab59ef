import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { build, dense, input, sequential } from "../../src/index.ts";
import { writeWhole } from "../../src/node/files.ts";
import { loadModel, readCsvFile, readIdxFile, saveModel } from "../../src/node/index.ts";
import { folderWith } from "./program.ts";

test("a model, its preprocessing with it, comes back from its file", async () => {
  const path = join(folderWith({}), "m.st");
  const model = await build(sequential(input(3), dense(2)), { seed: 5 });
  model.preprocessing = { note: "ä", list: [1, null] };
  await saveModel(model, path);
  const same = await loadModel(path);
  expect(same.preprocessing).toEqual({ note: "ä", list: [1, null] });
  expect(same.stateDict()).toEqual(model.stateDict());
  await expect(loadModel(join(path, ".."))).rejects.toMatchObject({ code: "EISDIR", path: join(path, "..") });
});

test("an IDX file, plain and packed", async () => {
  const folder = folderWith({});
  const bytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 255);
  writeFileSync(join(folder, "a.idx"), bytes);
  writeFileSync(join(folder, "a.gz"), gzipSync(bytes));
  for (const name of ["a.idx", "a.gz"]) {
    expect(await readIdxFile(join(folder, name))).toEqual({ shape: [3], data: Int32Array.of(7, 8, 255) });
  }
});

test("a CSV file; errors name it", async () => {
  const folder = folderWith({ "a.csv": "x,y\n1,2\n", "b.csv": 'x\n"open\n' });
  expect((await readCsvFile(join(folder, "a.csv"))).columns.map(({ name }) => name)).toEqual(["x", "y"]);
  const error = await readCsvFile(join(folder, "b.csv")).catch((caught) => caught);
  expect(error).toBeInstanceOf(FormatError);
  expect(error.message).toMatch(/b\.csv: readCsv: line 2/);
});

test("a write that fails leaves the old file and nothing beside it", async () => {
  const folder = folderWith({ "m.st": "old" });
  const path = join(folder, "m.st");
  // Another program's temporary file of the same name is left alone
  writeFileSync(`${path}.${process.pid}.0.tmp`, "theirs");
  await writeWhole(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  const isNoText = { [Symbol.toPrimitive]: () => "never" } as unknown as string;
  await expect(writeWhole(path, isNoText)).rejects.toThrow();
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readdirSync(folder).sort()).toEqual(["m.st", `m.st.${process.pid}.0.tmp`]);
  await expect(writeWhole(join(folder, "none", "m.st"), "new")).rejects.toMatchObject({ code: "ENOENT" });
});
