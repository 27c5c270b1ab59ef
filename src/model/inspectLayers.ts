/**
 * What passes through each layer in a step: the batch in place runs again, forward and backward, in a program that keeps every
 * value and has control block and gradients of its own. Of the run and the model nothing changes.
 */
import * as abi from "../../assembly/abi.ts";
import type { LayerValues } from "../callbacks/callback.ts";
import { OptionError } from "../errors.ts";
import type { Buffer, Value } from "../program/builder.ts";
import { countAt } from "../program/count.ts";
import type { PlacedBatch } from "./batchPlaces.ts";
import { callLoss } from "./callLoss.ts";
import { isTrainable } from "./isTrainable.ts";
import type { PlacedLayer } from "./layout.ts";
import { allocateControl, loadProgram, runAgainIfLost } from "./loadProgram.ts";
import { controlWord } from "./state.ts";
import type { Training } from "./training.ts";
import { type TrainingSpec, writeTrainingProgram } from "./trainingProgram.ts";

export function inspectLayers(training: Training, { rows, targetKind, isWeighted }: Readonly<PlacedBatch>): LayerValues[] {
  if (rows === 0) throw new OptionError("fit: run.layers() needs the batch of a step: call it in onStep, onEpoch or onEnd");
  const { state, control } = training;
  const { runtime } = state;
  const region = runtime.region();
  try {
    const parameters = state.parameters.filter(isTrainable);
    const gradients = new Map(parameters.map(({ name, bytes }) => [name, region.allocate(bytes, "gradients")]));
    const own = allocateControl(runtime, region);
    const outputs = new Map<PlacedLayer, Value>();
    const spec: TrainingSpec = {
      ...training.specOf(targetKind, isWeighted),
      control: own,
      gradients,
      update: undefined,
      visit: (placed, output) => void outputs.set(placed, output),
    };
    const { builder, output } = writeTrainingProgram(spec);
    for (const value of outputs.values()) {
      value.buffer.keep = true;
      const gradient = builder.gradientOf(value);
      if (gradient) gradient.keep = true;
    }
    const program = loadProgram(runtime, region, builder, own, { reuse: false });
    const { u8, u32, f32 } = runtime.arena.views;
    u8.copyWithin(own, control, control + abi.CONTROL_BYTES);
    runAgainIfLost(program, u32[controlWord(own, abi.CONTROL_INDICES)] === 0 ? "forward" : "gather", "forward");
    callLoss(spec, program.addressOf(output.buffer), rows);
    runAgainIfLost(program, "backward", "backward");
    const read = (address: number, words: number) => f32.slice(address >>> 2, (address >>> 2) + words);
    const readBuffer = (buffer: Buffer) => read(program.addressOf(buffer), countAt(buffer.words, rows));
    return [...outputs].map(([placed, value]) => {
      const gradient = builder.gradientOf(value);
      return {
        name: placed.path,
        kind: placed.layer.kind,
        output: readBuffer(value.buffer),
        outputGradient: gradient && readBuffer(gradient),
        gradients: Object.fromEntries(
          parameters.filter(({ spec }) => spec.layer === placed).map(({ name, words }) => [name, read(gradients.get(name)!, words)]),
        ),
      };
    });
  } finally {
    region.free();
  }
}
