/** Reads the fields of a record (layout: abi.ts) for the interpreter. */
import { RECORD_CONSTANTS, RECORD_OPERANDS, RECORD_SIZES, SIZE_PER_ROW } from "./abi";

/** Address of operand k, 0 if absent. */
// @ts-ignore: decorator
@inline
export function operand(record: usize, k: usize): usize {
  return <usize>load<u32>(record + RECORD_OPERANDS + 4 * k);
}

/** Size k; one that is counted per row is multiplied by the rows of this batch. */
// @ts-ignore: decorator
@inline
export function size(record: usize, k: usize, rows: u32): u32 {
  const stored = load<u32>(record + RECORD_SIZES + 4 * k);
  return stored & SIZE_PER_ROW ? (stored & ~SIZE_PER_ROW) * rows : stored;
}

/** Sizes 0 to 3 at once, or with record + 4 k those from k on. */
// @ts-ignore: decorator
@inline
export function fourSizes(record: usize, rows: u32): v128 {
  const stored = v128.load(record + RECORD_SIZES);
  const count = v128.and(stored, i32x4.splat(~SIZE_PER_ROW));
  return v128.bitselect(i32x4.mul(count, i32x4.splat(rows)), count, i32x4.shr_s(stored, 31));
}

// @ts-ignore: decorator
@inline
export function constant(record: usize, k: usize): f32 {
  return load<f32>(record + RECORD_CONSTANTS + 4 * k);
}
