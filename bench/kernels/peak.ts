/** The yardstick: a loop of multiply-adds that touches no memory. Nothing that multiplies matrices can be faster. */
import type { Module } from "../harness.ts";

const TURNS = 20_000;
/** Floating-point operations of one call: 12 chains of 4 lanes, a product and a sum each. */
export const PEAK_FLOP = TURNS * 12 * 4 * 2;

/** One call of the loop. */
export function peak(module: Module): () => void {
  const factors = module.floats(56);
  return () => {
    module.call.maddPeak(factors, TURNS);
  };
}
