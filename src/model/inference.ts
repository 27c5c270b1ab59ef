/**
 * Inference of a model: one program over its parameters, whose panels are packed once per version of the weights.
 * A row has the same bits alone and in a batch.
 */
import * as abi from "../../assembly/abi.ts";
import type { Link } from "../losses/loss.ts";
import { type Buffer, Builder, type Mode, type Value } from "../program/builder.ts";
import { perRow } from "../program/count.ts";
import type { Region } from "../runtime/memory.ts";
import { sizeOf } from "../shape.ts";
import { writeForward } from "./layout.ts";
import { allocateControl, type LoadedProgram, loadProgram, runAgainIfLost } from "./loadProgram.ts";
import { controlWord, type ModelState } from "./state.ts";

/** Rows per run: enough to keep the tiles busy; fewer for nets so wide that a buffer would pass 16 MiB. */
const MAX_ROWS = 256;
const MAX_WORDS = 4194304;

export class Inference {
  readonly capacity: number;
  readonly inputWords: number;
  readonly outputWords: number;
  readonly #state: ModelState;
  readonly #program: LoadedProgram;
  readonly #x: number;
  readonly #y: number;
  readonly #linked: Partial<Record<Link, number>>;
  #version = -1;

  /** `mode: "sample"` keeps the dropout masks of training. */
  constructor(state: ModelState, mode: Exclude<Mode, "train">, region: Region) {
    const { layout, runtime } = state;
    this.#state = state;
    this.inputWords = sizeOf(layout.inputShape);
    this.outputWords = sizeOf(layout.outputShape);
    const widest = Math.max(this.inputWords, ...layout.allLayers.map((placed) => sizeOf(placed.outputShape)));
    this.capacity = Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_WORDS / widest)));
    const builder = new Builder(mode, this.capacity);
    const controlAddress = allocateControl(runtime, region);
    const control = builder.fixed("control", controlAddress, abi.CONTROL_BYTES / 4);
    const x: Value = { buffer: builder.buffer("x", perRow(this.inputWords)), shape: layout.inputShape, needsGradient: false };
    x.buffer.keep = true;
    const find = (name: string) => {
      const { address, words } = state.parameters.find((parameter) => parameter.name === name)!;
      return { value: builder.fixed(name, address, words), gradient: undefined };
    };
    const y = writeForward(layout, builder, x, find, control);
    y.buffer.keep = true;
    const linked = writeLinks(builder, y);
    this.#program = loadProgram(runtime, region, builder, controlAddress);
    this.#x = this.#program.addressOf(x.buffer);
    this.#y = this.#program.addressOf(y.buffer);
    this.#linked = {
      identity: this.#y,
      softmax: linked.softmax && this.#program.addressOf(linked.softmax),
      sigmoid: this.#program.addressOf(linked.sigmoid),
    };
  }

  /** Address of the outputs of the last run, [rows, output]. */
  get outputAddress(): number {
    return this.#y;
  }

  /** Runs rows [from, from + rows) of `data`; rows is at most the capacity. */
  run(data: Float32Array, from: number, rows: number, random?: { seed: number; step: number }): void {
    const { views } = this.#state.runtime.arena;
    const { control } = this.#program;
    views.f32.set(data.subarray(from * this.inputWords, (from + rows) * this.inputWords), this.#x >>> 2);
    views.u32[controlWord(control, abi.CONTROL_ROWS)] = rows;
    if (random !== undefined) {
      views.u32[controlWord(control, abi.CONTROL_SEED_LOW)] = random.seed >>> 0;
      views.u32[controlWord(control, abi.CONTROL_SEED_HIGH)] = Math.floor(random.seed / 4294967296) >>> 0;
      views.u32[controlWord(control, abi.CONTROL_STEP)] = random.step;
    }
    if (this.#version !== this.#state.version) {
      runAgainIfLost(this.#program, "prepare", "prepare");
      this.#version = this.#state.version;
    }
    runAgainIfLost(this.#program, "forward", "forward");
  }

  /** Copies the outputs of the last run, through a link, into `target` from row `at` on. */
  read(target: Float32Array, at: number, rows: number, link: Link = "identity"): void {
    if (link !== "identity") runAgainIfLost(this.#program, "link", "link");
    const from = this.#linked[link]! >>> 2;
    const { f32 } = this.#state.runtime.arena.views;
    target.set(f32.subarray(from, from + rows * this.outputWords), at * this.outputWords);
  }

  /** Puts `data` through a link alone: rows of outputs that a training program made. */
  link(data: Float32Array, rows: number, link: Link): Float32Array {
    const result = new Float32Array(data.length);
    for (let at = 0; at < rows; at += this.capacity) {
      const count = Math.min(this.capacity, rows - at);
      const { views } = this.#state.runtime.arena;
      views.f32.set(data.subarray(at * this.outputWords, (at + count) * this.outputWords), this.#y >>> 2);
      views.u32[controlWord(this.#program.control, abi.CONTROL_ROWS)] = count;
      this.read(result, at, count, link);
    }
    return result;
  }
}

/** Both links, each from y into a buffer of its own; they run only when asked for. */
function writeLinks(builder: Builder, y: Value): { softmax: Buffer | undefined; sigmoid: Buffer } {
  const words = sizeOf(y.shape);
  const sigmoid = builder.buffer("sigmoid", perRow(words));
  const softmax = y.shape.length === 1 ? builder.buffer("softmax", perRow(words)) : undefined;
  sigmoid.keep = true;
  if (softmax) softmax.keep = true;
  builder.inSpan("link", () => {
    if (softmax) builder.emit("softmax", { x: y.buffer, y: softmax }, { rows: perRow(1), cols: words });
    builder.emit("activation", { x: y.buffer, y: sigmoid }, { count: perRow(words), kind: abi.ACTIVATION_SIGMOID }, { p: 0 });
  });
  return { softmax, sigmoid };
}
