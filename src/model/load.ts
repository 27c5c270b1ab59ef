/** Makes a model of the bytes of a file. What reads them is loaded with what runs models, when it is first wanted. */
import type { Runtime } from "../runtime/runtime.ts";
import type { Model } from "./model.ts";

/**
 * The model that save() wrote, or that stands in the state of a run.
 * @throws FormatError if the bytes are no such file, are cut off, or hold other weights than their architecture needs.
 */
export async function load(bytes: Uint8Array | ArrayBuffer, options: { runtime?: Runtime } = {}): Promise<Model> {
  const { loadModel } = await import("../chunks/models.ts");
  return loadModel(bytes, options);
}
