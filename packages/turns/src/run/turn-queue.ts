import type { Id } from '@parley/contract';
import type { Lease, SystemScope, TurnRecord } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { PendingWork } from './pending-work.ts';
import { mintToken } from './run.ts';
import { AddressCounts } from './schedule/address-counts.ts';
import { ownerOf, type TurnOwner } from './schedule/turn-owner.ts';
import { TurnScheduler } from './schedule/turn-scheduler.ts';

/** The number of turns that may wait in this process for a place. The recovery loop finds further ones later. */
const WAITING_MAX = 10_000;

/**
 * The place of a new turn: a running place, a waiting place, or none (`behind`) while its predecessor is unfinished.
 */
export type TurnPlace = 'running' | 'waiting' | 'behind';

/** A turn, and its position in its chat. */
export type TurnPosition = Pick<TurnRecord, 'id' | 'team' | 'chat' | 'sequence'>;

type Claim = (token: string) => Promise<TurnRecord | undefined>;

/** A turn that waits, and how it is claimed when it has a place. */
interface WaitingClaim {
  readonly turn: TurnPosition;
  readonly claim: Claim;
  /** The status of the turn when it began to wait: a turn whose runner died is `generating`. */
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

  /** The number of running turns, including turns that are being claimed. */
  get running(): number {
    return this.#scheduler.running;
  }

  /** The number of turns that wait for a place. */
  get waiting(): number {
    return this.#scheduler.waiting;
  }

  /** Whether this process starts turns now. */
  get startsTurns(): boolean {
    return !this.#isClosed && this.#deps.bounds.runningTurnsMax > 0;
  }

  /** Whether this process takes further turns that other processes accepted. */
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

  /** A turn that waits here for its first run; otherwise undefined. */
  findQueued(turn: Id<'turn'>): TurnPosition | undefined {
    const waiting = this.#scheduler.get(turn)?.item;
    return waiting?.status === 'queued' ? waiting.turn : undefined;
  }

  /** Removes a turn that need not start here any more, because it runs elsewhere or has ended. */
  forget(turn: string): void {
    this.#scheduler.forget(turn);
  }

  /**
   * Counts the running turns of the owner's address in other processes, on which the start of a turn depends.
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

  /**
   * Takes a place for a turn that is about to be inserted. Returns undefined if the turn could neither start nor
   * wait.
   */
  enter(owner: TurnOwner, hasPredecessorEnded: boolean): TurnPlace | undefined {
    if (!this.startsTurns) return 'behind';
    if (hasPredecessorEnded) return this.#scheduler.enter(owner);
    return this.isOverloaded(owner) ? undefined : 'behind';
  }

  /** Gives back the place of a turn that was not inserted. The next waiting turn gets it. */
  giveBack(owner: TurnOwner, place: TurnPlace): void {
    if (place === 'waiting') this.#scheduler.leaveWaiting(owner);
    if (place === 'running') this.leave(owner);
  }

  /** Gives back the running place of a turn that has ended. The next waiting turn gets it. */
  leave(owner: TurnOwner): void {
    this.#scheduler.leave(owner);
    this.#startWaiting();
  }

  /** Claims a queued turn whose predecessor has ended, as soon as it has a place. */
  claimSoon(turn: TurnPosition, owner: TurnOwner, hasPlace = false): void {
    const claim: Claim = (token) => this.#deps.store.turns.claim({ team: turn.team }, turn.id, token);
    this.#wait(owner, { turn, claim, status: 'queued' }, hasPlace);
  }

  /** Takes over a turn whose runner died, as soon as it has a place. */
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
   * Starts the next turn of a chat. If no other turn waits, a successor of the same origin takes the place of the
   * ended turn; otherwise it joins the rotation, so that one chat does not hold a place while others wait.
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

  /** Starts the waiting turns that can have a place. Call it after every change that may have freed a place. */
  #startWaiting(): void {
    while (!this.#isClosed) {
      const turn = this.#scheduler.next();
      if (!turn) break;
      void this.#deps.work.track(this.#claimOrLeave({ turn: turn.id }, turn.owner, turn.item.claim));
    }
    if (!this.#isClosed) void this.#addressCounts.watch(() => this.#startWaiting(), this.#closing.signal);
  }

  /**
   * Claims a turn under a running place, and starts it. Returns false if there was nothing to claim. Never rejects:
   * the recovery loop finds a turn that could not be claimed.
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
