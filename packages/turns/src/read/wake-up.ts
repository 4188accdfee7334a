import type { Clock } from '@parley/quota';

/** Lets one caller wait for the next notification. A notification without a waiter wakes the next one. */
export class WakeUp {
  #isSet = false;
  #wake: (() => void) | undefined;

  /** Wakes the waiter; bound, so that it can be handed out as a listener. */
  readonly set = (): void => {
    this.#isSet = true;
    this.#wake?.();
  };

  /** Waits to be woken, at most `ms`; without a bound until then. */
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
