/** Labels of any kind as numbers from 0. */
import { fail } from "../check.ts";

export interface NumberedGroups {
  /** Number of each row's group, in the order in which groups come up. */
  readonly numbers: Uint32Array;
  /** Rows of each group. */
  readonly counts: number[];
  readonly names: unknown[];
}

/** @throws OptionError for what is no list of numbers or texts. */
export function numberedGroups(where: string, groups: ArrayLike<unknown>): NumberedGroups {
  if (!Array.isArray(groups) && !ArrayBuffer.isView(groups)) fail(where, "an array of numbers or texts, one per row", groups);
  const places = new Map<unknown, number>();
  const counts: number[] = [];
  const numbers = new Uint32Array(groups.length);
  for (let row = 0; row < groups.length; row++) {
    const group = groups[row];
    if ((typeof group !== "number" && typeof group !== "string" && typeof group !== "boolean") || Number.isNaN(group)) {
      fail(`${where}: row ${row}`, "a number or a text", group);
    }
    let place = places.get(group);
    if (place === undefined) {
      place = counts.length;
      places.set(group, place);
      counts.push(0);
    }
    counts[place]!++;
    numbers[row] = place;
  }
  return { numbers, counts, names: [...places.keys()] };
}
