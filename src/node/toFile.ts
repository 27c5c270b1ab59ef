/** Where checkpoints of a run go: one file, whole at every moment. */
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fail } from "../check.ts";
import { writeWhole } from "./files.ts";

/**
 * A function that writes bytes to `path`, as checkpoint's `save` wants it: checkpoint({ save: toFile("run.safetensors") }). The file
 * is replaced in one go, so that whoever reads it, also after the process was killed, finds the last checkpoint whole. What
 * killed processes have left beside it is removed before the first write.
 * @throws OptionError if `path` is no text; (when it writes) what the file system throws.
 */
export function toFile(path: string): (bytes: Uint8Array) => Promise<void> {
  if (typeof path !== "string" || path === "") fail("toFile: path", "a text", path);
  let last: Promise<void> | undefined;
  return (bytes) => {
    const before = last ?? removeLeft(path);
    // One after the other, also if nobody waits for them: the last one given is the one that stays.
    last = before.then(
      () => writeWhole(path, bytes),
      () => writeWhole(path, bytes),
    );
    return last;
  };
}

/** Temporary files of writeWhole whose process is no more. */
async function removeLeft(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    const [, pid] = name.startsWith(`${basename(path)}.`) ? (/^\.(\d+)\.\d+\.tmp$/.exec(name.slice(basename(path).length)) ?? []) : [];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"; // EPERM: alive, and another user's
  }
}
