/** Counts of elements, for all that writes programs: apart from the builder, which descriptions of layers can do without. */
import * as abi from "../../assembly/abi.ts";

/** A count of elements: fixed, or so many for each row of the batch. */
export type Count = number | { readonly perRow: number };

export const perRow = (count: number): Count => ({ perRow: count });

export function countAt(count: Count, rows: number): number {
  return typeof count === "number" ? count : count.perRow * rows;
}

/** Pieces of a sum over so many elements. */
export const piecesOf = (words: number): number => Math.ceil(words / abi.PIECE);
