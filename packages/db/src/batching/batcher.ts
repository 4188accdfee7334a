import { setMaxListeners } from 'node:events';
import { ApiError } from '@parley/contract';
import { toApiError } from '../connection/database-errors.ts';

/** The outcome of one item of a batch: its result, or the error that its caller gets. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/** Time and the event loop, so that a simulation can replace them. */
export interface BatchClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Runs an action at the end of this turn of the event loop. */
  defer(action: () => void): void;
  /** Runs an action after `ms`, unless it is cancelled. */
  after(ms: number, action: () => void): { cancel(): void };
}

/** The limits of a batch: its size, and the time that it and its items may take. */
export interface BatchBounds {
  /** Items in one command. */
  readonly countMax: number;
  /** The size of the items in one command. A larger item is sent alone. */
  readonly bytesMax: number;
  /** When a command takes longer, the outcome of each of its items is unknown, and its connection is closed. */
  readonly deadlineMs: number;
  /** The time that the driver has to close that connection. */
  readonly closeMs: number;
  /** An item that waited longer is dropped before it is sent: its caller has been answered. */
  readonly waitMaxMs: number;
}

/** One kind of command: how it is sent for several items. */
export interface BatchCommand<Item, Result> {
  /**
   * Sends one command for these items and returns one outcome per item, in their order; a single item is sent by the
   * plain command. An error that means an unreachable database makes every outcome unknown. The signal aborts at the
   * deadline, and the command's connection must close then.
   */
  send(items: readonly Item[], signal: AbortSignal): Promise<readonly Outcome<Result>[]>;
  /** The bytes of an item, or slightly more. */
  sizeOf(item: Item): number;
}

interface WaitingItem<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly since: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Sends commands of one kind in batches (group commit): at most one is in flight, and the items that arrive meanwhile
 * share the next one. No timer delays an item: a single item is sent at the end of the current turn of the event
 * loop.
 */
export class Batcher<Item, Result> {
  readonly #command: BatchCommand<Item, Result>;
  readonly #bounds: BatchBounds;
  readonly #clock: BatchClock;
  #waiting: WaitingItem<Item, Result>[] = [];
  /** A command is in flight, or about to be sent. */
  #isBusy = false;

  constructor(command: BatchCommand<Item, Result>, bounds: BatchBounds, clock: BatchClock) {
    this.#command = command;
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** @throws ApiError `database_unavailable` when the item was not sent in time, or its outcome is unknown */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const bytes = this.#command.sizeOf(item);
      this.#waiting.push({ item, bytes, since: this.#clock.now(), resolve, reject });
      this.#sendSoon();
    });
  }

  #sendSoon(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    this.#isBusy = true;
    this.#clock.defer(() => void this.#sendNext());
  }

  async #sendNext(): Promise<void> {
    this.#dropLate();
    const batch = this.#takeBatch();
    if (batch.length > 0) await this.#send(batch);
    this.#isBusy = false;
    this.#sendSoon();
  }

  #dropLate(): void {
    const { waitMaxMs } = this.#bounds;
    const oldest = this.#clock.now() - waitMaxMs;
    // The items are in the order of their arrival.
    while (this.#waiting[0] && this.#waiting[0].since <= oldest)
      this.#waiting.shift()?.reject(unavailable(`The database took no item for ${waitMaxMs} ms.`));
  }

  #takeBatch(): WaitingItem<Item, Result>[] {
    const { countMax, bytesMax } = this.#bounds;
    let count = 0;
    let sum = 0;
    for (const { bytes } of this.#waiting) {
      sum += bytes;
      if (count === countMax || (count > 0 && sum > bytesMax)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Never rejects. Resolves when the command has settled, or its connection is closed. */
  #send(batch: readonly WaitingItem<Item, Result>[]): Promise<void> {
    const { deadlineMs, closeMs } = this.#bounds;
    const late = new AbortController();
    // Items of one batch may be sent one by one, each of them with listeners of its own.
    setMaxListeners(0, late.signal);
    return new Promise((resolve) => {
      let timer = this.#clock.after(deadlineMs, () => {
        const error = unavailable(`The database did not answer a batch within ${deadlineMs} ms.`);
        for (const { reject } of batch) reject(error);
        late.abort(error);
        timer = this.#clock.after(closeMs, resolve);
      });
      void this.#outcomesOf(
        batch.map(({ item }) => item),
        late.signal,
      ).then((outcomes) => {
        timer.cancel();
        // After the deadline every promise is settled, and these outcomes are ignored.
        for (const [index, waiting] of batch.entries()) settle(waiting, outcomes[index]);
        resolve();
      });
    });
  }

  async #outcomesOf(items: readonly Item[], signal: AbortSignal): Promise<readonly Outcome<Result>[]> {
    try {
      return await this.#command.send(items, signal);
    } catch (error) {
      const isOfAll = items.length === 1 || signal.aborted || toApiError(error) instanceof ApiError;
      if (isOfAll) return items.map(() => ({ error }));
      // The error does not name the item that cannot be sent, so each is sent alone and fails alone.
      const alone = await Promise.all(items.map((item) => this.#outcomesOf([item], signal)));
      return alone.flat();
    }
  }
}

function settle<Item, Result>(
  { resolve, reject }: WaitingItem<Item, Result>,
  outcome: Outcome<Result> | undefined,
): void {
  if (!outcome) reject(new Error('a batch answered fewer outcomes than it had items'));
  else if ('error' in outcome) reject(outcome.error);
  else resolve(outcome.result);
}

function unavailable(message: string): ApiError {
  return new ApiError('database_unavailable', { cause: new Error(message) });
}
