/** Transforms one after the other, as one transform. */
import { fail } from "../check.ts";
import { OptionError } from "../errors.ts";
import type { TableEncoder } from "./tableEncoder.ts";
import { makeTablePipeline, type TablePipeline } from "./tablePipeline.ts";
import { applyTo, type Encoder, type Transform, type TransformJSON, type TransformRule, transformOf } from "./transform.ts";

export interface PipelineJSON {
  readonly type: "pipeline";
  readonly steps: readonly TransformJSON[];
}

export interface Pipeline extends Encoder {
  toJSON(): PipelineJSON;
}

/**
 * Each step is fitted on what the steps before it make of the training rows; between steps rows are float64. The inverse
 * goes the other way. Results are rows [rows, columns]. A tableEncoder may come first: the whole then takes tables.
 * @throws OptionError for what is no transform; its methods as those of the steps.
 */
export function pipeline(encoder: TableEncoder, ...steps: readonly [Transform, ...Transform[]]): TablePipeline;
export function pipeline(...steps: readonly Transform[]): Pipeline;
export function pipeline(...steps: readonly (TableEncoder | Transform)[]): TablePipeline | Pipeline {
  const [first, ...rest] = steps;
  const isTable = typeof first === "object" && first !== null && "kinds" in first && rest.length > 0;
  return isTable ? makeTablePipeline(first, chain(rest as Transform[])) : chain(steps as readonly Transform[]);
}

function chain(steps: readonly Transform[]): Pipeline {
  if (steps.length === 0) fail("pipeline: the steps", "at least one transform", undefined);
  steps.forEach((step, i) => checkTransform(`pipeline: step ${i}`, step));
  if (new Set(steps).size < steps.length) throw new OptionError("pipeline: a transform must stand in it once, got one twice. Make two");
  return transformOf(ruleOf(steps.map(({ rule }) => rule))) as Pipeline;
}

export function checkTransform(where: string, value: Transform): void {
  if (typeof value === "object" && value !== null && typeof value.rule?.apply === "function") return;
  const slip = typeof value === "function" ? "Call it: standardScaler()" : "";
  fail(where, "a transform such as standardScaler()", value, slip);
}

function ruleOf(rules: readonly TransformRule[]): TransformRule {
  const [first, last] = [rules[0]!, rules.at(-1)!];
  const toJSON = (): PipelineJSON => ({ type: "pipeline", steps: rules.map((rule) => rule.toJSON()) });
  const rule: TransformRule = {
    type: "pipeline",
    keepsColumns: false,
    takesMissing: first.takesMissing,
    get inputs() {
      return first.inputs;
    },
    get outputs() {
      return last.outputs;
    },
    fit(x, where) {
      let rows = x;
      rules.forEach((step, i) => {
        step.fit(rows, `${where}: step ${i}, ${step.type}`);
        if (step !== last) rows = applyTo(step, rows);
      });
    },
    apply(x, at, y, to) {
      let row = x;
      let from = at;
      for (const step of rules) {
        const next = step === last ? y : new Float64Array(step.outputs);
        step.apply(row, from, next, step === last ? to : 0);
        row = next;
        from = 0;
      }
    },
    toJSON,
  };
  if (rules.some(({ invert }) => invert === undefined)) return rule;
  rule.invert = (y, at, x, to) => {
    let row = y;
    let from = at;
    for (const step of [...rules].reverse()) {
      const next = step === first ? x : new Float64Array(step.inputs);
      step.invert!(row, from, next, step === first ? to : 0);
      row = next;
      from = 0;
    }
  };
  return rule;
}
