import { type Id, mintId, turnIdOf } from '@parley/contract';
import type { ChatAccess, Lease, SystemScope, TurnEnd, TurnRecord, UnfinishedTurn } from '@parley/db';
import { ChatPlaces } from '../accept/chat-places.ts';
import { insertMarker } from '../delete-chat.ts';
import type { TurnDeps } from '../dependencies.ts';
import { UncountedTurns } from '../quota/count-usage.ts';
import { OpenTurns } from '../quota/open-turns.ts';
import { PrefetchedBudgets } from '../quota/prefetched-budgets.ts';
import { RunDurations } from '../quota/run-durations.ts';
import type { Followers } from '../read/followers.ts';
import type { EndedOutcome } from '../turn-outcome.ts';
import { historyAfter } from './known-history.ts';
import { KnownTails } from './known-tails.ts';
import { LogWriter } from './log-writer.ts';
import { type Run, RunningTurns, RunStopped } from './run.ts';
import {
  bytesBefore,
  lastLogged,
  outcomeOfEnd,
  type RunDeps,
  type RunResult,
  runTurn,
  stoppedEnd,
} from './run-turn.ts';
import { AddressLooks } from './schedule/address-looks.ts';
import { requesterOf } from './schedule/requester.ts';
import { type Requester, TurnScheduler } from './schedule/turn-scheduler.ts';
import { accountOf, usageOfDead } from './turn-usage.ts';

/** Turns that wait here for a place, whoever accepted them. The recovery loop finds those beyond it. */
const WAITING_MAX = 10_000;

/** What a new turn gets: a place to run, one to wait for that, or none while its predecessor is unfinished. */
export type TurnPlace = 'running' | 'waiting' | 'behind';

/** A turn, and where it stands. */
type TurnPosition = Pick<TurnRecord, 'id' | 'team' | 'chat' | 'sequence'>;

type Claim = (token: string) => Promise<TurnRecord | undefined>;

/** Which turn waits, and how it is claimed when it has a place. */
interface WaitingClaim {
  readonly turn: TurnPosition;
  readonly claim: Claim;
  /** How the turn stood when it began to wait: one whose runner died is `generating`. */
  readonly status: TurnRecord['status'];
}

/**
 * Runs turns within the places of this process, each under a lease, and starts their successors. Every turn that
 * starts here has its place from the scheduler.
 */
export class Runner {
  readonly running = new RunningTurns();
  readonly tails: KnownTails;
  readonly places: ChatPlaces;
  readonly uncounted = new UncountedTurns();
  readonly open: OpenTurns;
  readonly prefetched: PrefetchedBudgets;
  readonly durations: RunDurations;
  readonly logWriter: LogWriter;
  readonly #deps: RunDeps;
  readonly #scheduler: TurnScheduler<WaitingClaim>;
  readonly #looks: AddressLooks;
  readonly #stopLooking = new AbortController();
  readonly #work = new Set<Promise<void>>();
  #draining = false;
  #isHandingOver = false;

  constructor(deps: TurnDeps, followers: Followers) {
    const { bounds, clock } = deps;
    this.tails = new KnownTails(clock);
    this.places = new ChatPlaces(clock);
    this.logWriter = new LogWriter(deps);
    this.open = new OpenTurns(clock);
    this.prefetched = new PrefetchedBudgets(deps);
    this.durations = new RunDurations(clock);
    this.#deps = { ...deps, followers, logWriter: this.logWriter };
    this.#scheduler = new TurnScheduler({
      running: bounds.runningTurnsMax,
      waiting: bounds.waitingTurnsMax,
      perAddress: bounds.runningPerAddressMax,
    });
    this.#looks = new AddressLooks(deps, this.#scheduler);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Turns that run here, and places that are being filled. */
  get runningCount(): number {
    return this.#scheduler.running;
  }

  /** Turns that wait here for a place. */
  get waitingCount(): number {
    return this.#scheduler.waiting;
  }

  /** Whether this process ever runs turns it did not accept. */
  get takesTurns(): boolean {
    return this.#startsTurns && this.#scheduler.waiting < WAITING_MAX;
  }

  get #startsTurns(): boolean {
    return !this.#draining && this.#deps.bounds.runningTurnsMax > 0;
  }

  /** Whether a turn waits here for a place. */
  isWaiting(turn: Id<'turn'>): boolean {
    return this.#scheduler.has(turn);
  }

  /**
   * Finds out what decides whether a turn of this requester may start: how many of its address run elsewhere.
   *
   * @throws ApiError `database_unavailable`
   */
  prepare(requester: Requester): Promise<void> {
    return this.#looks.lookFor(requester);
  }

  /** Whether a turn of this requester could neither start nor wait here. */
  isOverloaded(requester: Requester): boolean {
    return this.#scheduler.isOverloaded(requester);
  }

  /** Takes a place for a turn that is about to be inserted. Undefined: it could neither start nor wait. */
  enter(requester: Requester, hasPredecessorEnded: boolean): TurnPlace | undefined {
    if (!this.#startsTurns) return 'behind';
    if (hasPredecessorEnded) return this.#scheduler.enter(requester);
    return this.isOverloaded(requester) ? undefined : 'behind';
  }

  /** Gives back the place of a turn that was not inserted: the next waiting one gets it. */
  giveBack(requester: Requester, place: TurnPlace): void {
    if (place === 'waiting') this.#scheduler.leaveWaiting(requester);
    if (place === 'running') this.#leave(requester);
  }

  /**
   * Starts a turn that was claimed under a running place. `claimedAt` is from before the claim: one that was
   * acknowledged a whole lease later may be another's by now, and is left to the recovery loop.
   */
  start(turn: TurnRecord, requester: Requester, claimedAt: number, before?: Run['before']): void {
    const { lease } = turn;
    if (!lease) throw new Error(`turn ${turn.id} was started without a lease`);
    const deadline = claimedAt + this.#deps.bounds.leaseMs;
    if (this.#deps.clock.now() >= deadline) {
      this.#leave(requester);
      return;
    }
    const run = newRun({ ...turn, lease }, deadline, before);
    if (this.#isHandingOver) run.abort.abort(new RunStopped('draining'));
    this.running.add(run);
    void this.track(this.#run(run, requester));
  }

  /** Lets a queued turn whose predecessor has ended wait for a place; claims it when it has one. */
  claimSoon(turn: TurnPosition, requester: Requester, hasPlace = false): void {
    const claim: Claim = (token) => this.#deps.store.turns.claim({ team: turn.team }, turn.id, token);
    this.#wait(requester, { turn, claim, status: 'queued' }, hasPlace);
  }

  /** Lets a turn whose runner died wait for a place; takes it over when it has one. */
  takeOverSoon(turn: TurnPosition, requester: Requester, seen: Lease): void {
    const { store, log } = this.#deps;
    const { id, team } = turn;
    const claim: Claim = (token) => {
      log('warn', 'taking over a turn whose runner died', { turn: id, attempt: seen.attempt + 1 });
      return store.turns.takeOver({ team }, id, seen, token);
    };
    this.#wait(requester, { turn, claim, status: 'generating' }, false);
  }

  /**
   * Ends a queued turn that is marked cancelled and whose predecessor has ended. It calls no model, so it needs no place.
   * Never rejects: what could not be claimed is left to the recovery loop.
   */
  async endCancelled({ id, team }: Pick<TurnPosition, 'id' | 'team'>): Promise<void> {
    if (!this.#startsTurns) return;
    this.#scheduler.forget(id);
    await this.track(this.#claimAndEnd({ team }, id));
  }

  async #claimAndEnd(scope: SystemScope, id: Id<'turn'>): Promise<void> {
    const { store, clock, bounds, log } = this.#deps;
    const deadline = clock.now() + bounds.leaseMs;
    try {
      const turn = await store.turns.claim(scope, id, mintToken());
      if (!turn?.lease) return;
      const run = newRun({ ...turn, lease: turn.lease }, deadline, undefined);
      if (!turn.isCancelled || clock.now() >= deadline) return;
      this.running.add(run);
      await this.#run(run, requesterOf(turn), { hasPlace: false });
    } catch (error) {
      log('warn', 'a cancelled turn could not be ended; the sweep will find it', { turn: id, error });
    }
  }

  /** The turns that wait here, and how each stood when it began to wait. */
  waitingTurns(): Map<string, TurnRecord['status']> {
    return new Map(this.#scheduler.list().map(({ id, item }) => [id, item.status]));
  }

  /** A turn need not start here any more: it runs elsewhere, or has ended. Its place goes to another. */
  forget(turn: string): void {
    this.#scheduler.forget(turn);
  }

  /**
   * Ends a turn whose runner is dead, instead of running it again: one that was cancelled, or that outlived too
   * many runners. What the log holds of it is kept. Wakes the successor.
   */
  async endDead(
    scope: SystemScope,
    { id, chat, sequence }: UnfinishedTurn,
    seen: Lease,
    how: 'cancelled' | 'interrupted',
  ): Promise<void> {
    const { store, log } = this.#deps;
    const token = mintToken();
    const turn = await store.turns.takeOver(scope, id, seen, token);
    if (!turn) return;
    const [view, written] = await Promise.all([
      store.turns.look(scope, chat, sequence, 0),
      lastLogged(store, scope, id, seen.attempt),
    ]);
    if (!view.chat) {
      await insertMarker(this.#deps, chat);
      await Promise.all([store.turns.remove(scope, id), store.turnLog.remove(scope, id)]);
      return;
    }
    const end: TurnEnd = {
      ...(how === 'cancelled'
        ? stoppedEnd(turn, view, written)
        : { status: 'failed', errorCode: 'interrupted', written, textBytes: bytesBefore(turn, view) }),
      account: accountOf(view.chat.chat),
      usage: usageOfDead(turn, view, written, this.#deps.bounds.historyBytesMax),
    };
    const ended = await store.turns.end(scope, id, token, end);
    if (ended.result !== 'ended') return;
    log(how === 'cancelled' ? 'info' : 'error', 'a turn whose runner died was ended', { turn: id, how });
    this.#tellEnd(turn, outcomeOfEnd(end, turn.lease?.attempt ?? seen.attempt));
    if (ended.hasSuccessor) await this.#startSuccessor(scope, turn, requesterOf(turn));
  }

  /** The turn of this answer, if it runs here: it is read without asking the database. */
  runningTurn({ chat }: ChatAccess, answerId: string): TurnRecord | undefined {
    const id = turnIdOf(answerId);
    const turn = id && this.running.get(id)?.turn;
    return turn?.team === chat.team && turn.chat === chat.id ? turn : undefined;
  }

  /** Tells followers that something is new in a chat. */
  tellChat(chat: Id<'chat'>): void {
    this.#deps.followers.chats.tell(chat, 'changed');
  }

  /** Stops the runs of a chat that was deleted. */
  stopChat(chat: Id<'chat'>): void {
    for (const run of this.running.all()) {
      if (run.turn.chat === chat) run.abort.abort(new RunStopped('chat-deleted'));
    }
  }

  /** Stops a turn that is marked cancelled, if it is here: its run, or its wait for a place. */
  stopTurn(turn: Id<'turn'>): void {
    this.running.get(turn)?.abort.abort(new RunStopped('cancelled'));
    const waiting = this.#scheduler.get(turn)?.item;
    if (waiting?.status === 'queued') void this.endCancelled(waiting.turn);
  }

  /** Stops the turns of a chat before `sequence`, which are marked cancelled. */
  stopBefore(chat: Id<'chat'>, sequence: number): void {
    const here = [...this.running.all(), ...this.#scheduler.list().map(({ item }) => item)];
    for (const { turn } of here) {
      if (turn.chat === chat && turn.sequence < sequence) this.stopTurn(turn.id);
    }
  }

  /** Makes the end of `work` something that `drain` waits for. Answers `work`. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    const settled = work.then(
      () => void this.#work.delete(settled),
      () => void this.#work.delete(settled),
    );
    this.#work.add(settled);
    return work;
  }

  /** Starts nothing more; lets runs finish for `graceMs` or until `force` aborts, then hands them over. */
  async drain(graceMs: number, force?: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#stopLooking.abort();
    this.#deps.followers.chats.notifyAll('draining');
    const done = new AbortController();
    const finished = this.#settled().finally(() => done.abort());
    const over = force ? AbortSignal.any([done.signal, force]) : done.signal;
    await Promise.race([finished, this.#deps.clock.sleep(graceMs, over)]);
    // What was being claimed just now starts after this, only to be handed over too.
    this.#isHandingOver = true;
    for (const run of this.running.all()) run.abort.abort(new RunStopped('draining'));
    await this.#settled();
    this.#deps.followers.outcomes.notifyAll({ kind: 'handed-over' });
  }

  async #settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** One without a place calls no model: how long it takes tells nothing of when a place becomes free. */
  async #run(run: Run, requester: Requester, { hasPlace } = { hasPlace: true }): Promise<void> {
    const endRun = hasPlace ? this.durations.start() : undefined;
    let isHere = true;
    const leave = () => {
      if (!isHere) return;
      isHere = false;
      endRun?.();
      this.running.delete(run);
      if (hasPlace) this.#leave(requester);
    };
    try {
      const result = await runTurn(this.#deps, run);
      leave();
      this.#tell(run, result);
      if (result.kind === 'ended' && result.hasSuccessor)
        await this.#startSuccessor(run.scope, run.turn, requester);
    } catch (error) {
      // The lease runs out and the recovery loop takes the turn over: nothing is lost, and the log says why.
      this.#deps.log('error', 'run broke off', { turn: run.turn.id, error });
    } finally {
      leave();
      // Whoever read the text here looks elsewhere now.
      this.#deps.followers.texts.tell(run.turn.id, undefined);
    }
  }

  /** A run that was lost or queued again is no end: its followers find out how the turn goes on. */
  #tell(run: Run, result: RunResult): void {
    const { turn, chat } = run;
    if (result.kind === 'ended') {
      const { textBytes, outcome } = result;
      const history =
        run.history && historyAfter(run.history, turn, outcome, this.#deps.bounds.historyBytesMax);
      if (chat && !result.hasSuccessor)
        this.tails.remember(chat, { sequence: turn.sequence, textBytes, history });
      this.#tellEnd(turn, result.outcome);
    }
    if (result.kind === 'gone' || result.kind === 'handed-over') {
      this.open.delete(turn.id);
      this.#deps.followers.outcomes.tell(turn.id, { kind: result.kind });
    }
  }

  #tellEnd({ id, chat }: TurnRecord, outcome: EndedOutcome): void {
    const { followers } = this.#deps;
    this.uncounted.note(id);
    this.open.delete(id);
    followers.outcomes.tell(id, outcome);
    followers.chats.tell(chat, 'changed');
  }

  #wait(requester: Requester, item: WaitingClaim, hasPlace: boolean): void {
    const { id } = item.turn;
    if (hasPlace || this.takesTurns) this.#scheduler.queue({ id, requester, item, hasPlace });
    this.#startWaiting();
  }

  #leave(requester: Requester): void {
    this.#scheduler.leave(requester);
    this.#startWaiting();
  }

  /** Starts what can start. Called after everything that may have made room, so that no wake-up is lost. */
  #startWaiting(): void {
    while (!this.#draining) {
      const turn = this.#scheduler.next();
      if (!turn) break;
      void this.track(this.#claimOrLeave({ turn: turn.id }, turn.requester, turn.item.claim));
    }
    if (!this.#draining) void this.#looks.watch(() => this.#startWaiting(), this.#stopLooking.signal);
  }

  /**
   * Starts the next turn of a chat. While nothing else waits, one of the same origin takes the place of the one that
   * ended; otherwise it joins the rotation, so that one chat does not hold a place while others wait.
   */
  async #startSuccessor(
    scope: SystemScope,
    { id, chat, sequence, origin }: TurnRecord,
    requester: Requester,
  ): Promise<void> {
    const { store, log } = this.#deps;
    if (this.#draining) return;
    const isNext = this.#scheduler.isIdle && this.#scheduler.canStart(requester);
    if (isNext && this.#scheduler.enter(requester) === 'running') {
      const isClaimed = await this.#claimOrLeave({ predecessor: id }, requester, (token) =>
        store.turns.claimNext(scope, chat, sequence + 1, token, origin),
      );
      if (isClaimed) return;
    }
    try {
      const successor = await store.turns.findQueued(scope, chat, sequence + 1);
      if (!successor) return;
      if (successor.isCancelled) await this.endCancelled(successor);
      else this.claimSoon({ ...successor, chat, sequence: sequence + 1 }, requesterOf(successor));
    } catch (error) {
      log('warn', 'a successor could not be read; the sweep will find the turn', { predecessor: id, error });
    }
  }

  /**
   * Claims a turn under a running place, and starts it. False: there was nothing to claim. Never rejects: what could
   * not be claimed is left to the recovery loop.
   */
  async #claimOrLeave(fields: Record<string, string>, requester: Requester, claim: Claim): Promise<boolean> {
    const claimedAt = this.#deps.clock.now();
    let claimed: TurnRecord | undefined;
    let hasFailed = false;
    try {
      claimed = await claim(mintToken());
    } catch (error) {
      hasFailed = true;
      this.#deps.log('warn', 'claim failed; the sweep will find the turn', { ...fields, error });
    }
    if (claimed) this.start(claimed, requester, claimedAt);
    else this.#leave(requester);
    return claimed !== undefined || hasFailed;
  }
}

function newRun(turn: TurnRecord & { readonly lease: Lease }, deadline: number, before: Run['before']): Run {
  return {
    turn,
    scope: { team: turn.team },
    token: turn.lease.token,
    attempt: turn.lease.attempt,
    abort: new AbortController(),
    before,
    unacknowledgedWrites: 0,
    endUnknown: false,
    deadline,
    text: '',
    loggedTo: 0,
  };
}

/** A token nobody can guess or repeat: the fence of one run. */
export function mintToken(): string {
  return mintId('request');
}
