/** The same kernels that train models for Float32Array, float64 loops for Float64Array. */
import * as abi from "../../assembly/abi.ts";
import { checkCount, checkNotNegative, checkOptions, fail, show } from "../check.ts";
import { DataError, OptionError } from "../errors.ts";
import type { MinimizeOptions, Minimum, Objective } from "../minimize.ts";
import { allocateControl, type LoadedProgram, loadProgram } from "../model/loadProgram.ts";
import { LEAST_NORMAL, type Optimizer, rateAt } from "../optimizers/optimizer.ts";
import { isSecondOrder, largest, type SecondOrder } from "../optimizers/secondOrder.ts";
import { type Buffer, Builder } from "../program/builder.ts";
import type { OpName } from "../program/ops.ts";
import { defaultRuntime } from "../runtime/createRuntime.ts";
import type { Region } from "../runtime/memory.ts";
import { Runtime } from "../runtime/runtime.ts";
import { checkFinite } from "./checkFinite.ts";
import { searchByCurvature } from "./searchByCurvature.ts";

/** One step of a rule on its own copy of x. */
interface Stepper<V> {
  readonly x: V;
  step(gradient: V, step: number): void;
  read(): V;
  end(): void;
}

/** See minimize.ts. */
export async function searchMinimum<V extends Float32Array | Float64Array>(
  f: Objective<V>,
  x0: V,
  optimizer: Optimizer | SecondOrder,
  options: MinimizeOptions<V>,
): Promise<Minimum<V>> {
  checkArguments(f, x0, optimizer, options);
  const { steps = 1000, tolerance = 0, onStep, runtime } = options;
  if (isSecondOrder(optimizer)) return searchByCurvature(f, x0, optimizer, { steps, tolerance, onStep });
  const stepper = x0 instanceof Float64Array ? loops(x0, optimizer) : kernels(runtime ?? (await defaultRuntime()), x0, optimizer);
  const rule = stepper as unknown as Stepper<V>;
  try {
    return search(f, rule, { steps, tolerance, onStep });
  } finally {
    rule.end();
  }
}

function search<V extends Float32Array | Float64Array>(
  f: Objective<V>,
  rule: Stepper<V>,
  { steps, tolerance, onStep }: { steps: number; tolerance: number; onStep: MinimizeOptions<V>["onStep"] },
): Minimum<V> {
  const gradient = rule.x.slice() as V;
  let value = Number.NaN;
  for (let step = 0; step < steps; step++) {
    gradient.fill(0);
    value = f(rule.x, gradient);
    checkFinite(value, gradient, step);
    if (tolerance > 0 && largest(gradient) <= tolerance)
      return { x: rule.read(), value, steps: step, evaluations: step + 1, converged: true };
    rule.step(gradient, step);
    onStep?.({ step, x: rule.read(), value });
  }
  return { x: rule.read(), value, steps, evaluations: steps, converged: false };
}

function checkArguments<V extends Float32Array | Float64Array>(f: unknown, x0: V, optimizer: unknown, options: MinimizeOptions<V>): void {
  if (typeof f !== "function") fail("minimize: f", "a function (x, gradient) => value", f);
  if (!(x0 instanceof Float32Array || x0 instanceof Float64Array)) {
    throw new DataError(`minimize: x0 must be a Float32Array (wasm kernels) or a Float64Array (float64 loops), got ${show(x0)}`);
  }
  const bad = (x0 as Float64Array).findIndex((entry) => !Number.isFinite(entry));
  if (bad >= 0) throw new DataError(`minimize: x0 must hold finite numbers, got ${x0[bad]} at ${bad}`);
  const isFirstOrder = typeof optimizer === "object" && optimizer !== null && typeof (optimizer as Optimizer).update64 === "function";
  if (!isFirstOrder && !isSecondOrder(optimizer)) {
    throw new OptionError(`minimize: optimizer must be an optimizer such as adam(), got ${show(optimizer)}`);
  }
  checkOptions("minimize", options, ["steps", "tolerance", "onStep", "runtime"]);
  const { steps = 1000, tolerance = 0, onStep, runtime } = options;
  checkCount("minimize: steps", steps, 0);
  checkNotNegative("minimize: tolerance", tolerance);
  if (onStep !== undefined && typeof onStep !== "function") fail("minimize: onStep", "a function", onStep);
  if (runtime !== undefined && !(runtime instanceof Runtime)) fail("minimize: runtime", "what createRuntime returns", runtime);
}

function loops(x0: Float64Array, optimizer: Optimizer): Stepper<Float64Array> {
  const x = x0.slice();
  const slots = optimizer.slots.map((initial) => new Float64Array(x.length).fill(initial));
  return {
    x,
    step: (gradient, step) => optimizer.update64(x, gradient, slots, step, rateAt(optimizer.learningRate, step)),
    read: () => x.slice(),
    end: () => {},
  };
}

/** A program of one op over x, its gradient and slots in linear memory. f sees a copy of x, never the arena. */
function kernels(runtime: Runtime, x0: Float32Array, optimizer: Optimizer): Stepper<Float32Array> {
  const region = runtime.region();
  const { program, w, g, scalars } = loadUpdate(runtime, region, x0.length, optimizer);
  const x = x0.slice();
  runtime.arena.views.f32.set(x0, w >>> 2);
  const write = (offset: number, value: number) => {
    runtime.arena.views.f32[(scalars + offset) >>> 2] = value;
  };
  write(abi.UPDATE_LIMIT, Infinity);
  write(abi.UPDATE_LEAST, LEAST_NORMAL);
  return {
    x,
    step(gradient, step) {
      const { f32 } = runtime.arena.views;
      f32.set(gradient, g >>> 2);
      optimizer.writeScalars(step, rateAt(optimizer.learningRate, step), true, write);
      program.run("update", "update");
      x.set(f32.subarray(w >>> 2, (w >>> 2) + x.length));
    },
    read: () => x.slice(),
    end: () => region.free(),
  };
}

function loadUpdate(
  runtime: Runtime,
  region: Region,
  length: number,
  optimizer: Optimizer,
): { program: LoadedProgram; w: number; g: number; scalars: number } {
  const words = Math.ceil(length / 16) * 16;
  const builder = new Builder("train", 1);
  const controlAddress = allocateControl(runtime, region);
  const place = (name: string): Buffer => builder.fixed(name, region.allocate(words * 4, `minimize: ${name}`), words);
  const w = place("x");
  const g = place("gradient");
  const scalars = builder.fixed("scalars", region.allocate(abi.UPDATE_BYTES, "scalars"), abi.UPDATE_BYTES / 4);
  const operands: Record<string, Buffer> = { w, g, scalars, control: builder.fixed("control", controlAddress, abi.CONTROL_BYTES / 4) };
  optimizer.slots.forEach((initial, k) => {
    const slot = place(`slot ${k}`);
    runtime.arena.views.f32.fill(initial, slot.address! >>> 2, (slot.address! >>> 2) + words);
    operands["mvu"[k]!] = slot;
  });
  builder.inSpan("update", () => builder.emit(optimizer.op as OpName, operands, { count: words }));
  return { program: loadProgram(runtime, region, builder, controlAddress), w: w.address!, g: g.address!, scalars: scalars.address! };
}
