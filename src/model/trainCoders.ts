/**
 * Greedy layer-wise pre-training (Hinton, Osindero & Teh 2006; with autoencoders Bengio et al. 2007): each layer learns to code
 * the outputs of the layers below so that a linear decoder finds them again. fit then fine-tunes the whole net.
 */
import { checkOptions, fail } from "../check.ts";
import { OptionError } from "../errors.ts";
import { dense } from "../layers/dense.ts";
import { input } from "../layers/input.ts";
import type { Layer } from "../layers/layer.ts";
import { flatten } from "../layers/reshape.ts";
import { mse } from "../losses/regression.ts";
import type { Net } from "../net.ts";
import { adam } from "../optimizers/adam.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { TensorInput } from "../tensor.ts";
import { build } from "./build.ts";
import type { FitOptions } from "./fit.ts";
import { takeInputs } from "./intake.ts";
import type { PlacedLayer } from "./layout.ts";
import type { Model, StateDict } from "./model.ts";
import type { Pretrained, PretrainOptions } from "./pretrainLayers.ts";

/** What is coded at once: a layer with weights and what follows it (activation, normalization, dropout). */
interface Block {
  readonly layers: PlacedLayer[];
  readonly isCoder: boolean;
}

/** See pretrainLayers.ts. */
export async function trainCoders<In extends Shape, Out extends Shape>(
  net: Net<In, Out>,
  x: TensorInput<In>,
  options: PretrainOptions,
): Promise<Pretrained<In, Out>> {
  const known = ["loss", "optimizer", "epochs", "batchSize", "penalty", "callbacks", "signal", "layers", "seed", "runtime"];
  checkOptions("pretrainLayers", options, known);
  const { layers: wanted, seed = 0, runtime, ...own } = options;
  const model = await build(net, { seed, runtime });
  try {
    const blocks = blocksOf(model.state.layout.layers);
    const { length: coders } = blocks.filter(({ isCoder }) => isCoder);
    if (wanted === undefined && coders < 2)
      throw new OptionError(
        "pretrainLayers: net must have two layers with weights at least: the last one fits the task. Give { layers: 1 } to pre-train it",
      );
    const count = wanted ?? coders - 1;
    if (!(Number.isSafeInteger(count) && count >= 1 && count <= coders))
      fail("pretrainLayers: layers", `a count from 1 to ${coders}, the layers with weights`, wanted);
    let { data: features } = takeInputs("pretrainLayers: x", x, model.state.layout.inputShape);
    const layers: { name: string; loss: number[] }[] = [];
    for (const block of blocks) {
      if (layers.length === count) break;
      const run = { loss: mse(), optimizer: adam(), ...own, seed };
      if (block.isCoder) layers.push({ name: block.layers[0]!.path, loss: await trainCoder(model, block, features, run) });
      if (layers.length < count) features = await outputsOf(model, block, features);
    }
    return { model, layers };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Layers before the first with weights are a block too: they only hand the inputs on. */
function blocksOf(layers: readonly PlacedLayer[]): Block[] {
  const blocks: Block[] = [];
  const hasWeights = (placed: PlacedLayer): boolean =>
    placed.parameters.some(({ shape, isPlain }) => shape.length >= 2 && !isPlain) || placed.branches.flat().some(hasWeights);
  for (const placed of layers) {
    if (hasWeights(placed)) blocks.push({ layers: [placed], isCoder: true });
    else if (blocks.length === 0) blocks.push({ layers: [placed], isCoder: false });
    else blocks.at(-1)!.layers.push(placed);
  }
  return blocks;
}

/** Trains a block and a decoder on rows; the block's parameters go into the model. Returns the losses. */
async function trainCoder(model: Model, block: Block, rows: Float32Array, options: FitOptions): Promise<number[]> {
  const words = sizeOf(block.layers[0]!.inputShape);
  const isFlat = block.layers.at(-1)!.outputShape.length === 1;
  const autoencoder = await blockModel(model, block, [...(isFlat ? [] : [flatten()]), dense(words)], options.seed ?? 0);
  try {
    const { loss } = await autoencoder.fit({ x: rows, y: { data: rows, shape: [rows.length / words, words] } }, options);
    const coded = Object.entries(autoencoder.stateDict()).flatMap(([name, values]) => {
      const own = block.layers[Number(name.split(".")[0])];
      return own ? [[renamed(name, own.path), values] as const] : [];
    });
    model.loadStateDict(Object.fromEntries(coded), { strict: false });
    return loss;
  } finally {
    autoencoder.dispose();
  }
}

async function outputsOf(model: Model, block: Block, rows: Float32Array): Promise<Float32Array> {
  const part = await blockModel(model, block, [], 0);
  try {
    return part.predict(rows).data;
  } finally {
    part.dispose();
  }
}

/** A model of a block, with the values it has in the whole model, and what comes after it. */
async function blockModel(model: Model, { layers }: Block, after: readonly Layer[], seed: number): Promise<Model> {
  const net: Net = { layers: [input(...layers[0]!.inputShape), ...layers.map(({ layer }) => layer), ...after] };
  const part = await build(net, { seed, runtime: model.runtime });
  const values: StateDict = {};
  for (const [name, tensor] of Object.entries(model.stateDict())) {
    const at = layers.findIndex(({ path }) => path === name.split(".")[0]);
    if (at >= 0) values[renamed(name, String(at))] = tensor;
  }
  part.loadStateDict(values, { strict: false });
  return part;
}

/** "3.0.weight" → "0.0.weight": the same parameter where its outermost layer has another place. */
const renamed = (name: string, place: string): string => place + name.slice(name.indexOf("."));
