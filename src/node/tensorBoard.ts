/** A run as TensorBoard shows it: `tensorboard --logdir FOLDER`. */
import { appendFile, mkdir, open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Callback, TrainingState } from "../callbacks/callback.ts";
import { checkCount, checkOptions, fail } from "../check.ts";
import { frame, scalarEvent, versionEvent } from "./eventFile.ts";

export interface TensorBoardOptions {
  /** Steps from one to the next at which the loss of the epoch so far and the rate are shown, under "step/". Default 0: never. */
  everySteps?: number;
  /** Milliseconds since 1970; default Date.now. */
  clock?: () => number;
}

/** Events of steps wait for so many, or for the end of their epoch: a write for each would cost more than the step. */
const MOST_WAITING = 1000;

/**
 * Writes an event file of its own for each fit into `folder`, which is made where it is missing. At the end of each epoch, at its number:
 * loss, valLoss, metrics as the history names them, learningRate. Give each run a folder of its own below the one that TensorBoard
 * is shown. A resumed run goes on at its epoch and step: in the same folder its file is shown as part of one run.
 * @throws OptionError for unknown options or values out of range; (in fit) what the file system throws.
 */
export function tensorBoard(folder: string, options: TensorBoardOptions = {}): Callback {
  const where = "tensorBoard";
  if (typeof folder !== "string" || folder === "") fail(`${where}: folder`, "a text", folder);
  checkOptions(where, options, ["everySteps", "clock"]);
  const { everySteps = 0, clock = Date.now } = options;
  checkCount(`${where}: everySteps`, everySteps, 0);
  let path = "";
  let waiting: Uint8Array[] = [];
  const add = (step: number, values: Record<string, number>) => waiting.push(frame(scalarEvent(clock() / 1000, step, values)));
  const write = async () => {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    if (bytes.length > 0) await appendFile(path, bytes);
  };
  const onStep = ({ step, loss, learningRate }: TrainingState) => {
    if (step % everySteps !== 0) return undefined;
    add(step, { "step/loss": loss, "step/learningRate": learningRate });
    return waiting.length >= MOST_WAITING ? write() : undefined;
  };
  return {
    async onStart() {
      await mkdir(folder, { recursive: true });
      path = await newFile(folder, clock());
      waiting = [frame(versionEvent(clock() / 1000))];
      await write();
    },
    ...(everySteps > 0 && { onStep }),
    async onEpoch({ epoch, loss, valLoss, metrics, learningRate }) {
      add(epoch, { loss, ...(valLoss !== undefined && { valLoss }), ...metrics, learningRate });
      await write();
    },
    onEnd: write,
  };
}

/** TensorBoard reads files whose names hold "tfevents", in the order of the seconds in them. */
async function newFile(folder: string, milliseconds: number): Promise<string> {
  const start = join(
    folder,
    `events.out.tfevents.${String(Math.floor(milliseconds / 1000)).padStart(10, "0")}.${hostname()}.${process.pid}`,
  );
  for (let attempt = 0; ; attempt++) {
    try {
      const path = `${start}.${attempt}`;
      await (await open(path, "wx")).close();
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
