import { setImmediate } from 'node:timers/promises';

/** The time that one slice of work may block the event loop. */
const SLICE_MS = 5;

/** Divides long work into slices, between which the event loop does other work. */
export class TimeSlices {
  #sliceStart = performance.now();

  /**
   * Await it after each step of the work. It yields to the event loop when the current slice has lasted long
   * enough.
   */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.#sliceStart < SLICE_MS) return;
    await setImmediate();
    this.startSlice();
  }

  /** Begins a new slice. Call it after the work has waited for something else. */
  startSlice(): void {
    this.#sliceStart = performance.now();
  }
}
