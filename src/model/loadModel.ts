/** Makes a model of the bytes of a file. Anybody's bytes may come in: everything is checked before anything is made of them. */
import { checkOptions, show } from "../check.ts";
import { FormatError, MemoryError, WhetstoneError } from "../errors.ts";
import type { Layer } from "../layers/layer.ts";
import { type Net, sequential } from "../net.ts";
import { defaultRuntime } from "../runtime/createRuntime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { sizeOf } from "../shape.ts";
import { jsonCost } from "./jsonCost.ts";
import { layoutOf } from "./layout.ts";
import { makeModel } from "./makeModel.ts";
import type { Model } from "./model.ts";
import { PREFIX, RUN_KEY } from "./runFile.ts";
import { checkCost, decodeSafetensors } from "./safetensors.ts";
import { type Description, KEY, VERSION } from "./saveModel.ts";

const MAX_LAYERS = 10_000;

/** See load.ts. */
export async function loadModel(bytes: Uint8Array | ArrayBuffer, options: { runtime?: Runtime }): Promise<Model> {
  checkOptions("load", options, ["runtime"]);
  if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer))
    throw new FormatError(`load: bytes must be a Uint8Array or an ArrayBuffer, got ${show(bytes)}`);
  const { tensors, metadata, cost } = decodeSafetensors(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  const values = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
  const text = Object.hasOwn(metadata, KEY) ? metadata[KEY]! : "";
  checkCost(cost + jsonCost(text).cost + 4 * values, bytes.byteLength, "load");
  const description = describe(text);
  const net = netOf(description, values);
  try {
    const model = await makeModel(net, options.runtime ?? (await defaultRuntime()), undefined);
    try {
      const isOwn = (name: string) => metadata[RUN_KEY] === undefined || !name.startsWith(PREFIX);
      model.loadStateDict(Object.fromEntries(Object.entries(tensors).filter(([name]) => isOwn(name))));
    } catch (error) {
      model.dispose();
      throw error;
    }
    model.state.link = description.link;
    model.state.loss = description.loss;
    model.state.preprocessing = description.preprocessing; // JSON, as it is
    return model;
  } catch (error) {
    if (!(error instanceof WhetstoneError) || error instanceof MemoryError) throw error;
    throw new FormatError(`load: the file's weights do not fit its architecture: ${error.message}`, { cause: error });
  }
}

function describe(text: string): Description {
  if (text === "") {
    throw new FormatError(
      "load: the file holds tensors, but no model of whetstone. Build the net and give the tensors to model.loadStateDict",
    );
  }
  let description: Partial<Description> | null;
  try {
    description = JSON.parse(text);
  } catch (cause) {
    throw new FormatError("load: the description of the model is not JSON", { cause });
  }
  const { version, layers, link, loss } = typeof description === "object" && description !== null ? description : {};
  if (Array.isArray(layers) && layers.length > MAX_LAYERS)
    throw new FormatError(`load: the net must have at most ${MAX_LAYERS} layers, got ${layers.length}`);
  if (typeof version !== "number" || !Array.isArray(layers))
    throw new FormatError("load: the description of the model has no version or no layers");
  if (version > VERSION)
    throw new FormatError(`load: the file has version ${version}, and this whetstone reads up to ${VERSION}. Update whetstone`);
  if (link !== undefined && !["softmax", "sigmoid", "identity"].includes(link)) throw new FormatError(`load: unknown link ${show(link)}`);
  if (loss !== undefined && typeof loss !== "string") throw new FormatError(`load: loss must be a text, got ${show(loss)}`);
  return description as Description;
}

/** The net, if it needs no more values than the file holds: a forged description must not ask for gigabytes. */
function netOf({ layers }: Description, values: number): Net {
  try {
    const net = sequential(...(layers as [Layer]));
    const needed = layoutOf(net).parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (needed > values) throw new FormatError(`load: the architecture needs ${needed} values, and the file holds ${values}`);
    return net;
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof WhetstoneError)) throw error;
    throw new FormatError(`load: the file's architecture is not sound: ${error.message}`, { cause: error });
  }
}
