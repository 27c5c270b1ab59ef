/** Times of the same tasks in PyTorch, on one thread, where a python3 with PyTorch is on the path. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Seconds of the fastest step by task, or undefined where PyTorch is not installed. */
export function torchSteps(names: readonly string[], seconds: number): Record<string, number> | undefined {
  if (spawnSync("python3", ["-c", "import torch"], { stdio: "ignore" }).status !== 0) return undefined;
  const script = join(import.meta.dirname, "torch_steps.py");
  const { status, stdout } = spawnSync("python3", [script, String(seconds), ...names], {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${script} ended with status ${status}`);
  return JSON.parse(stdout);
}
