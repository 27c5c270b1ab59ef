/** A table encoder and transforms after it, as one: raw tables in, the inputs of a net out, and back. */
import type { Tensor } from "../tensor.ts";
import type { Pipeline, PipelineJSON } from "./pipeline.ts";
import type { TableEncoder, TableEncoderJSON, TableTransform } from "./tableEncoder.ts";

export interface TablePipelineJSON {
  readonly type: "tablePipeline";
  readonly encoder: TableEncoderJSON;
  readonly steps: PipelineJSON;
}

export interface TablePipeline extends TableTransform {
  toJSON(): TablePipelineJSON;
}

export function makeTablePipeline(encoder: TableEncoder, steps: Pipeline): TablePipeline {
  return {
    get columns() {
      return encoder.columns;
    },
    get kinds() {
      return encoder.kinds;
    },
    get outputs() {
      return steps.rule.outputs;
    },
    fit(table) {
      steps.fit(encoder.fit(table).transform(table));
      return this;
    },
    transform: (table): Tensor => steps.transform(encoder.transform(table)),
    fitTransform(table) {
      return this.fit(table).transform(table);
    },
    inverse: (x) => encoder.inverse(steps.inverse(x)),
    toJSON: () => ({ type: "tablePipeline", encoder: encoder.toJSON(), steps: steps.toJSON() }),
  };
}
