/** The table of options does not compile without a row for every option, or with settings of another type. */
import type { Entry, OptionsOf } from "../options/types.ts";
import { type Equal, expectType } from "./expect.ts";

interface NewOptions {
  old?: number;
  added?: "a" | "b";
}

const see = () => 0;

export const whole: Entry<NewOptions> = { differs: "", see, rows: { old: [1, 2], added: ["a", undefined] } };

// @ts-expect-error: no row for "added"
export const missing: Entry<NewOptions> = { differs: "", see, rows: { old: [1, 2] } };

// @ts-expect-error: a row for an option that is none
export const stranger: Entry<NewOptions> = { differs: "", see, rows: { old: [1, 2], added: ["a", "b"], removed: [1, 2] } };

// @ts-expect-error: "c" is no setting
export const wrong: Entry<NewOptions> = { differs: "", see, rows: { old: [1, 2], added: ["a", "c"] } };

// What counts as options: plain objects, and neither data nor what factories make.
expectType<Equal<OptionsOf<(x: number[], options?: NewOptions) => void>, NewOptions>>();
expectType<Equal<OptionsOf<(name: string, schedule: { at(step: number): number }, list: readonly string[]) => void>, never>>();
expectType<Equal<OptionsOf<(data: { x: number; y: number }, dictionary: Record<string, number>) => void>, never>>();
