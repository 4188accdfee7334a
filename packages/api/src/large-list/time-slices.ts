import { setImmediate } from 'node:timers/promises';

/** How long a piece of work may keep the event loop from everything else. */
const SLICE_MS = 5;

/** Divides long work into slices, between which the event loop does other work. */
export class TimeSlices {
  #sliceStart = performance.now();

  /** To be awaited after each step of the work: yields when the present slice has lasted long enough. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.#sliceStart < SLICE_MS) return;
    await setImmediate();
    this.startSlice();
  }

  /** Begins a new slice: the work has just waited for something else. */
  startSlice(): void {
    this.#sliceStart = performance.now();
  }
}
