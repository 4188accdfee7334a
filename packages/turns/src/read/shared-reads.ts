import type { Clock } from '@parley/quota';
import { SHARED_READ_MAX_AGE_MS } from './intervals.ts';

/** The number of subjects that one command reads. */
const BATCH_MAX = 200;

interface Waiting<Subject, Found> {
  readonly subject: Subject;
  readonly promise: Promise<Found>;
  readonly resolve: (found: Found) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads that many readers of one process share. Readers of the same subject get one result, at most as old as
 * they accept. Readers of different subjects share one command. At most one command is in flight; requests that arrive
 * meanwhile are sent with the next command.
 */
export class SharedReads<Subject, Found> {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #nameOf: (subject: Subject) => string;
  readonly #readAll: (subjects: readonly Subject[]) => Promise<readonly Found[]>;
  readonly #waiting = new Map<string, Waiting<Subject, Found>>();
  /** The newest result for each subject, oldest first. */
  readonly #known = new Map<string, { readonly promise: Promise<Found>; readonly startedAt: number }>();
  #isBusy = false;

  /** `readAll` returns the results in the order of its subjects. */
  constructor(
    clock: Pick<Clock, 'now'>,
    nameOf: (subject: Subject) => string,
    readAll: (subjects: readonly Subject[]) => Promise<readonly Found[]>,
  ) {
    this.#clock = clock;
    this.#nameOf = nameOf;
    this.#readAll = readAll;
  }

  /** Returns the state of a subject, at most `maxAgeMs` old. With 0 the state is read after this call. */
  read(subject: Subject, maxAgeMs = 0): Promise<Found> {
    const name = this.#nameOf(subject);
    const known = maxAgeMs > 0 ? this.#known.get(name) : undefined;
    if (known && this.#clock.now() - known.startedAt < maxAgeMs) return known.promise;
    const joined = this.#waiting.get(name);
    if (joined) return joined.promise;
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    this.#waiting.set(name, { subject, promise, resolve, reject });
    // Wait a microtask, so that all readers that were woken together share the command.
    if (!this.#isBusy) {
      this.#isBusy = true;
      queueMicrotask(() => void this.#work());
    }
    return promise;
  }

  async #work(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, BATCH_MAX);
      const startedAt = this.#clock.now();
      this.#forgetBefore(startedAt - SHARED_READ_MAX_AGE_MS);
      for (const [name, { promise }] of batch) {
        this.#waiting.delete(name);
        this.#known.delete(name);
        this.#known.set(name, { promise, startedAt });
      }
      try {
        const found = await this.#readAll(batch.map(([, { subject }]) => subject));
        batch.forEach(([, { resolve }], index) => {
          resolve(found[index] as Found);
        });
      } catch (error) {
        for (const [name, { promise, reject }] of batch) {
          if (this.#known.get(name)?.promise === promise) this.#known.delete(name);
          reject(error);
        }
      }
    }
    this.#isBusy = false;
  }

  #forgetBefore(time: number): void {
    for (const [name, { startedAt }] of this.#known) {
      if (startedAt >= time) return;
      this.#known.delete(name);
    }
  }
}
