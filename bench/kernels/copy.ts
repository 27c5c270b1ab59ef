/** The yardstick of memory: a vector loop that reads one array and writes another, over as many bytes as what it is held against. */
import type { Module } from "../harness.ts";

/** One call of the loop, which reads `bytes` / 2 and writes as much; takes the module's memory from the start. */
export function copyLoop(module: Module, bytes: number): () => void {
  module.reset();
  const half = Math.max(64, Math.ceil(bytes / 2 / 64) * 64);
  const x = module.floats(half / 4);
  const y = module.floats(half / 4);
  const { combine } = module.call;
  // y = 1 x: a load, a multiply that costs nothing beside it, a store. memory.copy is the host's, not a loop of this engine.
  return () => void combine(x, 0, y, 1, 0, 0, half);
}
