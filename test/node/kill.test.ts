/** Checkpoints of runs that are killed (`npm run check:kill` kills more of them), and what toFile leaves beside its file. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { decodeRun } from "../../src/model/runFile.ts";
import { toFile } from "../../src/node/index.ts";
import { data, killRuns, make, options } from "./killRuns.ts";
import { folderWith } from "./program.ts";

test("a run that is killed 5 times ends with the bits of one that was not; every checkpoint is whole", async () => {
  const folder = folderWith({});
  const { epochs, last } = await killRuns(folder, 5, 1);
  expect(epochs.every((epoch, k) => epoch > (epochs[k - 1] ?? 0))).toBe(true);
  const model = await make();
  const history = await model.fit(data, { ...options, epochs: epochs.at(-1)! + 5, callbacks: [w.ema({ decay: 0.9 })] });
  const [got, want] = [decodeRun(last), decodeRun(history.state!)];
  expect(got.record.history!.loss).toEqual(want.record.history!.loss);
  expect(got.tensors).toEqual(want.tensors);
  expect(readdirSync(folder)).toEqual(["run.safetensors"]);
}, 60_000);

test("what killed processes left is removed, what belongs to living ones stays; the last bytes given remain", async () => {
  const folder = folderWith({});
  const path = join(folder, "a.st");
  const { pid: dead } = spawnSync(process.execPath, ["-e", ""]);
  const left = ["a.st.x.tmp", `a.st.${process.pid}.7.tmp`, `b.a.st.${dead}.0.tmp`, "a.st.tmp"];
  for (const name of [...left, `a.st.${dead}.0.tmp`, `a.st.${dead}.3.tmp`]) writeFileSync(join(folder, name), "");
  const save = toFile(path);
  await Promise.all([1, 2, 3].map((byte) => save(Uint8Array.of(byte))));
  expect([...readFileSync(path)]).toEqual([3]);
  expect(readdirSync(folder).sort()).toEqual(["a.st", ...left].sort());
});

test("bad paths", async () => {
  for (const path of ["", 3, undefined]) expect(() => toFile(path as string)).toThrow(w.OptionError);
  await expect(toFile(join(folderWith({}), "none", "a.st"))(Uint8Array.of(1))).rejects.toMatchObject({ code: "ENOENT" });
});
