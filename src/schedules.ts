/**
 * What a learning rate may be besides a number.
 */

/** A learning rate that changes: any object with this method will do. It must depend on nothing but its argument. */
export interface Schedule {
  /** The rate of a step, a finite number, 0 or above. Steps count from 0. */
  at(step: number): number;
}
