import { type Id, mintId, turnIdOf } from '@parley/contract';
import type { ChatAccess, Lease, SystemScope, TurnEnd, TurnRecord, UnfinishedTurn } from '@parley/db';
import { BudgetAdvances } from './budget-advances.ts';
import { UncountedTurns } from './count-usage.ts';
import { insertMarker } from './delete-chat.ts';
import type { Followers } from './followers.ts';
import { KnownTails } from './known-tails.ts';
import { LogWriter } from './log-writer.ts';
import { OpenTurns } from './open-turns.ts';
import type { TurnParts } from './parts.ts';
import { type Run, RunningTurns, RunStopped } from './run.ts';
import {
  bytesBefore,
  lastLogged,
  outcomeOfEnd,
  type RunDesk,
  type RunResult,
  runTurn,
  stoppedEnd,
} from './run-turn.ts';
import type { EndedOutcome } from './turn-outcome.ts';
import { accountOf, usageOfDead } from './turn-usage.ts';

/** Turns that wait for a slot of this process. More than these find the sweep. */
const WAITING_MAX = 10_000;

interface WaitingTurn {
  readonly scope: SystemScope;
  readonly turn: Id<'turn'>;
}

type Claim = (token: string) => Promise<TurnRecord | undefined>;

/** Runs turns within the slots of this process, each under a lease, and wakes their successors. */
export class Runner {
  readonly running: RunningTurns;
  readonly tails: KnownTails;
  readonly uncounted = new UncountedTurns();
  readonly open: OpenTurns;
  readonly advances: BudgetAdvances;
  readonly logWriter: LogWriter;
  readonly #parts: TurnParts;
  readonly #desk: RunDesk;
  readonly #waiting: WaitingTurn[] = [];
  readonly #work = new Set<Promise<void>>();
  #draining = false;
  #isHandingOver = false;

  constructor(parts: TurnParts, followers: Followers) {
    this.#parts = parts;
    this.tails = new KnownTails(parts.clock);
    this.logWriter = new LogWriter(parts);
    this.open = new OpenTurns(parts.clock);
    this.advances = new BudgetAdvances(parts);
    this.#desk = { followers, logWriter: this.logWriter };
    this.running = new RunningTurns(parts.bounds.runningTurnsMax);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Whether a turn could be claimed now. */
  get hasFreeSlot(): boolean {
    return !this.#draining && this.running.size < this.#parts.bounds.runningTurnsMax;
  }

  /** Takes a slot for a turn that is about to be claimed. False: none is free, or the process drains. */
  reserve(): boolean {
    return !this.#draining && this.running.reserve();
  }

  /** Gives back a slot that was reserved and came to no run: whoever waits for one gets it. */
  free(): void {
    this.running.free();
    this.#claimWaiting();
  }

  /**
   * Starts a turn that was claimed under a reserved slot. `claimedAt` is from before the claim: one that was
   * acknowledged a whole lease later may be another's by now, and is left to the sweep.
   */
  start(turn: TurnRecord, claimedAt: number, chatBytes?: number): void {
    const { lease } = turn;
    if (!lease) throw new Error(`turn ${turn.id} was started without a lease`);
    const deadline = claimedAt + this.#parts.bounds.leaseMs;
    if (this.#parts.clock.now() >= deadline) {
      this.free();
      return;
    }
    const run: Run = {
      turn,
      scope: { team: turn.team },
      token: lease.token,
      attempt: lease.attempt,
      abort: new AbortController(),
      chatBytes,
      unheard: 0,
      mayHaveEnded: false,
      deadline,
      text: '',
      loggedTo: 0,
    };
    if (this.#isHandingOver) run.abort.abort(new RunStopped('draining'));
    this.running.add(run);
    void this.track(this.#run(run));
  }

  /** Claims a queued turn whose predecessor has ended, now or when a slot is free. */
  claimSoon(scope: SystemScope, turn: Id<'turn'>): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ scope, turn });
    this.#claimWaiting();
  }

  /** Runs `claim` under a slot and starts what it claimed. False: no slot was free. */
  claimWith(claim: Claim): Promise<boolean> {
    return this.track(this.#claimWith(claim));
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
    const { store, log } = this.#parts;
    const token = mintToken();
    const turn = await store.turns.takeOver(scope, id, seen, token);
    if (!turn) return;
    const [view, written] = await Promise.all([
      store.turns.look(scope, chat, sequence, 0),
      lastLogged(store, scope, id, seen.attempt),
    ]);
    if (!view.chat) {
      await insertMarker(this.#parts, chat);
      await Promise.all([store.turns.remove(scope, id), store.turnLog.remove(scope, id)]);
      return;
    }
    const end: TurnEnd = {
      ...(how === 'cancelled'
        ? stoppedEnd(turn, view, written)
        : { status: 'failed', errorCode: 'interrupted', written, textBytes: bytesBefore(turn, view) }),
      account: accountOf(view.chat.chat),
      usage: usageOfDead(turn, view, written, this.#parts.bounds.historyBytesMax),
    };
    const ended = await store.turns.end(scope, id, token, end);
    if (ended.result !== 'ended') return;
    log(how === 'cancelled' ? 'info' : 'error', 'a turn whose runner died was ended', { turn: id, how });
    this.#tellEnd(turn, outcomeOfEnd(end, turn.lease?.attempt ?? seen.attempt));
    if (ended.hasSuccessor) await this.#claimSuccessor(scope, turn);
  }

  /** The turn of this answer, if it runs here: it is read without asking the database. */
  runningTurn({ chat }: ChatAccess, answerId: string): TurnRecord | undefined {
    const id = turnIdOf(answerId);
    const turn = id && this.running.get(id)?.turn;
    return turn?.team === chat.team && turn.chat === chat.id ? turn : undefined;
  }

  /** Tells followers that something is new in a chat. */
  tellChat(chat: Id<'chat'>): void {
    this.#desk.followers.chats.tell(chat, 'changed');
  }

  /** Stops the runs of a chat that was deleted. */
  stopChat(chat: Id<'chat'>): void {
    for (const run of this.running.all()) {
      if (run.turn.chat === chat) run.abort.abort(new RunStopped('chat-deleted'));
    }
  }

  /** Stops the run of a turn that is marked cancelled, if it is here. */
  stopTurn(turn: Id<'turn'>): void {
    this.running.get(turn)?.abort.abort(new RunStopped('cancelled'));
  }

  /** Stops the runs of a chat before `sequence`, which are marked cancelled. */
  stopBefore(chat: Id<'chat'>, sequence: number): void {
    for (const { turn } of this.running.all()) {
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

  /** Starts nothing more; lets runs finish for `graceMs` or until `hurry` aborts, then hands them over. */
  async drain(graceMs: number, hurry?: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#desk.followers.chats.tellAll('draining');
    const done = new AbortController();
    const finished = this.#settled().finally(() => done.abort());
    const over = hurry ? AbortSignal.any([done.signal, hurry]) : done.signal;
    await Promise.race([finished, this.#parts.clock.sleep(graceMs, over)]);
    // What was being claimed just now starts after this, only to be handed over too.
    this.#isHandingOver = true;
    for (const run of this.running.all()) run.abort.abort(new RunStopped('draining'));
    await this.#settled();
    this.#desk.followers.outcomes.tellAll({ kind: 'handed-over' });
  }

  async #settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  async #run(run: Run): Promise<void> {
    try {
      const result = await runTurn(this.#parts, this.#desk, run);
      this.running.delete(run);
      this.#tell(run, result);
      if (result.kind === 'ended' && result.hasSuccessor) await this.#claimSuccessor(run.scope, run.turn);
    } catch (error) {
      // The lease runs out and the sweep takes the turn over: nothing is lost, and the log says why.
      this.#parts.log('error', 'run broke off', { turn: run.turn.id, error });
    } finally {
      this.running.delete(run);
      // Whoever read the text here looks elsewhere now.
      this.#desk.followers.texts.tell(run.turn.id, undefined);
      this.#claimWaiting();
    }
  }

  /** A run that was lost or queued again is no end: its followers find out how the turn goes on. */
  #tell({ turn, chat }: Run, result: RunResult): void {
    if (result.kind === 'ended') {
      const end = { sequence: turn.sequence, textBytes: result.textBytes };
      if (chat && !result.hasSuccessor) this.tails.remember(chat, end);
      this.#tellEnd(turn, result.outcome);
    }
    if (result.kind === 'gone' || result.kind === 'handed-over') {
      this.open.delete(turn.id);
      this.#desk.followers.outcomes.tell(turn.id, { kind: result.kind });
    }
  }

  #tellEnd({ id, chat }: TurnRecord, outcome: EndedOutcome): void {
    const { followers } = this.#desk;
    this.uncounted.note(id);
    this.open.delete(id);
    followers.outcomes.tell(id, outcome);
    followers.chats.tell(chat, 'changed');
  }

  #claimWaiting(): void {
    while (this.#waiting.length > 0 && this.hasFreeSlot) {
      const next = this.#waiting.shift();
      if (!next) return;
      const { scope, turn } = next;
      void this.#claimOrLeave({ turn }, (token) => this.#parts.store.turns.claim(scope, turn, token));
    }
  }

  #claimSuccessor(scope: SystemScope, { id, chat, sequence }: TurnRecord): Promise<void> {
    const { store } = this.#parts;
    return this.#claimOrLeave({ predecessor: id }, (token) =>
      store.turns.claimNext(scope, chat, sequence + 1, token),
    );
  }

  /** Never rejects: a turn that could not be claimed is left to the sweep. */
  async #claimOrLeave(fields: Record<string, Id<'turn'>>, claim: Claim): Promise<void> {
    try {
      await this.claimWith(claim);
    } catch (error) {
      this.#parts.log('warn', 'claim failed; the sweep will find the turn', { ...fields, error });
    }
  }

  async #claimWith(claim: Claim): Promise<boolean> {
    if (!this.reserve()) return false;
    const claimedAt = this.#parts.clock.now();
    let claimed: TurnRecord | undefined;
    try {
      claimed = await claim(mintToken());
    } finally {
      if (!claimed) this.free();
    }
    if (claimed) this.start(claimed, claimedAt);
    return true;
  }
}

/** A token nobody can guess or repeat: the fence of one run. */
export function mintToken(): string {
  return mintId('request');
}
