/** What a callback of fit is, and what it is told. */
import type { History } from "../model/history.ts";

/** Plain data about a run. The object is reused between calls: copy what must be kept. */
export interface TrainingState {
  /** Number of the epoch, from 0, and how many were asked for. */
  epoch: number;
  epochs: number;
  /** Steps taken in the run so far, steps taken in this epoch, steps that an epoch has. */
  step: number;
  stepInEpoch: number;
  stepsPerEpoch: number;
  /** Rows seen in this epoch. */
  rows: number;
  /** Mean loss over the rows of this epoch so far; the whole epoch's in onEpoch. */
  loss: number;
  /** After an epoch, where there is validation data. */
  valLoss: number | undefined;
  /** After an epoch: the metrics of fit by name, those of validation with "val" before it: { accuracy, valAccuracy }. */
  metrics: Record<string, number>;
  /** Learning rate of the last step. */
  learningRate: number;
  /** Since the run began. */
  seconds: number;
  /** What has been recorded so far. */
  history: History;
}

/** Changes to a run that goes on. */
export interface RunChange {
  /**
   * All later steps have their learning rate (a number's or a schedule's) times this, a finite number, 0 or above. Factors
   * multiply: each change acts on the rate as it is then.
   */
  learningRateFactor: number;
}

/** "stop" ends the run after this step or epoch, as if it had been the last. */
export type CallbackResult = "stop" | RunChange | undefined;

/** What a callback may ask of the run beside its state, which is plain data. Only while the hook runs. */
export interface RunAccess {
  /**
   * The run as it is now: bytes that fit takes as `resume`, and load() as a model. `weightsOnly`: those that model.save() would
   * give, of the model alone.
   */
  save(options?: { weightsOnly?: boolean }): Uint8Array;
  /** Copies of the parameters by name, running statistics among them. */
  parameters(): Record<string, Float32Array>;
  /**
   * What passes through each layer when the last step's batch runs again at the parameters as they are, with the masks it had:
   * copies. Nothing else changes.
   */
  layers(): LayerValues[];
}

export interface LayerValues {
  /** "3", within a layer "3.0": parameters have their names from it. */
  readonly name: string;
  readonly kind: string;
  /** [rows, ...output of the layer]. */
  readonly output: Float32Array;
  /** Of the loss by this output; undefined where no step needs it. */
  readonly outputGradient: Float32Array | undefined;
  /** Of the loss, without penalties, by each of its parameters that are trained. */
  readonly gradients: Record<string, Float32Array>;
}

/** After each step, by the factor `decay`; or after each epoch from `start` on, all alike. */
export type AverageSpec = { readonly decay: number } | { readonly start: number };

type Hook = (state: TrainingState, run: RunAccess) => CallbackResult | void | Promise<CallbackResult | void>;

export interface Callback {
  /** Before the first step. */
  onStart?: Hook;
  /** After each step. */
  onStep?: Hook;
  /** After each epoch and its validation. */
  onEpoch?: Hook;
  /** After the last epoch, also when the run was stopped, aborted or failed. */
  onEnd?: Hook;
  /**
   * The value it watches ("valLoss"). fit checks that such a value exists, keeps the weights of `bestEpoch`, and ends with
   * them however the run ends.
   */
  readonly monitor?: string;
  /** Number of the best epoch so far; undefined before the first. */
  readonly bestEpoch?: number | undefined;
  /** fit averages the weights so; see ema and swa. */
  readonly average?: AverageSpec;
  /** Name of what made it, "earlyStopping": a resumed run finds it again by this, among equals by their order. */
  readonly kind?: string;
  /** What it must know when the run is resumed: plain data as JSON has it, and NaN and infinities. Undefined if nothing. */
  save?(): unknown;
  /** Takes over what save gave. A resumed run calls it after onStart. @throws FormatError for what save never gives. */
  load?(saved: unknown): void;
}
