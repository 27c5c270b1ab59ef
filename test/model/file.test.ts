/** save and load: the same model, for anybody's bytes either a sound model or a FormatError. */
import { describe, expect, test } from "vitest";
import * as w from "../../src/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/model/safetensors.ts";
import { RandomStream } from "../../src/random.ts";
import { expectSameBits } from "../kernels/compare.ts";
import { testNumbers } from "../kernels/harness.ts";
import { loadOrRefusal, mutated, soundFiles, withHeader } from "./mutateFile.ts";
import { runtimeOf, variants } from "./runtimes.ts";

const next = testNumbers(3);
const x = Float32Array.from({ length: 30 * 4 }, next);
const y = Int32Array.from({ length: 30 }, (_, i) => i % 3);
const net = w.sequential(
  w.input(4),
  w.dense(6, { init: w.heNormal({ mode: "fanOut" }), biasInit: w.constant(0.5) }),
  w.batchNorm({ momentum: 0.2, eps: 1e-3 }),
  w.leakyRelu({ slope: 0.1 }),
  w.dropout(0.25),
  w.dense(5, { bias: false }),
  w.gelu({ approximate: "tanh" }),
  w.elu({ alpha: 0.5 }),
  w.dense(3),
);

async function trained(variant: (typeof variants)[number]): Promise<w.Model> {
  const model = await w.build(net, { runtime: await runtimeOf(variant), seed: 5 });
  await model.fit({ x, y }, { loss: w.softmaxCrossEntropy(), optimizer: w.adam(), epochs: 3 });
  return model;
}

describe.each(variants)("%s", (variant) => {
  test("a loaded model predicts the same bits in every form, and trains on as the saved one", async () => {
    const runtime = await runtimeOf(variant);
    const model = await trained(variant);
    model.preprocessing = { mean: [1, 2.5], names: ["a", "ß"], nested: { list: [null, true] } };
    const bytes = model.save();
    const same = await w.load(bytes, { runtime });
    expect(same.net).toEqual(model.net);
    expect(same.preprocessing).toEqual(model.preprocessing);
    expect(same.stateDict()).toEqual(model.stateDict());
    for (const as of ["raw", "probabilities", "classes"] as const)
      expectSameBits(same.predict(x, { as }).data, model.predict(x, { as }).data, as);
    expectSameBits(same.predict(x, { samples: 3, seed: 2 }).data, model.predict(x, { samples: 3, seed: 2 }).data, "samples");
    expect(same.save()).toEqual(bytes);
    const [a, b] = [await w.load(bytes, { runtime }), await w.load(bytes.slice().buffer, { runtime })];
    for (const each of [a, b]) await each.fit({ x, y }, { loss: w.softmaxCrossEntropy(), optimizer: w.sgd(), epochs: 2 });
    expect(b.stateDict()).toEqual(a.stateDict());
    for (const each of [model, same, a, b]) each.dispose();
  });
});

test("links are kept: a regression has none, a model that was never trained has none", async () => {
  const runtime = await runtimeOf("portable");
  const binary = await w.build(w.sequential(w.input(4), w.dense(1)), { runtime });
  await binary.fit({ x, y: y.map((label) => Math.min(label, 1)) }, { loss: w.binaryCrossEntropy(), optimizer: w.sgd(), epochs: 1 });
  const again = await w.load(binary.save(), { runtime });
  expect(again.predict(x, { as: "classes" })).toEqual(binary.predict(x, { as: "classes" }));
  expect(again.predict(x, { as: "classes" }).shape).toEqual([30]);
  const fresh = await w.load((await w.build(net, { runtime })).save(), { runtime });
  expect(() => fresh.predict(x, { as: "classes" })).toThrow(
    'predict: as "classes" needs a classifier: the model has not been trained, so no loss has given it a link.',
  );
});

test("the file is safetensors with PyTorch's names", async () => {
  const model = await w.build(net, { runtime: await runtimeOf("portable") });
  const { tensors, metadata } = decodeSafetensors(model.save());
  expect(Object.entries(tensors).map(([name, { shape }]) => `${name} [${shape}]`)).toEqual([
    "0.weight [6,4]",
    "0.bias [6]",
    "1.weight [6]",
    "1.bias [6]",
    "1.running_mean [6]",
    "1.running_var [6]",
    "4.weight [5,6]",
    "7.weight [3,5]",
    "7.bias [3]",
  ]);
  expect(metadata.format).toBe("pt");
  expect(JSON.parse(metadata.whetstone)).toMatchObject({ version: 1, layers: { length: 9 } });
});

describe("refuses", () => {
  async function messageOf(bytes: unknown): Promise<string> {
    const error = await w.load(bytes as Uint8Array, { runtime: await runtimeOf("portable") }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(w.FormatError);
    return (error as Error).message;
  }

  /** The file with another description. */
  async function described(change: (description: Record<string, unknown>) => unknown): Promise<Uint8Array> {
    const model = await w.build(net, { runtime: await runtimeOf("portable") });
    const { tensors, metadata } = decodeSafetensors(model.save());
    model.dispose();
    return encodeSafetensors(tensors, { ...metadata, whetstone: JSON.stringify(change(JSON.parse(metadata.whetstone))) });
  }
  type Layers = Record<string, unknown>[];
  const layersOf = ({ layers }: Record<string, unknown>) => layers as Layers;
  const withLayer = (index: number, part: object) =>
    described((d) => ({ ...d, layers: layersOf(d).map((layer, i) => (i === index ? { ...layer, ...part } : layer)) }));

  test("what is no file", async () => {
    expect(await messageOf("text")).toBe('load: bytes must be a Uint8Array or an ArrayBuffer, got "text"');
    expect(await messageOf(new Uint8Array(3))).toContain("the file must have at least 8 bytes, got 3");
    expect(await messageOf(encodeSafetensors({}))).toBe(
      "load: the file holds tensors, but no model of whetstone. Build the net and give the tensors to model.loadStateDict",
    );
    expect(await messageOf(encodeSafetensors({}, { whetstone: "{" }))).toBe("load: the description of the model is not JSON");
  });

  test("descriptions of nets that can't be", async () => {
    const sound = "load: the file's architecture is not sound: ";
    expect(await messageOf(await described(() => null))).toBe("load: the description of the model has no version or no layers");
    expect(await messageOf(await described((d) => ({ ...d, version: 2 })))).toBe(
      "load: the file has version 2, and this whetstone reads up to 1. Update whetstone",
    );
    expect(await messageOf(await described((d) => ({ ...d, link: "logit" })))).toBe('load: unknown link "logit"');
    expect(await messageOf(await described((d) => ({ ...d, layers: layersOf(d).slice(1) })))).toContain(
      `${sound}sequential: layers[0] must be input(...shape)`,
    );
    expect(await messageOf(await described((d) => ({ ...d, layers: [null] })))).toContain(
      `${sound}sequential: layers[0] must be a layer, got null`,
    );
    expect(await messageOf(await withLayer(1, { kind: "dens" }))).toBe(
      `${sound}layer 0 (dens): unknown layer "dens". Did you mean "dense"?`,
    );
    expect(await messageOf(await withLayer(1, { kind: "__proto__" }))).toContain(`${sound}layer 0 (__proto__): unknown layer`);
    expect(await messageOf(await withLayer(1, { units: -1 }))).toBe(
      `${sound}layer 0 (dense): units must be an integer of at least 1, got -1`,
    );
    expect(await messageOf(await withLayer(1, { units: 1e9 }))).toMatch(
      /^load: the architecture needs \d+ values, and the file holds 102$/,
    );
    expect(await messageOf(await withLayer(1, { units: 2 }))).toMatch(
      /^load: the file's weights do not fit its architecture: loadStateDict: 0\.weight must have shape \[2, 4\], got \[6, 4\]/,
    );
    expect(await messageOf(await withLayer(1, { init: { kind: "heNormal", mode: "both" } }))).toContain(
      `${sound}layer 0 (dense): init: heNormal: mode must be one of`,
    );
    expect(await messageOf(await withLayer(2, { eps: 0 }))).toContain(`${sound}layer 1 (batchNorm): eps must be`);
    expect(await messageOf(await withLayer(2, { weird: 1 }))).toContain(`${sound}layer 1 (batchNorm): unknown option "weird"`);
    expect(await messageOf(await withLayer(0, { shape: "four" }))).toContain(sound);
    expect(await messageOf(await withLayer(0, { shape: [4294967296, 4294967296] }))).toContain(
      "load: the file's architecture is not sound",
    );
    expect(await messageOf(await withLayer(4, { rate: 1 }))).toContain(`${sound}layer 3 (dropout): rate must be in [0, 1), got 1`);
  });

  test("every truncation", async () => {
    const bytes = (await trained("portable")).save();
    const runtime = await runtimeOf("portable");
    const { used } = runtime.info.memory;
    for (let length = 0; length < bytes.length; length += 7) await messageOf(bytes.subarray(0, length));
    await messageOf(new Uint8Array([...bytes, 0]));
    expect(runtime.info.memory.used).toBe(used);
  });

  test("1,500 damaged and forged files: a FormatError or a sound model, memory given back, other models as they are", async () => {
    const runtime = await w.createRuntime();
    const files = await soundFiles(runtime);
    const model = await w.build(net, { runtime });
    const state = model.stateDict();
    for (const file of files) expect(await loadOrRefusal(file, runtime)).toBe("sound");
    const { used } = runtime.info.memory;
    const random = new RandomStream(11, 1);
    let refused = 0;
    for (let time = 0; time < 1500; time++) if ((await loadOrRefusal(mutated(files, random), runtime)) === "refused") refused++;
    expect(refused).toBeGreaterThan(1000);
    expect(refused).toBeLessThan(1500);
    expect(runtime.info.memory.used).toBeLessThanOrEqual(used);
    expect(model.stateDict()).toEqual(state);
    runtime.dispose();
  });

  test("what would take more than four times the file: told before JSON or memory is asked for", async () => {
    const layers = '{"kind":"input","shape":[1]},{"kind":"relu"}';
    const described = (more: string) => encodeSafetensors({}, { whetstone: `{"version":1,"layers":[${layers}${more}]}` });
    const most = /the file of \d+ bytes must need at most \d+ bytes of memory, got \d+$/;
    expect(await messageOf(withHeader(`{"__metadata__":[${"{},".repeat(6000)}0]}`, new Uint8Array(0)))).toMatch(most);
    expect(await messageOf(described(',{"kind":"relu"}'.repeat(6000)))).toMatch(most);
    expect(await messageOf(described(`,{"kind":"relu","x":[${"0,".repeat(100_000)}0]}`))).toMatch(most);
    expect(await messageOf(described(`,{"kind":"relu","x":${"[".repeat(200)}${"]".repeat(200)}}`))).toBe(
      "load: the file's JSON is nested too deep",
    );
    const relus = Array.from({ length: 11_000 }, () => w.relu());
    const weight = { data: new Float32Array(4e6), shape: [4e6, 1] };
    const long = { whetstone: JSON.stringify({ version: 1, layers: [w.input(1), w.dense(4e6, { bias: false }), ...relus] }) };
    expect(await messageOf(encodeSafetensors({ "0.weight": weight }, long))).toBe(
      "load: the net must have at most 10000 layers, got 11002",
    );
  });

  test("an honest file is never refused for its size: one that costs more is padded", async () => {
    const values = new Float32Array(400_000);
    const runtime = await runtimeOf("portable");
    const model = await w.build(w.sequential(w.input(4), w.dense(100_000, { init: w.fromArray(values), bias: false })), { runtime });
    const bytes = model.save();
    expect(bytes.length).toBeGreaterThan(4 * 400_000 + 2 * 400_000 + 1e6);
    const same = await w.load(bytes, { runtime });
    expect(same.net).toEqual(model.net);
    for (const each of [model, same]) each.dispose();
  });

  test("texts beyond ASCII are escaped, and come back", async () => {
    const runtime = await runtimeOf("portable");
    const model = await w.build(w.sequential(w.input(1), w.dense(1)), { runtime });
    model.preprocessing = { names: ["ß", "木", "\u007f", "\ud83d\ude00"] };
    const bytes = model.save();
    expect(bytes.subarray(0, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))).every((byte, i) => i < 8 || byte < 0x7f)).toBe(
      true,
    );
    expect((await w.load(bytes, { runtime })).preprocessing).toEqual(model.preprocessing);
  });
});
