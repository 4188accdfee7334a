import type { Id } from '@parley/contract';
import type { Lease, SystemScope, TurnRecord } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { PendingWork } from './pending-work.ts';
import { mintToken } from './run.ts';
import { AddressCounts } from './schedule/address-counts.ts';
import { ownerOf, type TurnOwner } from './schedule/turn-owner.ts';
import { TurnScheduler } from './schedule/turn-scheduler.ts';

/** Turns that wait in this process for a place. The recovery loop finds those beyond it. */
const WAITING_MAX = 10_000;

/** The place of a new turn: one to run, one to wait for that, or none while its predecessor is unfinished. */
export type TurnPlace = 'running' | 'waiting' | 'behind';

/** A turn, and its position in its chat. */
export type TurnPosition = Pick<TurnRecord, 'id' | 'team' | 'chat' | 'sequence'>;

type Claim = (token: string) => Promise<TurnRecord | undefined>;

/** A turn that waits, and how it is claimed when it has a place. */
interface WaitingClaim {
  readonly turn: TurnPosition;
  readonly claim: Claim;
  /** Its status when it began to wait: a turn whose runner died is `generating`. */
  readonly status: TurnRecord['status'];
}

/** Runs the turns that the queue has claimed. */
interface TurnStarter {
  /** Starts a turn that was claimed under a running place. `claimedAt` is the time before the claim. */
  start(turn: TurnRecord, owner: TurnOwner, claimedAt: number): void;
  /** Ends a queued turn that is marked cancelled. It needs no place. Never rejects. */
  endCancelled(turn: TurnPosition): Promise<void>;
}

interface QueueDeps extends TurnDeps {
  readonly work: PendingWork;
}

/**
 * The places of this process, and the turns that wait for one. Claims the next turn whenever a place is free, so that
 * every turn that starts here has its place from the scheduler.
 */
export class TurnQueue {
  readonly #deps: QueueDeps;
  readonly #starter: TurnStarter;
  readonly #scheduler: TurnScheduler<WaitingClaim>;
  readonly #addressCounts: AddressCounts;
  readonly #closing = new AbortController();

  constructor(deps: QueueDeps, starter: TurnStarter) {
    const { bounds } = deps;
    this.#deps = deps;
    this.#starter = starter;
    this.#scheduler = new TurnScheduler({
      running: bounds.runningTurnsMax,
      waiting: bounds.waitingTurnsMax,
      perAddress: bounds.runningPerAddressMax,
    });
    this.#addressCounts = new AddressCounts(deps, this.#scheduler);
  }

  /** Turns that run here, and places that are being filled. */
  get running(): number {
    return this.#scheduler.running;
  }

  /** Turns that wait here for a place. */
  get waiting(): number {
    return this.#scheduler.waiting;
  }

  /** Whether this process starts turns now. */
  get startsTurns(): boolean {
    return !this.#isClosed && this.#deps.bounds.runningTurnsMax > 0;
  }

  /** Whether this process takes a further turn that it did not accept. */
  get takesTurns(): boolean {
    return this.startsTurns && this.#scheduler.waiting < WAITING_MAX;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Starts no further turn. */
  close(): void {
    this.#closing.abort();
  }

  /** Whether a turn waits here for a place. */
  isWaiting(turn: Id<'turn'>): boolean {
    return this.#scheduler.has(turn);
  }

  /** The turns that wait here, and the status of each when it began to wait. */
  waitingTurns(): Map<string, TurnRecord['status']> {
    return new Map(this.#scheduler.list().map(({ id, item }) => [id, item.status]));
  }

  /** The positions of the turns that wait here. */
  positions(): TurnPosition[] {
    return this.#scheduler.list().map(({ item }) => item.turn);
  }

  /** A turn that waits here for its first run; undefined for all others. */
  findQueued(turn: Id<'turn'>): TurnPosition | undefined {
    const waiting = this.#scheduler.get(turn)?.item;
    return waiting?.status === 'queued' ? waiting.turn : undefined;
  }

  /** Removes a turn that need not start here any more: it runs elsewhere, or has ended. */
  forget(turn: string): void {
    this.#scheduler.forget(turn);
  }

  /**
   * Counts what decides whether a turn of this owner may start: how many of its address run in other processes.
   *
   * @throws ApiError `database_unavailable`
   */
  prepare(owner: TurnOwner): Promise<void> {
    return this.#addressCounts.countFor(owner);
  }

  /** Whether a turn of this owner could neither start nor wait here. */
  isOverloaded(owner: TurnOwner): boolean {
    return this.#scheduler.isOverloaded(owner);
  }

  /** Takes a place for a turn that is about to be inserted. Undefined: it could neither start nor wait. */
  enter(owner: TurnOwner, hasPredecessorEnded: boolean): TurnPlace | undefined {
    if (!this.startsTurns) return 'behind';
    if (hasPredecessorEnded) return this.#scheduler.enter(owner);
    return this.isOverloaded(owner) ? undefined : 'behind';
  }

  /** Gives back the place of a turn that was not inserted: the next waiting one gets it. */
  giveBack(owner: TurnOwner, place: TurnPlace): void {
    if (place === 'waiting') this.#scheduler.leaveWaiting(owner);
    if (place === 'running') this.leave(owner);
  }

  /** Gives back the running place of a turn that has ended: the next waiting one gets it. */
  leave(owner: TurnOwner): void {
    this.#scheduler.leave(owner);
    this.#startWaiting();
  }

  /** Lets a queued turn whose predecessor has ended wait for a place; claims it when it has one. */
  claimSoon(turn: TurnPosition, owner: TurnOwner, hasPlace = false): void {
    const claim: Claim = (token) => this.#deps.store.turns.claim({ team: turn.team }, turn.id, token);
    this.#wait(owner, { turn, claim, status: 'queued' }, hasPlace);
  }

  /** Lets a turn whose runner died wait for a place; takes it over when it has one. */
  takeOverSoon(turn: TurnPosition, owner: TurnOwner, seen: Lease): void {
    const { store, log } = this.#deps;
    const { id, team } = turn;
    const claim: Claim = (token) => {
      log('warn', 'taking over a turn whose runner died', { turn: id, attempt: seen.attempt + 1 });
      return store.turns.takeOver({ team }, id, seen, token);
    };
    this.#wait(owner, { turn, claim, status: 'generating' }, false);
  }

  /**
   * Starts the next turn of a chat. While nothing else waits, one of the same origin takes the place of the one that
   * ended; otherwise it joins the rotation, so that one chat does not hold a place while others wait.
   */
  async startSuccessor(
    scope: SystemScope,
    { id, chat, sequence, origin }: TurnRecord,
    owner: TurnOwner,
  ): Promise<void> {
    const { store, log } = this.#deps;
    if (this.#isClosed) return;
    const isNext = this.#scheduler.isIdle && this.#scheduler.canStart(owner);
    if (isNext && this.#scheduler.enter(owner) === 'running') {
      const isClaimed = await this.#claimOrLeave({ predecessor: id }, owner, (token) =>
        store.turns.claimNext(scope, chat, sequence + 1, token, origin),
      );
      if (isClaimed) return;
    }
    try {
      const successor = await store.turns.findQueued(scope, chat, sequence + 1);
      if (!successor) return;
      const position = { ...successor, chat, sequence: sequence + 1 };
      if (successor.isCancelled) await this.#starter.endCancelled(position);
      else this.claimSoon(position, ownerOf(successor));
    } catch (error) {
      log('warn', 'a successor could not be read; the recovery loop will find it', {
        predecessor: id,
        error,
      });
    }
  }

  #wait(owner: TurnOwner, item: WaitingClaim, hasPlace: boolean): void {
    const { id } = item.turn;
    if (hasPlace || this.takesTurns) this.#scheduler.queue({ id, owner, item, hasPlace });
    this.#startWaiting();
  }

  /** Starts the waiting turns that have room. Called after everything that may have made room, so that none is missed. */
  #startWaiting(): void {
    while (!this.#isClosed) {
      const turn = this.#scheduler.next();
      if (!turn) break;
      void this.#deps.work.track(this.#claimOrLeave({ turn: turn.id }, turn.owner, turn.item.claim));
    }
    if (!this.#isClosed) void this.#addressCounts.watch(() => this.#startWaiting(), this.#closing.signal);
  }

  /**
   * Claims a turn under a running place, and starts it. False: there was nothing to claim. Never rejects: the recovery
   * loop finds a turn that could not be claimed.
   */
  async #claimOrLeave(fields: Record<string, string>, owner: TurnOwner, claim: Claim): Promise<boolean> {
    const claimedAt = this.#deps.clock.now();
    let claimed: TurnRecord | undefined;
    let hasFailed = false;
    try {
      claimed = await claim(mintToken());
    } catch (error) {
      hasFailed = true;
      this.#deps.log('warn', 'claim failed; the recovery loop will find the turn', { ...fields, error });
    }
    if (claimed) this.#starter.start(claimed, owner, claimedAt);
    else this.leave(owner);
    return claimed !== undefined || hasFailed;
  }
}
