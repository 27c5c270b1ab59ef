/** Scores against the number of training rows: whether more data would help. */
import { fail } from "../check.ts";
import { permutation, RandomStream, STREAM_FOLDS } from "../random.ts";
import { type Judgement, type JudgeOptions, judge, labelsIn, prepareJob } from "./judge.ts";
import type { JudgedData, Recipe } from "./recipe.ts";

export interface LearningCurveOptions extends JudgeOptions {
  /** Shares of a fold's training rows up to 1, or counts from 2. Default [0.1, 0.325, 0.55, 0.775, 1], as scikit-learn. */
  sizes?: readonly number[];
  /** Default 5 folds, as in scikit-learn. */
  folds?: JudgeOptions["folds"];
}

export interface LearningPoint extends Judgement {
  /** Training rows. */
  readonly size: number;
}

export interface LearningCurve {
  /** One per size, in the order of `sizes`; sizes that round to the same number of rows are one. */
  readonly points: readonly LearningPoint[];
}

/**
 * Trains on ever more of the training rows of each fold and scores on all of its test rows. A smaller training set is part of
 * a larger one; rows are chosen by the seed, labels in their shares.
 * @throws as crossValidate, but for NonFiniteError, which a point holds; OptionError for a size that is larger than the smallest training part.
 */
export async function learningCurve(
  data: JudgedData,
  recipe: Recipe<undefined>,
  options: LearningCurveOptions = {},
): Promise<LearningCurve> {
  const where = "learningCurve";
  const { sizes = [0.1, 0.325, 0.55, 0.775, 1] } = options ?? {};
  if (!Array.isArray(sizes) || sizes.length === 0) fail(`${where}: sizes`, "a list of one size or more", sizes);
  const job = prepareJob(where, data, recipe, options, ["sizes"], 5, 1);
  const least = Math.min(...job.folds.map(({ train }) => train.length));
  const counts = [...new Set(sizes.map((size, i) => countOf(`${where}: sizes[${i}]`, size, least)))];
  const labels = labelsIn(data, job.rows);

  const points: LearningPoint[] = [];
  for (const [i, size] of counts.entries()) {
    const choose = (rows: Uint32Array, fold: number) =>
      spread(rows, labels, new RandomStream(job.seed, STREAM_FOLDS, fold, 1))
        .slice(0, size)
        .sort();
    points.push({ size, ...(await judge({ ...job, settings: counts.length }, undefined, i, choose)) });
  }
  return { points };
}

function countOf(where: string, size: number, most: number): number {
  const isShare = typeof size === "number" && size > 0 && size <= 1;
  if (!isShare && !(Number.isSafeInteger(size) && size >= 2)) fail(where, "a share in (0, 1] or a count from 2", size);
  if (size > most) fail(where, `at most the ${most} training rows of the smallest fold`, size);
  return isShare ? Math.max(1, Math.floor(size * most * (1 + 1e-12))) : size;
}

/**
 * The rows in an order of which each beginning has every label in its share, at random within a label: row j of a label's n
 * stands at (j + ½) / n.
 */
function spread(rows: Uint32Array, labels: ArrayLike<unknown> | undefined, random: RandomStream): Uint32Array {
  const mixed = permutation(rows.length, random).map((i) => rows[i]!);
  if (labels === undefined) return mixed;
  const counts = new Map<unknown, number>();
  for (const row of mixed) counts.set(labels[row], (counts.get(labels[row]) ?? 0) + 1);
  const seen = new Map<unknown, number>();
  const places = Array.from(mixed, (row) => {
    const label = labels[row];
    const j = seen.get(label) ?? 0;
    seen.set(label, j + 1);
    return { row, place: (j + 0.5) / counts.get(label)! };
  });
  return Uint32Array.from(places.sort((a, b) => a.place - b.place).map(({ row }) => row));
}
