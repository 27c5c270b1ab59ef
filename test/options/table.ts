/**
 * The table of options: a row for every option that an exported function takes, with two settings between which something must
 * differ. Adding an option: `tsc` names the function and the option that lacks a row; give it two settings in the file of its
 * family ([a, b], or { effect: [a, b], with, see } where the entry's own scene does not show it), then npm run options:table.
 */
import { callbacks } from "./callbacks.ts";
import { data, pipelines } from "./data.ts";
import { layers } from "./layers.ts";
import { losses } from "./losses.ts";
import { metrics } from "./metrics.ts";
import { node } from "./node.ts";
import { optimizers } from "./optimizers.ts";
import { ensembles, models, training } from "./training.ts";
import type { Table } from "./types.ts";

export const table: Table = {
  whetstone: { ...layers, ...optimizers, ...losses, ...callbacks, ...training },
  "whetstone/data": data,
  "whetstone/metrics": metrics,
  "whetstone/node": node,
  model: models,
  modelPipeline: pipelines,
  ensemble: ensembles,
};
