/** Golden vectors of preprocessing, and comparison of nested results with them. */
import { expect } from "vitest";
import { type Golden, readVectors } from "../vectors/read.ts";

export interface PreprocessingCase {
  readonly name: string;
  readonly transform: string;
  readonly options: Readonly<Record<string, never>>;
  readonly x: Golden;
  readonly t?: Golden;
  readonly w?: Golden;
  readonly y: Golden;
  readonly x_new?: Golden;
  readonly y_new?: Golden;
  readonly inverse_of_y_new?: Golden;
  readonly fitted?: Readonly<Record<string, Golden>>;
}

export const preprocessingCases = (transform: string): PreprocessingCase[] =>
  readVectors<PreprocessingCase>("preprocessing").filter((golden) => golden.transform === transform);

export const rowsOf = ({ shape, data }: Golden): number[][] =>
  Array.from({ length: shape[0]! }, (_, i) => data.slice(i * shape[1]!, (i + 1) * shape[1]!));

export const listOf = (golden: Golden): number[] | number[][] => (golden.shape.length === 1 ? [...golden.data] : rowsOf(golden));

/** Every entry within tolerance · (1 + |wanted|), and as many of them. */
export function expectNear(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    expect(Math.abs(got[i]! - want[i]!), `entry ${i}: ${got[i]} for ${want[i]}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(want[i]!)));
  }
}
