/** Branches side by side on the same input, joined at the end. */
import { checkOneOf, checkOptions, fail } from "../check.ts";
import type { Layer } from "./layer.ts";
import { checkLayers } from "./residual.ts";

export interface ParallelOptions {
  /** "concat": side by side along the last axis. "add": their sum, all of one shape. Default "concat". */
  join?: "concat" | "add";
}

export interface ParallelLayer extends Layer, ParallelOptions {
  readonly kind: "parallel";
  readonly branches: readonly (Layer | readonly Layer[])[];
}

/**
 * Each branch, a layer or a list of layers (an empty one hands x on), takes the same input; their outputs are joined. Names: a layer
 * that is branch 1 of a parallel at 3 is "3.1", the layers of a list "3.1.0", "3.1.1", ...
 * @throws OptionError for unknown options and no branches; build throws a ShapeError if the outputs can't be joined.
 */
export function parallel(branches: readonly (Layer | readonly Layer[])[], options: ParallelOptions = {}): ParallelLayer {
  checkOptions("parallel", options, ["join"]);
  const layer: ParallelLayer = { kind: "parallel", branches, ...options };
  checkParallel(layer, "parallel");
  return layer;
}

export function checkParallel({ kind: _, branches, join = "concat", ...rest }: ParallelLayer, where: string): void {
  checkOptions(where, rest, ["branches", "join"]);
  if (!Array.isArray(branches) || branches.length === 0) fail(`${where}: branches`, "a list of branches, one at least", branches);
  branches.forEach((branch: Layer | readonly Layer[], i) => {
    if (!Array.isArray(branch) || branch.length > 0) checkLayers(`${where}: branches[${i}]`, Array.isArray(branch) ? branch : [branch]);
  });
  checkOneOf(`${where}: join`, join, ["concat", "add"]);
}
