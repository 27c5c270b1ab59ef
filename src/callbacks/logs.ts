/** Lines of text for every epoch, for whatever keeps lines: a file, a response, an array. */
import { fail } from "../check.ts";
import type { Callback, TrainingState } from "./callback.ts";

/** Takes a line, with its line end. Training waits for what it returns. */
export type WriteLine = (line: string) => void | Promise<void>;

/**
 * CSV with a line of names, then a line per epoch: epoch (from 0), loss, valLoss and metrics where there are, learningRate,
 * seconds.
 */
export function csvLog(write: WriteLine): Callback {
  checkWrite("csvLog", write);
  return {
    async onEpoch(state) {
      const values = valuesOf(state);
      if (state.epoch === 0) await write(`${Object.keys(values).map(quoted).join(",")}\n`);
      await write(`${Object.values(values).join(",")}\n`);
    },
  };
}

/** One JSON object per line and epoch, with the values of csvLog; NaN and infinities are strings, which JSON has no numbers for. */
export function jsonLog(write: WriteLine): Callback {
  checkWrite("jsonLog", write);
  return {
    async onEpoch(state) {
      const plain = Object.entries(valuesOf(state)).map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)]);
      await write(`${JSON.stringify(Object.fromEntries(plain))}\n`);
    },
  };
}

function checkWrite(where: string, write: WriteLine): void {
  if (typeof write !== "function") fail(`${where}: write`, "a function that takes a line", write);
}

function valuesOf({ epoch, loss, valLoss, metrics, learningRate, seconds }: TrainingState): Record<string, number> {
  return { epoch, loss, ...(valLoss === undefined ? {} : { valLoss }), ...metrics, learningRate, seconds };
}

const quoted = (name: string): string => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
