/** Waits for memory that is about to become free. */
import { MemoryError } from "../errors.ts";
import { pause } from "../runtime/host/pause.ts";

/** Models that nobody holds any more give their memory back after a tick: where it is full, waits for that once. */
export async function withRoom<T>(make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    for (let turn = 0; turn < 3; turn++) await pause();
    return make();
  }
}
