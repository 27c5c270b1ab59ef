/** Damaged and forged model files: sound ones of several nets with bytes, lengths, headers and descriptions changed. */
import {
  imputer,
  modelPipeline,
  pca,
  pipeline,
  pipelineOf,
  polynomialFeatures,
  standardScaler,
  tableEncoder,
} from "../../src/data/index.ts";
import * as w from "../../src/index.ts";
import type { RandomStream } from "../../src/random.ts";

const LAYERS: Record<string, w.Layer[]> = {
  plain: [w.input(4), w.dense(6, { biasInit: w.constant(0.5) }), w.batchNorm(), w.leakyRelu(), w.dropout(0.25), w.dense(3)],
  nested: [
    w.input(2, 3),
    w.flatten(),
    w.residual([w.dense(5), w.relu(), w.residual([w.dense(5)])]),
    w.parallel([[w.dense(2), w.tanh()], [w.maxout(3, { pieces: 2 })]], { join: "concat" }),
    w.layerNorm(),
    w.prelu(),
    w.reshape(5, 1),
    w.dense(2, { bias: false, init: w.orthogonal() }),
  ],
  bare: [w.input(3)],
};

const ROWS = Array.from({ length: 12 }, (_, i) => ({
  a: i === 3 ? null : i % 5,
  b: (i * i) % 7,
  c: ["x", "ß", "__proto__"][i % 3],
  y: i % 2,
}));

/** Files of models, and of pipelines with all that they keep. */
export async function soundFiles(runtime: w.Runtime): Promise<Uint8Array[]> {
  const files: Uint8Array[] = [];
  for (const layers of Object.values(LAYERS)) {
    const model = await w.build(w.sequential(...layers), { runtime });
    files.push(model.save());
    model.dispose();
  }
  const inputs = pipeline(
    tableEncoder({ missing: "keep" }),
    imputer(),
    standardScaler(),
    polynomialFeatures({ degree: 2 }),
    pca({ components: 3 }),
  );
  const model = (width: number, outputs: number) => w.build(w.sequential(w.input(width), w.dense(outputs)), { runtime });
  for (const options of [
    { inputs, target: "y" },
    { inputs: tableEncoder(), target: ["a", "y"], targetTransform: standardScaler() },
  ]) {
    const pipe = modelPipeline({ ...options, model });
    const rows = ROWS.map((row) => ({ ...row, a: row.a ?? 2 }));
    const loss = options.target === "y" ? w.softmaxCrossEntropy() : w.mse();
    await pipe.fit(rows, { loss, optimizer: w.sgd(), epochs: 1 });
    files.push(pipe.save());
    pipe.dispose();
  }
  return files;
}

/** Throws what is neither a FormatError nor a model that holds finite weights, predicts, and takes no more than it may. */
export async function loadOrRefusal(bytes: Uint8Array, runtime: w.Runtime): Promise<"refused" | "sound"> {
  const { used } = runtime.info.memory;
  let model: w.Model;
  try {
    model = await w.load(bytes, { runtime });
  } catch (error) {
    if (!(error instanceof w.FormatError)) throw error;
    return "refused";
  }
  try {
    const taken = runtime.info.memory.used - used;
    // Each tensor begins on a line of 64 bytes, and has 60 in the header at least
    if (taken > 4 * bytes.length + 1024) throw new Error(`a file of ${bytes.length} bytes took ${taken}`);
    if (!Object.values(model.stateDict()).every(({ data }) => data.every(Number.isFinite))) throw new Error("weights must be finite");
    const { shape } = model.net.layers[0] as unknown as { shape: number[] };
    const width = shape.reduce((product, extent) => product * extent, 1);
    if (width <= 4096) checkPrediction(model, width);
    checkPipeline(model);
    return "sound";
  } finally {
    model.dispose();
  }
}

function checkPrediction(model: w.Model, width: number): void {
  const { data, shape } = model.predict(new Float32Array(2 * width));
  if (shape[0] !== 2 || data.length !== shape.reduce((product, extent) => product * extent, 1))
    throw new Error("a prediction for each row");
}

/** Its preprocessing too is refused or works, whatever the rows are. */
function checkPipeline(model: w.Model): void {
  try {
    pipelineOf(model).predict(ROWS);
  } catch (error) {
    if (!(error instanceof w.WhetstoneError)) throw error;
  }
}

const pick = <T>(random: RandomStream, list: readonly T[]): T => list[random.below(list.length)]!;

const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__metadata__", "kind", "shape", "length", "0", ""];
const VALUES: readonly (() => unknown)[] = [
  ...[
    -1,
    0,
    0.5,
    1,
    2,
    3,
    1e9,
    4294967296,
    9007199254740991,
    1e308,
    null,
    true,
    "",
    "F64",
    "U8",
    "dense",
    "NaN",
    [],
    {},
    [[]],
    [1e9, 1e9],
  ].map((value) => () => value),
  ...NAMES.map((name) => () => name),
  () => JSON.parse(`{"__proto__":{"kind":"dense"}}`),
  () => JSON.parse(`${"[".repeat(300)}${"]".repeat(300)}`),
  () => JSON.parse(`${'{"layers":['.repeat(60)}${"]}".repeat(60)}`),
  () => Array.from({ length: 400 }, (_, i) => i),
  () => ({ kind: "residual", layers: [{ kind: "relu" }] }),
  () => "x".repeat(1000),
];

/** One place of a JSON value changed, or its name, or doubled, or gone. */
function edited(value: unknown, random: RandomStream): unknown {
  if (typeof value !== "object" || value === null || random.below(8) === 0) return pick(random, VALUES)();
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1);
    const copy = [...value];
    const kind = random.below(6);
    if (kind === 0) copy.splice(at, 1);
    else if (kind === 1) copy.splice(at, 0, copy[random.below(copy.length)] ?? pick(random, VALUES)());
    else copy[at] = edited(copy[at], random);
    return copy;
  }
  const entries = Object.entries(value);
  const at = random.below(entries.length + 1);
  const [name, part] = entries[at] ?? [pick(random, NAMES), 0];
  const kind = random.below(8);
  if (kind === 0) entries.splice(at, 1);
  else entries[at] = kind === 1 ? [pick(random, NAMES), part] : [name, edited(part, random)];
  return Object.fromEntries(entries);
}

const lengthOf = (bytes: Uint8Array): number => Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));

/** The file with this header text; the length says so. */
export function withHeader(text: string, data: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}

/** The header, or the description within it, edited as JSON; its text has a name twice now and then. */
function withEditedHeader(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const end = 8 + lengthOf(bytes);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end)));
    if (random.below(3) > 0) {
      const metadata = header.__metadata__ as Record<string, string>;
      const description = edited(JSON.parse(metadata.whetstone!), random);
      header = { ...header, __metadata__: { ...metadata, whetstone: JSON.stringify(description) } };
    } else header = edited(header, random) as Record<string, unknown>;
  } catch {
    return bytes; // damaged before
  }
  let text = JSON.stringify(header);
  const twice = /"([^"]+)":(\{[^{}]*\}|[^{}[\],]+)/g;
  const pairs = random.below(10) === 0 ? [...text.matchAll(twice)] : [];
  const pair = pairs.length > 0 ? pick(random, pairs) : undefined;
  if (pair) text = text.replace(pair[0], () => `${pair[0]},${pair[0]}`);
  return withHeader(text, bytes.subarray(end));
}

const MUTATIONS: readonly ((bytes: Uint8Array, random: RandomStream, files: readonly Uint8Array[]) => Uint8Array)[] = [
  (bytes, random) => {
    const copy = bytes.slice();
    const at = random.below(random.below(4) === 0 ? copy.length : Math.min(copy.length, 8 + (lengthOf(copy) || 1)));
    copy[at] = random.below(2) === 0 ? copy[at]! ^ (1 << random.below(8)) : random.below(256);
    return copy;
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => Uint8Array.from([...bytes, ...new Uint8Array(1 + random.below(16))]),
  (bytes, random, files) => {
    const other = pick(random, files);
    const from = random.below(other.length);
    const part = other.subarray(from, from + random.below(200));
    const at = random.below(bytes.length + 1);
    return Uint8Array.from([...bytes.subarray(0, at), ...part, ...bytes.subarray(at + (random.below(2) === 0 ? part.length : 0))]);
  },
  (bytes, random) => {
    const copy = bytes.slice();
    const lengths = [0n, 1n, 7n, BigInt(copy.length), BigInt(copy.length - 8), 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
    if (copy.length >= 8) new DataView(copy.buffer).setBigUint64(0, pick(random, lengths), true);
    return copy;
  },
  ...Array<typeof withEditedHeader>(5).fill(withEditedHeader),
];

/** One of the files with one to three changes. */
export function mutated(files: readonly Uint8Array[], random: RandomStream): Uint8Array {
  let bytes = pick(random, files);
  for (let i = random.below(3); i >= 0; i--) if (bytes.length >= 8) bytes = pick(random, MUTATIONS)(bytes, random, files);
  return bytes;
}
