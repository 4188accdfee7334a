import { ApiError } from '@parley/contract';
import type { TurnDeps } from '../src/index.ts';

type Store = TurnDeps['store'];

/** A function of the store, such as `turns.end`. */
export type StoreCall = {
  [Name in keyof Store]: `${Name}.${Extract<keyof Store[Name], string>}`;
}[keyof Store];

type Arguments = readonly unknown[];
type Handler = (proceed: () => Promise<unknown>, args: Arguments) => Promise<unknown>;
type AsyncFunction = (...args: Arguments) => Promise<unknown>;

interface Hold {
  /** Resolves when a call is held. */
  readonly reached: Promise<void>;
  /** Releases held calls and lets further ones pass. */
  release(): void;
}

const NEVER = new Promise<never>(() => undefined);

/** The real store of one process, whose calls a test can hold, fail before or after their effect, and cut off. */
export class StoreTap {
  readonly store: Store;
  readonly #handlers = new Map<StoreCall, Handler>();
  readonly #calls: StoreCall[] = [];
  #isDead = false;
  #pending = 0;
  #whenQuiet: (() => void)[] = [];

  constructor(real: Store) {
    const entries = (
      ['turns', 'turnLog', 'chats', 'chatChanges', 'search', 'files', 'agents', 'usage', 'budgets'] as const
    ).map((name) => [name, this.#wrap(name, real[name])]);
    // The wrapped functions keep their types.
    this.store = Object.fromEntries(entries) as Store;
  }

  /** Every call so far, in order. */
  get calls(): readonly StoreCall[] {
    return this.#calls;
  }

  /** The number of calls in flight. */
  get pending(): number {
    return this.#pending;
  }

  /** Sends later calls of this function through `handler`. */
  intercept(call: StoreCall, handler: Handler): void {
    this.#handlers.set(call, handler);
  }

  /** Removes the handler of this function. */
  pass(call: StoreCall): void {
    this.#handlers.delete(call);
  }

  /** Makes the next `times` calls of this function fail with an unreachable database, before or after their effect. */
  disconnect(call: StoreCall, when: 'before' | 'after', times = 1): void {
    let left = times;
    this.intercept(call, async (proceed) => {
      if (left-- <= 0) return proceed();
      if (when === 'after') await proceed();
      throw new ApiError('database_unavailable');
    });
  }

  /** Holds calls of this function before or after their effect. */
  hold(call: StoreCall, when: 'before' | 'after' = 'before'): Hold {
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    this.intercept(call, async (proceed) => {
      if (when === 'before') {
        reached.resolve();
        await gate.promise;
        return proceed();
      }
      const result = await proceed();
      reached.resolve();
      await gate.promise;
      return result;
    });
    return {
      reached: reached.promise,
      release: () => {
        this.pass(call);
        gate.resolve();
      },
    };
  }

  /** Cuts the process off: no call reaches the database, and no response arrives. */
  kill(): void {
    this.#isDead = true;
  }

  /** Resolves when no call is in flight. */
  async quiet(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
  }

  #wrap(name: keyof Store, store: object): object {
    return Object.fromEntries(
      Object.entries(store).map(([property, real]: [string, AsyncFunction]) => {
        const call = `${name}.${property}` as StoreCall;
        return [property, (...args: Arguments) => this.#call(call, real, args)];
      }),
    );
  }

  async #call(call: StoreCall, real: AsyncFunction, args: Arguments): Promise<unknown> {
    if (this.#isDead) return NEVER;
    this.#calls.push(call);
    this.#pending++;
    try {
      const handler = this.#handlers.get(call);
      const result = await (handler ? handler(() => real(...args), args) : real(...args));
      return this.#isDead ? NEVER : result;
    } catch (error) {
      return this.#isDead ? NEVER : Promise.reject(error);
    } finally {
      if (--this.#pending === 0) for (const resolve of this.#whenQuiet.splice(0)) resolve();
    }
  }
}
