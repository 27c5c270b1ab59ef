/** Nothing may hang the runner: what takes too long is given up with a reason. */

/** Settles as `promise` does, or rejects after `milliseconds`. */
export async function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A host has this long for its suite. */
export const SUITE_MILLISECONDS = 60_000;
/** And a process this long to end by itself after its last line. */
export const EXIT_MILLISECONDS = 10_000;
