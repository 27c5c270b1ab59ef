/** The line that progressBar shows: which parts, in what form, and what goes first where the terminal is narrow. */

export interface Progress {
  /** Epochs and steps begun, from 1; all that were asked for. */
  readonly epoch: number;
  readonly epochs: number;
  /** Share of the epoch that is done, 0 to 1; undefined for no bar. */
  readonly share: number | undefined;
  /** Undefined before there is one. */
  readonly stepsPerSecond: number | undefined;
  /** "12s left", "took 3s", or nothing. */
  readonly time: string;
  /** Loss first, then what was measured after the last epoch. */
  readonly values: readonly (readonly [name: string, value: number])[];
}

const MIN_BAR = 6;
const MAX_BAR = 24;

/**
 * One line of at most `columns` characters. Where room is short, loss and valLoss come first, then time, rate and the metrics
 * in their order; the bar takes what is left.
 */
export function progressText(progress: Progress, columns: number): string {
  const { epochs, epoch, share, stepsPerSecond, time } = progress;
  const head = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
  const rate = stepsPerSecond === undefined ? "" : `${formatRate(stepsPerSecond)} steps/s`;
  const values = progress.values.map(([name, value]) => `${name} ${formatValue(value)}`);
  const granted = new Set<string>();
  let room = columns - head.length;
  for (const part of [...values.slice(0, 2), time, rate, ...values.slice(2)]) {
    if (part === "" || part.length + 2 > room) continue;
    granted.add(part);
    room -= part.length + 2;
  }
  const width = Math.min(MAX_BAR, room - 4); // two spaces and two brackets
  const parts = [head, share !== undefined && width >= MIN_BAR ? bar(share, width) : "", rate, time, ...values];
  return parts
    .filter((part, i) => (i < 2 ? part !== "" : granted.has(part)))
    .join("  ")
    .slice(0, Math.max(0, columns));
}

function bar(share: number, width: number): string {
  const filled = Math.min(width, Math.max(0, Math.round(share * width)));
  return `[${"=".repeat(filled)}${" ".repeat(width - filled)}]`;
}

/** Four significant digits: 0.01234, 12.34, 1.234e-7. */
export function formatValue(value: number): string {
  const size = Math.abs(value);
  return size >= 1e4 && size < 1e7 ? value.toFixed(0) : value.toPrecision(4);
}

/** "0.52", "12.5", "340", "12,300": three significant digits. */
export function formatRate(perSecond: number): string {
  if (!(perSecond < 1e15)) return "-";
  if (perSecond < 100) return perSecond.toPrecision(3).slice(0, 4);
  const digits = String(Number(perSecond.toPrecision(3)));
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "0.4s", "12s", "3m 05s", "2h 10m". */
export function formatSeconds(seconds: number): string {
  if (!(seconds < 360000)) return "-";
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}
