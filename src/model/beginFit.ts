/** fit from the call on: the model is busy and the data are held at once, also where what trains has to be loaded first. */

import type { Data, FitOptions } from "./fit.ts";
import type { History } from "./history.ts";
import { loadedTraining, loadTraining } from "./loadTraining.ts";
import type { ModelState } from "./state.ts";

export async function beginFit(state: ModelState, data: unknown, options: FitOptions): Promise<History> {
  state.checkFree("fit");
  state.busy = "fit";
  try {
    const training = loadedTraining();
    if (training) return await training.fit(state, data, options);
    const held = ownCopy(data);
    const { fit } = await loadTraining();
    return await fit(state, held, options);
  } finally {
    state.busy = undefined;
  }
}

/** Above this, rows stay in JavaScript: a copy in linear memory would leave too little for everything else. */
export const MOST_COPIED_BYTES = 256 * 1024 * 1024;

/** fit copies data at its start, and may not see what becomes of them while it is loaded. What is not data stays as it is: fit refuses it. */
function ownCopy(data: unknown): unknown {
  if (typeof data !== "object" || data === null || !("x" in data && "y" in data) || Symbol.iterator in data) return data;
  const { x, y, weights } = data as Partial<Data>;
  return { ...data, x: copyOf(x), y: copyOf(y), ...(weights && { weights: copyOf(weights) }) };
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return typeof value[0] === "object" ? value.map(copyOf) : value.slice();
  if (ArrayBuffer.isView(value) && "slice" in value && value.byteLength <= MOST_COPIED_BYTES) return (value as Float32Array).slice();
  return typeof value === "object" && value !== null && "shape" in value && "data" in value
    ? { ...value, data: copyOf(value.data) }
    : value;
}
