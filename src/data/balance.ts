/** Classes of different sizes: weights for the loss, or batches in which they are equal. */
import { checkCount, checkOptions } from "../check.ts";
import { DataError } from "../errors.ts";
import { checkSeed, RandomStream, STREAM_BUFFER, shuffleInto } from "../random.ts";
import { numberedGroups } from "./groups.ts";
import { labelsOf, readData, type SplitData, takeRows } from "./split.ts";

export interface ClassWeightsOptions {
  /** Number of classes. Default: the largest label and one. */
  classes?: number;
}

/**
 * rows / (classes · rows of the class): a weight per class that makes all classes count alike, for the `classWeights` of a loss.
 * A class without rows has weight 0.
 * @throws DataError for an empty set, or labels that are no integers from 0 to classes - 1.
 */
export function classWeights(labels: ArrayLike<number>, options: ClassWeightsOptions = {}): number[] {
  checkOptions("classWeights", options, ["classes"]);
  const { numbers, counts, names } = numberedGroups("classWeights: labels", labels);
  if (numbers.length === 0) throw new DataError("classWeights: labels must have at least one entry, got none");
  const { classes = Math.max(0, Math.floor(Math.max(...(names as number[]))) || 0) + 1 } = options;
  checkCount("classWeights: classes", classes);
  const weights = new Array<number>(classes).fill(0);
  names.forEach((label, k) => {
    if (!(Number.isInteger(label) && (label as number) >= 0 && (label as number) < classes)) {
      throw new DataError(
        `classWeights: labels must be integers from 0 to ${classes - 1}, got ${String(label)} at row ${numbers.indexOf(k)}`,
      );
    }
    weights[label as number] = numbers.length / (classes * counts[k]!);
  });
  return weights;
}

export interface BalancedBatchesOptions {
  /** Default 32. */
  batchSize?: number;
  /** Batches in a pass. Default: as many as hold the number of rows of the data. */
  steps?: number;
  /** Integer from 0; default 0. */
  seed?: number;
}

/**
 * Batches in which each class has as many rows as any other, within one. Rows of a class follow in random order, each once
 * before one comes again: rare classes repeat, none is left out. Each pass draws anew.
 * @param data y holds labels, one per row: numbers or texts
 * @throws OptionError for unknown options or targets that are no labels; ShapeError for x and y of different lengths.
 */
export function balancedBatches<D extends SplitData>(data: D, options: BalancedBatchesOptions = {}): Iterable<D> {
  checkOptions("balancedBatches", options, ["batchSize", "steps", "seed"]);
  const n = readData("balancedBatches", data);
  const labels = labelsOf(data.y, n);
  if (n === 0 || labels === undefined) throw new DataError("balancedBatches: y must hold labels, one per row, and at least one");
  const { batchSize = 32, steps = Math.ceil(n / batchSize), seed = 0 } = options;
  checkCount("balancedBatches: batchSize", batchSize);
  checkCount("balancedBatches: steps", steps);
  checkSeed("balancedBatches: seed", seed);
  const { numbers, counts } = numberedGroups("balancedBatches: y", labels);
  let passes = 0;
  return {
    *[Symbol.iterator]() {
      const random = new RandomStream(seed, STREAM_BUFFER, 1, passes++);
      const members = counts.map((count) => ({ rows: new Uint32Array(count), next: count }));
      const filled = counts.map(() => 0);
      numbers.forEach((c, row) => {
        members[c]!.rows[filled[c]!++] = row;
      });
      const order = Uint32Array.from(counts.keys()); // of the classes
      for (let step = 0; step < steps; step++) {
        const rows = new Uint32Array(batchSize);
        let turn = order.length;
        for (let i = 0; i < batchSize; i++) {
          if (turn === order.length) {
            shuffleInto(order, random);
            turn = 0;
          }
          const own = members[order[turn++]!]!;
          if (own.next === own.rows.length) {
            shuffleInto(own.rows, random);
            own.next = 0;
          }
          rows[i] = own.rows[own.next++]!;
        }
        shuffleInto(rows, random);
        const { x, y, weights } = data;
        const batch = { ...data, x: takeRows(x, n, rows), y: takeRows(y, n, rows) };
        yield weights === undefined ? batch : { ...batch, weights: takeRows(weights, n, rows) };
      }
    },
  };
}
