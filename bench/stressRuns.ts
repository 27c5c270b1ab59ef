/**
 * Short trainings with everything drawn by seed: threads, net, batch, optimizer, and whether and when the run is aborted, its
 * batch goes wrong or its runtime is disposed. Each is done by a team and by one thread: what remains must have the same bits.
 */
import * as w from "../src/index.ts";

export interface StressOptions {
  readonly runs: number;
  readonly seed: number;
  readonly numerics: readonly ("portable" | "fast")[];
  /** Called before each run: for a watchdog, which a hang within wasm must not stop. */
  readonly onRun?: (run: number, what: string) => void;
}

export interface StressResult {
  readonly aborted: number;
  readonly notFinite: number;
  readonly disposed: number;
  readonly longestMs: number;
  /** What went wrong, a line each. */
  readonly faults: string[];
}

type Ending = "end" | "abort" | "notFinite" | "dispose";

interface Draw {
  readonly threads: number;
  readonly net: w.Net;
  readonly text: string;
  readonly columns: number;
  readonly outputs: number;
  readonly rows: number;
  readonly batchSize: number;
  readonly optimizer: w.Optimizer;
  readonly ending: Ending;
  /** The step after which the run is ended, if it is. */
  readonly at: number;
  readonly seed: number;
}

const STEPS = 50;
const MAX_THREADS = 8;
const ACTIVATIONS = [w.relu, w.tanh, w.gelu, w.silu, w.softplus, w.sigmoid, w.softsign, w.mish, w.elu, w.selu, w.softmax, w.logSoftmax];
const OPTIMIZERS = [
  () => w.sgd({ learningRate: 0.02, momentum: 0.9 }),
  () => w.adam({ learningRate: 0.003 }),
  () => w.adamw({ learningRate: 0.003 }),
  () => w.rmsprop({ learningRate: 0.002 }),
  () => w.adagrad({ learningRate: 0.02 }),
];

/** Numbers in [0, 1) by seed. */
function random(seed: number): () => number {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

function draw(seed: number): Draw {
  const next = random(seed);
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)];
  const columns = whole(1, 40);
  const batchSize = whole(1, 40);
  const layers: w.Layer[] = [];
  for (let count = whole(0, 3); count > 0; count--) {
    layers.push(w.dense(whole(1, 80)));
    if (batchSize > 1 && next() < 0.3) layers.push(w.batchNorm());
    layers.push(pick(ACTIVATIONS)());
    if (next() < 0.3) layers.push(w.dropout(0.2));
  }
  const outputs = whole(2, 12);
  const threads = whole(2, MAX_THREADS);
  const ending: Ending = next() < 0.5 ? "end" : pick(["abort", "abort", "notFinite", "dispose"]);
  const net = w.sequential(w.input(columns), ...layers, w.dense(outputs));
  const rows = Math.max(2, batchSize * whole(1, 4) + whole(0, 3));
  const at = whole(1, STEPS - 1);
  const kinds = layers.map(({ kind }) => kind).join(" ");
  const text = `seed ${seed}: ${threads} threads, ${columns} -> ${kinds} -> ${outputs}, ${rows} rows by ${batchSize}, ${ending} at ${at}`;
  return { threads, net, text, columns, outputs, rows, batchSize, optimizer: pick(OPTIMIZERS)(), ending, at, seed };
}

/** What remains of a run: bits of weights, outputs, the error's name. */
interface Remains {
  readonly weights: w.StateDict;
  readonly outputs: Float32Array;
  readonly error: string;
}

async function train(drawn: Draw, runtime: w.Runtime): Promise<Remains> {
  const { net, columns, outputs, rows, batchSize, optimizer, ending, at, seed } = drawn;
  const next = random(seed + 1e6);
  const x = Float32Array.from({ length: rows * columns }, () => 2 * next() - 1);
  const y = Int32Array.from({ length: rows }, () => Math.floor(next() * outputs));
  const model = await w.build(net, { runtime, seed });
  const controller = new AbortController();
  let steps = 0;
  let weights = model.stateDict();
  const options: w.FitOptions = {
    loss: w.softmaxCrossEntropy(),
    optimizer: ending === "notFinite" ? withRate(optimizer, (step) => (step === at ? 3e38 : 1e-3)) : optimizer,
    batchSize,
    epochs: STEPS,
    seed,
    clip: seed % 2 === 0 ? w.clipNorm(1) : undefined,
    penalty: seed % 3 === 0 ? w.l2(1e-3) : undefined,
    signal: controller.signal,
    callbacks: [
      {
        onStep() {
          steps++;
          if (ending === "dispose" && steps >= at - 1) weights = model.stateDict();
          if (steps === STEPS) return "stop";
          if (steps !== at) return;
          if (ending === "abort") controller.abort(new Error("aborted"));
          if (ending === "dispose") runtime.dispose();
        },
      },
    ],
  };
  const error = await model.fit({ x, y }, options).then(
    () => "",
    (reason: Error) => reason.name,
  );
  if (ending === "dispose") return { weights, outputs: new Float32Array(0), error };
  weights = model.stateDict();
  const { data } = model.predict(x);
  model.dispose();
  return { weights, outputs: data, error };
}

/** The same rule at another rate: one step far too long makes the next loss overflow. */
const withRate = (optimizer: w.Optimizer, rate: (step: number) => number): w.Optimizer => ({ ...optimizer, learningRate: { at: rate } });

function difference(a: Remains, b: Remains): string | undefined {
  if (a.error !== b.error) return `ended with "${a.error}" and "${b.error}"`;
  const equal = (one: Float32Array, other: Float32Array) => {
    const [left, right] = [one, other].map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length));
    // Which NaN comes out of an overflow WebAssembly leaves to the engine: in Bun its sign depends on when code was optimized.
    const isSame = (bits: number, i: number) => bits === right[i] || (Number.isNaN(one[i]) && Number.isNaN(other[i]));
    return left.length === right.length && left.every(isSame);
  };
  for (const [name, { data }] of Object.entries(a.weights)) if (!equal(data, b.weights[name].data)) return `${name} differs`;
  return equal(a.outputs, b.outputs) ? undefined : "outputs differ";
}

/** Names that errors may have, by how the run was to end; some drawn nets diverge by themselves, on one thread as on many. */
const NAMES: Record<Ending, string[]> = { end: [""], abort: ["Error"], notFinite: [""], dispose: ["OptionError"] };
const isExpected = (ending: Ending, error: string) => error === "NonFiniteError" || NAMES[ending].includes(error);

export async function stress({ runs, seed, numerics, onRun }: StressOptions): Promise<StressResult> {
  const result = { aborted: 0, notFinite: 0, disposed: 0, longestMs: 0, faults: [] as string[] };
  const kept = new Map<string, w.Runtime>();
  const runtimeFor = async (variant: "portable" | "fast", threads: number): Promise<w.Runtime> => {
    const key = `${variant} ${threads}`;
    const found = kept.get(key) ?? (await w.createRuntime({ numerics: variant, threads, share: "always" }));
    kept.set(key, found);
    return found;
  };
  for (let run = 0; run < runs; run++) {
    const drawn = draw(seed + run);
    const variant = numerics[run % numerics.length];
    onRun?.(run, drawn.text);
    const start = performance.now();
    const isLast = drawn.ending === "dispose";
    const alone = isLast ? await w.createRuntime({ numerics: variant, threads: 1 }) : await runtimeFor(variant, 1);
    const team = await runtimeFor(variant, drawn.threads);
    const want = await train(drawn, alone);
    const got = await train(drawn, team);
    if (isLast) kept.delete(`${variant} ${drawn.threads}`);
    else if (team.info.workers !== "running")
      result.faults.push(`${drawn.text}: the team is ${team.info.workers}: ${team.info.notes.join()}`);
    const fault = difference(want, got) ?? (isExpected(drawn.ending, got.error) ? undefined : `ended with "${got.error}"`);
    if (fault !== undefined) result.faults.push(`${drawn.text} (${variant}): ${fault}`);
    result.aborted += got.error === "Error" ? 1 : 0;
    result.notFinite += got.error === "NonFiniteError" ? 1 : 0;
    result.disposed += isLast ? 1 : 0;
    result.longestMs = Math.max(result.longestMs, performance.now() - start);
    // Half of the teams live on, half are made anew: starting and parting are drawn, too.
    if (!isLast && (seed + run) % 2 === 0) {
      team.dispose();
      kept.delete(`${variant} ${drawn.threads}`);
    }
  }
  for (const runtime of kept.values()) runtime.dispose();
  return result;
}
