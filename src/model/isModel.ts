/** Whether something is a model, for functions that should not load what models are made of to find out. */
import type { Model } from "./model.ts";

export function isModel(value: unknown): value is Model {
  return typeof (value as Partial<Model> | null | undefined)?.tools?.modelOf === "function";
}
