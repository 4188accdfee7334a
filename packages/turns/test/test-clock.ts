import type { Clock } from '../src/index.ts';

/** The loops that supervise runs, recover turns, recover deletions, write the uses of chats and count usage. */
export const LOOPS = 5;

interface Sleeper {
  readonly due: number;
  readonly signal: AbortSignal | undefined;
  readonly wake: () => void;
}

/** A clock that only moves when the test moves it, so that one process can stall while others continue. */
export class TestClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #now = 0;
  #waiting: { isReached: () => boolean; resolve: () => void }[] = [];
  /** The signal of the background loops, which are the first sleepers and share one signal. */
  #background: AbortSignal | undefined;

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    this.#background ??= signal;
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { due: this.#now + ms, signal, wake };
      signal?.addEventListener('abort', wake, { once: true });
      this.#sleepers.add(sleeper);
      this.#notify();
    });
  }

  after(ms: number, action: () => void): { cancel(): void } {
    const wake = () => {
      this.#sleepers.delete(sleeper);
      action();
    };
    const sleeper: Sleeper = { due: this.#now + ms, signal: undefined, wake };
    this.#sleepers.add(sleeper);
    this.#notify();
    return { cancel: () => void this.#sleepers.delete(sleeper) };
  }

  /** Jumps ahead like the clock of a resumed process, and wakes the sleepers whose time has passed. */
  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers].sort((a, b) => a.due - b.due)) {
      if (sleeper.due <= this.#now) sleeper.wake();
    }
  }

  /** Moves the time without waking sleepers, as a resumed process sees it before its timers fire. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Resolves when all background loops sleep, so that each has finished its pass. */
  rounds(): Promise<void> {
    return this.#until(() => this.#asleepInBackground() >= LOOPS);
  }

  /** Resolves when a sleeper other than the background loops exists, such as a follower or a repeated attempt. */
  someoneElse(): Promise<void> {
    return this.#until(() => this.#sleepers.size > this.#asleepInBackground());
  }

  /** The number of sleepers. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  #asleepInBackground(): number {
    return [...this.#sleepers].filter(({ signal }) => signal === this.#background).length;
  }

  #until(isReached: () => boolean): Promise<void> {
    if (isReached()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isReached, resolve }));
  }

  #notify(): void {
    const reached = this.#waiting.filter(({ isReached }) => isReached());
    this.#waiting = this.#waiting.filter((waiting) => !reached.includes(waiting));
    for (const { resolve } of reached) resolve();
  }
}
