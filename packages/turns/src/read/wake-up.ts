import type { Clock } from '@parley/quota';

/** Lets one caller wait for the next notification. A notification without a waiter wakes the next waiter at once. */
export class WakeUp {
  #isSet = false;
  #wake: (() => void) | undefined;

  /** Wakes the waiter. It is a bound function, so that it can be used as a listener. */
  readonly set = (): void => {
    this.#isSet = true;
    this.#wake?.();
  };

  /** Waits for a notification, at most `ms`. Without `ms` there is no limit. */
  async wait(clock: Pick<Clock, 'after'>, ms?: number): Promise<void> {
    if (!this.#isSet) await (ms === undefined ? this.#untilSet() : this.#untilSetOrLate(clock, ms));
    this.#isSet = false;
    this.#wake = undefined;
  }

  #untilSet(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #untilSetOrLate(clock: Pick<Clock, 'after'>, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.after(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
