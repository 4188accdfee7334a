import type { Clock } from '../src/index.ts';

/** Keeps runs, recovers turns, recovers deletions, counts usage. */
export const LOOPS = 4;

interface Sleeper {
  readonly due: number;
  readonly signal: AbortSignal | undefined;
  readonly wake: () => void;
}

/**
 * A clock that stands still until the test moves it: the clock of one replica, so that one process can stall
 * while others go on.
 */
export class TestClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #now = 0;
  #waiting: { isReached: () => boolean; resolve: () => void }[] = [];
  /** The loops of the background sleep with one signal, and are the first to sleep. */
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
      this.#tell();
    });
  }

  /** Jumps ahead, as a process that was stopped and revived does; everyone whose time has come wakes. */
  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers].sort((a, b) => a.due - b.due)) {
      if (sleeper.due <= this.#now) sleeper.wake();
    }
  }

  /** Moves time and wakes nobody: what a revived process sees before its timers get their turn. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Settles when all loops of the background sleep: each has finished its round. */
  rounds(): Promise<void> {
    return this.#until(() => this.#asleepInBackground() >= LOOPS);
  }

  /** Settles when someone other than those sleeps: a follower, or a repetition. */
  someoneElse(): Promise<void> {
    return this.#until(() => this.#sleepers.size > this.#asleepInBackground());
  }

  /** How many sleep. */
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

  #tell(): void {
    const reached = this.#waiting.filter(({ isReached }) => isReached());
    this.#waiting = this.#waiting.filter((waiting) => !reached.includes(waiting));
    for (const { resolve } of reached) resolve();
  }
}
