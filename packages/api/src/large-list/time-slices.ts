import { setImmediate } from 'node:timers/promises';

/** The time that one slice of work may block the event loop. */
const SLICE_MS = 5;

/** Divides long work into slices, between which the event loop does other work. */
export class TimeSlices {
  #sliceStart = performance.now();

  /** Whether the current slice has lasted long enough. Look after each step of the work, and then yield. */
  get isDue(): boolean {
    return performance.now() - this.#sliceStart >= SLICE_MS;
  }

  /** Lets the event loop do other work, and begins a new slice. */
  async yield(): Promise<void> {
    await setImmediate();
    this.startSlice();
  }

  /** Begins a new slice. Call it after the work has waited for something else. */
  startSlice(): void {
    this.#sliceStart = performance.now();
  }
}
