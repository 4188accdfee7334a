import { ApiError } from '@parley/contract';
import type { BatchClock } from '@parley/db/testing';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedDatabase, View } from './simulated-database.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** How the ways between processes and the database behave; a run changes it as it goes. */
export interface Conditions {
  /** One way, when nothing is wrong. */
  latencyMaxMs: number;
  /** Until a majority has what the primary has. */
  replicationMaxMs: number;
  /** Of all commands, those that never arrive. */
  lost: number;
  /** Those that take effect and are never answered. */
  unanswered: number;
  /** Those that take effect later, some when nobody waits for them any more. */
  late: number;
  lateMaxMs: number;
  /** Of batched commands, those that never settle by themselves; they may have taken effect. */
  hanging: number;
  /** Of commands of many writes, those of which only some take effect, some of them later. */
  partial: number;
  /** Of batched writes, those that are sent twice at the same time. */
  repeated: number;
  /** How long a busy process takes to send what waits for the end of its turn of the event loop. */
  busyMaxMs: number;
  /** Whoever waits is rejected after this. */
  callMaxMs: number;
  /** The database is away for everyone. */
  isDown: boolean;
}

type Fate = 'answered' | 'unanswered' | 'late' | 'lost' | 'hanging';

/**
 * One process's way to the database. What was sent takes effect even if its sender dies; what a sender is told
 * is `database_unavailable` when it is not answered, and then it does not know what became of its command.
 */
export class Connection {
  readonly #scheduler: Scheduler;
  readonly #process: SimulatedProcess;
  readonly #database: SimulatedDatabase;
  readonly #conditions: Conditions;
  readonly #random: Random;
  /** What this process sees while it knows a primary only that is none any more. */
  #stale: View | undefined;
  /** Until then nothing comes through, and what was sent waits on its way. */
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

  /** For `ms` this process reads what there was, and what it writes comes to nothing. */
  isolate(ms: number): void {
    if (this.#stale) return;
    this.#stale = this.#database.freeze();
    this.#scheduler.after(ms, () => {
      this.#stale = undefined;
    });
  }

  /** Whether it sees and reaches what all others do. */
  get isWell(): boolean {
    return this.#stale === undefined && this.#cutUntil <= this.#scheduler.now;
  }

  /** For `ms` nothing comes through between this process and the database; some of what is sent comes later. */
  cutOff(ms: number): void {
    this.#cutUntil = Math.max(this.#cutUntil, this.#scheduler.now + ms);
  }

  /** Time as the batches of this process see it. */
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

  /** Drawn anew each time: whether what is sent now is sent twice. */
  get isRepeated(): boolean {
    return this.#random.chance(this.#conditions.repeated);
  }

  /** What a call answers; a rejection when it takes too long. */
  inTime<Result>(call: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const late = this.#process.after(this.callMaxMs, () => rejectCall(reject));
      call.then(resolve, reject).finally(() => late.cancel());
    });
  }

  /** A signal marks a batched command. */
  read<Result>(look: (view: View) => Result, signal?: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      const fate = this.#fate(signal);
      this.#rejectOnAbort(signal, reject);
      if (fate === 'hanging') return;
      if (fate !== 'answered') return this.#rejectSometime(reject);
      this.#scheduler.after(this.#latency(), () => {
        if (this.#process.isDead) return;
        const result = look(this.#stale ?? this.#database.committed);
        this.#process.after(this.#latency(), () => resolve(result));
      });
    });
  }

  write<Result>(change: (database: SimulatedDatabase) => Result, signal?: AbortSignal): Promise<Result> {
    return this.#send(this.#stale ? 'lost' : this.#fate(signal), change, signal);
  }

  /** One command of many writes, each of which takes effect by itself. */
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
        // What it was acknowledged a process also reads: while it reads what there was, nothing is acknowledged.
        const answer = () =>
          this.#stale ? refused() : this.#process.after(this.#latency(), () => resolve(result));
        this.#acknowledge(answer, refused);
      });
    });
  }

  /** Its connection closes: mostly the command settles with that, but not always. */
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

  /** Acknowledged is what a majority has, and everything before it. */
  #acknowledge(onCommitted: () => void, onLost: () => void): void {
    const database = this.#database;
    let isOver = false;
    const once = (tell: () => void) => () => {
      if (!isOver) tell();
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
