/** When a long computation lets the event loop turn, so that a page or a server stays alive. */
import { pause } from "../runtime/host/pause.ts";

/** At least this often, in ms. */
const PAUSE_EVERY = 20;

export class Pauses {
  readonly #signal: AbortSignal | undefined;
  #lastPause = performance.now();
  #lastLook = this.#lastPause;
  /** Steps between looks at the clock: a look costs as much as a small step. */
  #stepsPerLook = 1;
  #stepsToLook = 1;

  /** `signal`: looked at after each pause. */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** To be asked after each step. */
  isDueAfterStep(): boolean {
    return --this.#stepsToLook <= 0 && this.isDue();
  }

  /** Looks at the clock seldom enough to cost nothing, often enough to pause in time. */
  isDue(): boolean {
    const now = performance.now();
    const sinceLook = now - this.#lastLook;
    if (sinceLook < PAUSE_EVERY / 16) this.#stepsPerLook = Math.min(this.#stepsPerLook * 2, 65536);
    else if (sinceLook > PAUSE_EVERY / 4) this.#stepsPerLook = Math.max(1, this.#stepsPerLook >>> 2);
    this.#stepsToLook = this.#stepsPerLook;
    this.#lastLook = now;
    return now - this.#lastPause >= PAUSE_EVERY;
  }

  /** @throws the signal's reason if it was aborted meanwhile. */
  async take(): Promise<void> {
    await pause();
    this.#signal?.throwIfAborted();
    this.#lastPause = performance.now();
    this.#lastLook = this.#lastPause;
  }
}
