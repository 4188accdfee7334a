import { ApiError } from '@parley/contract';
import type { BatchClock } from '@parley/db/testing';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedDatabase, View } from './simulated-database.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** The network between processes and the database. A run changes it over time. */
export interface Conditions {
  /** The longest delay of one direction in normal operation. */
  latencyMaxMs: number;
  /** The longest time until a majority has the primary's writes. */
  replicationMaxMs: number;
  /** The share of commands that never arrive. */
  lost: number;
  /** The share of commands that take effect and are never answered. */
  unanswered: number;
  /** The share of commands that take effect late, some after their caller has given up. */
  late: number;
  lateMaxMs: number;
  /** The share of batched commands that never settle by themselves. They may have taken effect. */
  hanging: number;
  /** The share of bulk writes of which only some take effect, some of them late. */
  partial: number;
  /** Whether each title is written by a separate command, as in release 0.1.0. */
  areTitlesAlone: boolean;
  /** The share of batched writes that are sent twice at the same time. */
  repeated: number;
  /** The time that a busy process needs to send commands that wait for the end of its turn of the event loop. */
  busyMaxMs: number;
  /** The timeout of a call. */
  callMaxMs: number;
  /** Whether the database is unreachable for all processes. */
  isDown: boolean;
}

type Fate = 'answered' | 'unanswered' | 'late' | 'lost' | 'hanging';

/**
 * One process's connection to the database. A sent command takes effect even if its sender dies. A call without a
 * response fails with `database_unavailable`, and the outcome of its command is unknown.
 */
export class Connection {
  readonly #scheduler: Scheduler;
  readonly #process: SimulatedProcess;
  readonly #database: SimulatedDatabase;
  readonly #conditions: Conditions;
  readonly #random: Random;
  /** The stale state that this process reads while it is connected to a replaced primary. */
  #stale: View | undefined;
  /** Until this time no message passes; sent commands wait. */
  #cutUntil = 0;

  constructor(
    scheduler: Scheduler,
    process: SimulatedProcess,
    database: SimulatedDatabase,
    conditions: Conditions,
    random: Random,
  ) {
    this.#scheduler = scheduler;
    this.#process = process;
    this.#database = database;
    this.#conditions = conditions;
    this.#random = random;
  }

  /** For `ms` this process reads stale data, and its writes are lost. */
  isolate(ms: number): void {
    if (this.#stale) return;
    this.#stale = this.#database.freeze();
    this.#scheduler.after(ms, () => {
      this.#stale = undefined;
    });
  }

  /** Whether this process reads from and reaches the current primary. */
  get isWell(): boolean {
    return this.#stale === undefined && this.#cutUntil <= this.#scheduler.now;
  }

  /** For `ms` no message passes between this process and the database. Some of the sent commands arrive later. */
  cutOff(ms: number): void {
    this.#cutUntil = Math.max(this.#cutUntil, this.#scheduler.now + ms);
  }

  /** The clock of this process's batches. */
  get batchClock(): BatchClock {
    const { clock } = this.#process;
    return {
      now: () => clock.now(),
      defer: (action) => {
        this.#process.after(this.#random.skewed(0, this.#conditions.busyMaxMs), action);
      },
      after: (ms, action) => this.#process.after(ms, action),
    };
  }

  get callMaxMs(): number {
    return this.#conditions.callMaxMs;
  }

  get areTitlesAlone(): boolean {
    return this.#conditions.areTitlesAlone;
  }

  /** Whether the command is sent twice. Each call draws a new value. */
  get isRepeated(): boolean {
    return this.#random.chance(this.#conditions.repeated);
  }

  /** The result of a call, or a rejection after the timeout. */
  inTime<Result>(call: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const late = this.#process.after(this.callMaxMs, () => rejectCall(reject));
      call.then(resolve, reject).finally(() => late.cancel());
    });
  }

  /** Runs a query. Only batched commands have a signal. */
  read<Result>(query: (view: View) => Result, signal?: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      const fate = this.#fate(signal);
      this.#rejectOnAbort(signal, reject);
      if (fate === 'hanging') return;
      if (fate !== 'answered') return this.#rejectSometime(reject);
      this.#scheduler.after(this.#latency(), () => {
        if (this.#process.isDead) return;
        const result = query(this.#stale ?? this.#database.committed);
        this.#process.after(this.#latency(), () => resolve(result));
      });
    });
  }

  write<Result>(change: (database: SimulatedDatabase) => Result, signal?: AbortSignal): Promise<Result> {
    return this.#send(this.#stale ? 'lost' : this.#fate(signal), change, signal);
  }

  /** One command of many writes, each of which takes effect on its own. */
  writeMany<Item, Result>(
    items: readonly Item[],
    change: (database: SimulatedDatabase, item: Item) => Result,
    signal: AbortSignal,
  ): Promise<Result[]> {
    const changeAll = (some: readonly Item[]) => (database: SimulatedDatabase) =>
      some.map((item) => change(database, item));
    const isPart = !this.#stale && this.#random.chance(this.#conditions.partial);
    if (!isPart) return this.write(changeAll(items), signal);
    const soon = items.filter(() => this.#random.chance(0.5));
    const later = items.filter((item) => !soon.includes(item));
    if (this.#random.chance(0.5)) this.#send('late', changeAll(later)).catch(() => undefined);
    return this.#send('unanswered', changeAll(soon), signal).then(() => []);
  }

  #send<Result>(
    fate: Fate,
    change: (database: SimulatedDatabase) => Result,
    signal?: AbortSignal,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const refused = () => this.#process.after(this.#latency(), () => rejectCall(reject));
      this.#rejectOnAbort(signal, reject);
      if (fate === 'late') this.#process.after(this.#conditions.callMaxMs, () => rejectCall(reject));
      else if (fate === 'lost' || fate === 'unanswered') this.#rejectSometime(reject);
      if (fate === 'lost' || (fate === 'hanging' && this.#random.chance(0.5))) return;
      this.#database.underWay++;
      this.#scheduler.after(fate === 'late' ? this.#lateness() : this.#latency(), () => {
        this.#database.underWay--;
        const result = change(this.#database);
        this.#replicate();
        if (fate === 'unanswered' || fate === 'hanging') return;
        // A process reads its own acknowledged writes, so nothing is acknowledged while it reads stale data.
        const answer = () =>
          this.#stale ? refused() : this.#process.after(this.#latency(), () => resolve(result));
        this.#acknowledge(answer, refused);
      });
    });
  }

  /** Rejects a command when its connection is closed, except for some commands that hang. */
  #rejectOnAbort(signal: AbortSignal | undefined, reject: (reason: ApiError) => void): void {
    signal?.addEventListener('abort', () => {
      if (this.#random.chance(0.7)) this.#process.after(this.#latency(), () => rejectCall(reject));
    });
  }

  #replicate(): void {
    const database = this.#database;
    const { position } = database;
    const ms = this.#random.skewed(0, this.#conditions.replicationMaxMs);
    if (ms === 0) database.commit(position);
    else this.#scheduler.after(ms, () => database.commit(position));
  }

  /** A write is acknowledged when a majority has it and everything before it. */
  #acknowledge(onCommitted: () => void, onLost: () => void): void {
    const database = this.#database;
    let isOver = false;
    const once = (settle: () => void) => () => {
      if (!isOver) settle();
      isOver = true;
    };
    database.whenCommitted(database.position, once(onCommitted), once(onLost));
    if (database.isHeld) this.#scheduler.after(this.#conditions.callMaxMs, once(onLost));
  }

  #rejectSometime(reject: (reason: ApiError) => void): void {
    this.#process.after(this.#random.between(0, this.#conditions.callMaxMs), () => rejectCall(reject));
  }

  #lateness(): number {
    const cutMs = this.#cutUntil - this.#scheduler.now;
    return cutMs > 0 ? cutMs + this.#latency() : this.#random.between(0, this.#conditions.lateMaxMs);
  }

  #fate(signal?: AbortSignal): Fate {
    const { isDown, lost, unanswered, late, hanging } = this.#conditions;
    if (signal && hanging > 0 && this.#random.chance(hanging)) return 'hanging';
    if (this.#cutUntil > this.#scheduler.now) return this.#random.chance(0.5) ? 'late' : 'lost';
    if (isDown) return 'lost';
    if (lost + unanswered + late === 0) return 'answered';
    const drawn = this.#random.next();
    if (drawn < lost) return 'lost';
    if (drawn < lost + unanswered) return 'unanswered';
    return drawn < lost + unanswered + late ? 'late' : 'answered';
  }

  #latency(): number {
    return this.#random.skewed(0.1, this.#conditions.latencyMaxMs);
  }
}

function rejectCall(reject: (reason: ApiError) => void): void {
  reject(new ApiError('database_unavailable'));
}
