/**
 * The model file: safetensors, whose tensors have PyTorch's names and whose metadata holds the architecture, the link, and
 * the preprocessing of inputs as JSON. load.ts reads it.
 */
import type { Layer } from "../layers/layer.ts";
import type { Link } from "../losses/loss.ts";
import type { Net } from "../net.ts";
import type { Tensor } from "../tensor.ts";
import { jsonCost } from "./jsonCost.ts";
import { encodeSafetensors } from "./safetensors.ts";
import type { ModelState } from "./state.ts";

/** Of the description in the metadata; files of a newer version are refused. */
export const VERSION = 1;
export const KEY = "whetstone";

export interface Description {
  readonly version: number;
  readonly layers: readonly Layer[];
  readonly link?: Link;
  /** Name of the loss that trained it: for people, as a custom one can't be made of it. */
  readonly loss?: string;
  readonly preprocessing?: unknown;
}

export function saveModel(state: ModelState, tensors: Record<string, Tensor>, metadata: Record<string, string> = {}): Uint8Array {
  const { net, link, loss, preprocessing } = state;
  const description: Description = { version: VERSION, layers: plainLayers(net), link, loss, preprocessing };
  // "format: pt" tells PyTorch's loaders that the names are theirs.
  const texts = { ...metadata, format: "pt", [KEY]: inAscii(JSON.stringify(description)) };
  const cost = Object.values(texts).reduce((sum, text) => sum + jsonCost(text).cost, 0);
  return encodeSafetensors(tensors, texts, cost);
}

/** Texts of one byte per character are read with half the memory of others. */
const inAscii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const plainLayers = (net: Net): Layer[] => net.layers.map(plain);

/** Arrays in options (fromArray and the like) become plain ones. */
function plain(layer: Layer): Layer {
  return JSON.parse(
    JSON.stringify(layer, (_, value: unknown) => (ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value)),
  );
}
