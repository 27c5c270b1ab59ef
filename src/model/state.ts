/**
 * The memory of a model: its parameters in one region, weights first, so that an update is one pass over a few long runs.
 * Pads between parameters are zeros and stay zeros: sums over a whole run may read them.
 */
import { OptionError, WorkerError } from "../errors.ts";
import { fillOf, type InitializerSpec } from "../initializers.ts";
import type { Link, Loss } from "../losses/loss.ts";
import type { Net } from "../net.ts";
import { LINE_BYTES } from "../program/plan.ts";
import type { Region } from "../runtime/memory.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { sizeOf } from "../shape.ts";
import { fillParameter } from "./fillParameter.ts";
import { type Layout, layoutOf, type PlacedParameter } from "./layout.ts";

export interface StoredParameter {
  readonly spec: PlacedParameter;
  readonly name: string;
  readonly shape: readonly number[];
  readonly words: number;
  /** Bytes in memory, in whole lines. */
  readonly bytes: number;
  readonly address: number;
  /** Number of its random stream. */
  readonly stream: number;
  /** Weights are tensors of two or more axes: penalties and decay act on them alone. */
  readonly isWeight: boolean;
  isFrozen: boolean;
}

export class ModelState {
  readonly net: Net;
  readonly layout: Layout;
  readonly runtime: Runtime;
  readonly region: Region;
  /** Of inference programs, made when first needed. */
  readonly programRegions: Region[] = [];
  /** In the order of the net. */
  readonly parameters: readonly StoredParameter[];
  /** Changes whenever a parameter or statistic does: inference packs the weights once per version. */
  version = 0;
  /** How many runs have trained this model: each has a random stream of its own. */
  runs = 0;
  /** The link and the name of the loss that trained it. */
  link: Link | undefined;
  loss: string | undefined;
  /** What must be done to raw rows before they are given to predict: plain data, kept in the file. */
  preprocessing: unknown;
  /** Who is training the model right now. */
  busy: string | undefined;
  /** Changes whenever parameters are frozen or thawed. */
  frozenVersion = 0;
  isDisposed = false;
  /** A thread was lost within a step: what the parameters hold is not known until they are loaded again. */
  isBroken = false;

  constructor(net: Net, runtime: Runtime) {
    this.net = net;
    this.layout = layoutOf(net);
    this.runtime = runtime;
    this.region = runtime.region(this);
    this.parameters = placeParameters(this.layout, this.region);
  }

  trainedBy({ link, kind }: Loss): void {
    this.link = link;
    this.loss = kind;
  }

  checkUsable(where: string): void {
    if (this.isDisposed) throw new OptionError(`${where}: the model was disposed. Build it again, or load it from a file`);
    if (this.isBroken) throw this.brokenError(where);
    this.runtime.checkUsable(where);
  }

  brokenError(where: string): WorkerError {
    return new WorkerError(
      `${where}: a thread was lost within a training step of this model, so its weights are not known. ` +
        "Load weights with loadStateDict, or restore a checkpoint; the runtime goes on with one thread",
    );
  }

  checkFree(where: string): void {
    this.checkUsable(where);
    this.checkNotBusy(where);
  }

  checkNotBusy(where: string): void {
    if (this.busy !== undefined) throw new WorkerError(`${where}: the model is being trained by ${this.busy}. Wait until that has ended`);
  }

  /** The parameter's values, where they lie. Not to be kept across an allocation. */
  view({ address, words }: StoredParameter): Float32Array {
    const at = address >>> 2;
    return this.runtime.arena.views.f32.subarray(at, at + words);
  }

  /** All parameters and statistics, which lie in one run, pads included. Not to be kept across an allocation. */
  get values(): Float32Array {
    const from = Math.min(...this.parameters.map(({ address }) => address)) >>> 2;
    return this.runtime.arena.views.f32.subarray(from, from + this.parameters.reduce((sum, { bytes }) => sum + bytes / 4, 0));
  }

  /** Fills a parameter by its initializer, which fits its shape. */
  initialize(parameter: StoredParameter, seed: number, spec: InitializerSpec = parameter.spec.init): void {
    fillParameter(this.runtime, parameter, fillOf(spec, parameter.shape), seed);
    this.version++;
  }
}

/** Weights, other parameters, statistics: each kind one run of memory. */
function placeParameters(layout: Layout, region: Region): StoredParameter[] {
  const rank = ({ role, shape, isPlain }: PlacedParameter) => (role === "statistic" ? 2 : shape.length >= 2 && !isPlain ? 0 : 1);
  const bytesOf = (spec: PlacedParameter) => Math.ceil((sizeOf(spec.shape) * 4) / LINE_BYTES) * LINE_BYTES;
  const total = layout.parameters.reduce((sum, spec) => sum + bytesOf(spec), 0);
  let address = region.allocate(total, "the parameters");
  const addresses = new Map<PlacedParameter, number>();
  for (const kind of [0, 1, 2]) {
    for (const spec of layout.parameters) {
      if (rank(spec) !== kind) continue;
      addresses.set(spec, address);
      address += bytesOf(spec);
    }
  }
  return layout.parameters.map((spec, stream) => ({
    spec,
    name: spec.name,
    shape: spec.shape,
    words: sizeOf(spec.shape),
    bytes: bytesOf(spec),
    address: addresses.get(spec)!,
    stream: INIT_STREAM + stream,
    isWeight: rank(spec) === 0,
    isFrozen: false,
  }));
}

/** Streams of initialization lie apart from those of layers (from 0) and of data (from 0x80000000). */
const INIT_STREAM = 0x40000000;

/** Address of a control word as an index into the 4-byte views. */
export const controlWord = (control: number, offset: number): number => (control + offset) >>> 2;
