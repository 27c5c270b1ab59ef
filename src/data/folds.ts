/**
 * Cross-validation: rows divided into folds, each of which is the test part once. Only row numbers: what is done with them
 * is the caller's business.
 */
import { checkBoolean, checkCount, checkOptions, fail } from "../check.ts";
import { DataError, OptionError } from "../errors.ts";
import { checkSeed, RandomStream, STREAM_FOLDS, shuffleInto } from "../random.ts";
import { numberedGroups } from "./groups.ts";

export interface Fold {
  /** Row numbers, rising: those of the fold, and all others (made anew at each access). */
  readonly test: Uint32Array;
  readonly train: Uint32Array;
}

export interface FoldOptions {
  /** Default 10. */
  folds?: number;
  /** Default true: data often comes sorted by class. */
  shuffle?: boolean;
  /** Integer from 0; default 0. The same seed gives the same folds on every machine. */
  seed?: number;
  /** Divide this many times, each time in another order; default 1. Needs shuffle. */
  repeats?: number;
}

/**
 * Rows 0..n-1 in folds whose sizes differ by one at most.
 * @throws OptionError for unknown options, fewer than 2 folds or more than rows.
 */
export function kFold(n: number, options: FoldOptions = {}): Fold[] {
  checkCount("kFold: n", n, 0);
  return divided("kFold", n, options, (order, folds) => {
    // The first n % folds folds have one row more, as in scikit-learn
    const ends = Array.from({ length: folds + 1 }, (_, k) => k * Math.floor(n / folds) + Math.min(k, n % folds));
    return Array.from({ length: folds }, (_, k) => order.slice(ends[k], ends[k + 1]));
  });
}

/**
 * Rows in folds of which each has every class in its share: the rows of a class in two folds differ by one at most, and so do
 * the sizes of the folds.
 * @param labels one per row: numbers or texts
 * @throws as kFold; DataError if every class has fewer rows than there are folds.
 */
export function stratifiedKFold(labels: ArrayLike<unknown>, options: FoldOptions = {}): Fold[] {
  const { numbers, counts } = numberedGroups("stratifiedKFold: labels", labels);
  return divided("stratifiedKFold", labels.length, options, (order, folds) => {
    const most = Math.max(...counts);
    if (most < folds) {
      throw new DataError(
        `stratifiedKFold: a class must have at least ${folds} rows, one per fold, got ${most} in the largest. Lower folds`,
      );
    }
    // Row after row of class after class goes to the next fold: both kinds of sizes differ by one at most
    const parts: number[][] = Array.from({ length: folds }, () => []);
    const starts = counts.map((_, c) => counts.slice(0, c).reduce((sum, count) => sum + count, 0));
    const seen = counts.map(() => 0);
    for (const row of order) {
      const c = numbers[row]!;
      parts[(starts[c]! + seen[c]!++) % folds]!.push(row);
    }
    return parts.map((part) => Uint32Array.from(part));
  });
}

/**
 * Rows in folds such that no group is in two: the largest group first, each to the fold with the fewest rows.
 * @param groups one per row: numbers or texts
 * @throws OptionError for unknown options; DataError for fewer groups than folds.
 */
export function groupKFold(groups: ArrayLike<unknown>, options: Pick<FoldOptions, "folds"> = {}): Fold[] {
  checkOptions("groupKFold", options, ["folds"]);
  const { folds = 10 } = options;
  checkCount("groupKFold: folds", folds, 2);
  const { numbers, counts } = numberedGroups("groupKFold: groups", groups);
  if (counts.length < folds) {
    throw new DataError(`groupKFold: there must be at least ${folds} groups, one per fold, got ${counts.length}. Lower folds`);
  }
  const sizes = new Array<number>(folds).fill(0);
  const foldOf = new Uint32Array(counts.length);
  const order = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]! || a - b);
  for (const group of order) {
    const fold = sizes.indexOf(Math.min(...sizes));
    foldOf[group] = fold;
    sizes[fold]! += counts[group]!;
  }
  const parts: number[][] = sizes.map(() => []);
  numbers.forEach((group, row) => parts[foldOf[group]!]!.push(row));
  return parts.map((part) => foldFrom(Uint32Array.from(part), groups.length));
}

/** Each row is the test part once. @throws OptionError for fewer than 2 rows. */
export function leaveOneOut(n: number): Fold[] {
  checkCount("leaveOneOut: n", n, 2);
  return Array.from({ length: n }, (_, row) => foldFrom(Uint32Array.of(row), n));
}

function divided(where: string, n: number, options: FoldOptions, divide: (order: Uint32Array, folds: number) => Uint32Array[]): Fold[] {
  checkOptions(where, options, ["folds", "shuffle", "seed", "repeats"]);
  const { folds = 10, shuffle = true, seed = 0, repeats = 1 } = options;
  checkCount(`${where}: folds`, folds, 2);
  checkBoolean(`${where}: shuffle`, shuffle);
  checkSeed(`${where}: seed`, seed);
  checkCount(`${where}: repeats`, repeats);
  if (repeats > 1 && !shuffle) throw new OptionError(`${where}: repeats must be 1 without shuffle, got ${repeats}: all would be the same`);
  if (folds > n) fail(`${where}: folds`, `at most the ${n} rows there are`, folds);
  return Array.from({ length: repeats }, (_, repeat) => {
    const order = Uint32Array.from({ length: n }, (_, row) => row);
    if (shuffle) shuffleInto(order, new RandomStream(seed, STREAM_FOLDS, repeat));
    return divide(order, folds).map((test) => foldFrom(test.sort(), n));
  }).flat();
}

/** `train` is made when asked for: all those of leaveOneOut together would be n² numbers. */
function foldFrom(test: Uint32Array, n: number): Fold {
  return {
    test,
    get train() {
      const train = new Uint32Array(n - test.length);
      let next = 0;
      let filled = 0;
      for (let row = 0; row < n; row++) {
        if (test[next] === row) next++;
        else train[filled++] = row;
      }
      return train;
    },
  };
}
