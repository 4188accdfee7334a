import { type Id, turnIdOf } from '@parley/contract';
import type { ChatAccess, TurnRecord } from '@parley/db';
import type { ChatUses } from '../list/chat-uses.ts';
import type { EndedOutcome } from '../turn-outcome.ts';
import { historyAfter } from './known-history.ts';
import type { KnownTails } from './known-tails.ts';
import { mintToken, newRun, type Run, RunningTurns, RunStopped, stopDeleted } from './run.ts';
import type { RunDurations } from './run-durations.ts';
import { type RunDeps, type RunResult, runTurn } from './run-turn.ts';
import { ownerOf, type TurnOwner } from './schedule/turn-owner.ts';
import { type TurnPosition, TurnQueue } from './turn-queue.ts';

interface RunnerDeps extends RunDeps {
  readonly tails: KnownTails;
  readonly durations: RunDurations;
  readonly uses: ChatUses;
}

/** Runs claimed turns, each under a lease, and notifies their readers of the end. */
export class Runner {
  readonly running = new RunningTurns();
  readonly queue: TurnQueue;
  readonly #deps: RunnerDeps;
  #isDraining = false;
  #isHandingOver = false;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
    this.queue = new TurnQueue(deps, this);
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /**
   * Starts a turn that was claimed under a running place. `claimedAt` is the time before the claim. If the claim
   * was acknowledged a whole lease later, another process may have the turn, so the recovery loop handles it.
   */
  start(turn: TurnRecord, owner: TurnOwner, claimedAt: number, before?: Run['before']): void {
    const { lease } = turn;
    if (!lease) throw new Error(`turn ${turn.id} was started without a lease`);
    const deadline = claimedAt + this.#deps.bounds.leaseMs;
    if (this.#deps.clock.now() >= deadline) {
      this.queue.leave(owner);
      return;
    }
    const run = newRun({ ...turn, lease }, deadline, before);
    // If another process accepted the turn and died, nobody has noted it.
    this.#deps.uses.accepted(turn, turn.createdAt);
    if (this.#isHandingOver) run.abort.abort(new RunStopped('draining'));
    this.running.add(run);
    void this.#deps.work.track(this.#run(run, owner));
  }

  /**
   * Ends a queued turn that is marked cancelled and whose predecessor has ended. It calls no model, so it needs no
   * place. Never rejects: the recovery loop finds a turn that could not be claimed.
   */
  async endCancelled(turn: Pick<TurnPosition, 'id' | 'team'>): Promise<void> {
    if (!this.queue.startsTurns) return;
    this.queue.forget(turn.id);
    await this.#deps.work.track(this.#claimAndEnd(turn));
  }

  async #claimAndEnd({ id, team }: Pick<TurnPosition, 'id' | 'team'>): Promise<void> {
    const { store, clock, bounds, log } = this.#deps;
    const deadline = clock.now() + bounds.leaseMs;
    try {
      const turn = await store.turns.claim({ team }, id, mintToken());
      if (!turn?.lease) return;
      const run = newRun({ ...turn, lease: turn.lease }, deadline, undefined);
      if (!turn.isCancelled || clock.now() >= deadline) return;
      this.running.add(run);
      await this.#run(run, ownerOf(turn), { hasPlace: false });
    } catch (error) {
      log('warn', 'a cancelled turn could not be ended; the recovery loop will find it', { turn: id, error });
    }
  }

  /** The turn of this answer if it runs in this process; found without a query. */
  runningTurn({ chat }: ChatAccess, answerId: string): TurnRecord | undefined {
    const id = turnIdOf(answerId);
    const turn = id && this.running.get(id)?.turn;
    return turn?.team === chat.team && turn.chat === chat.id ? turn : undefined;
  }

  /** Stops the runs of a chat that was deleted. */
  stopChat(chat: Id<'chat'>): void {
    for (const run of this.running.all()) {
      if (run.turn.chat === chat) stopDeleted(run);
    }
  }

  /** Stops a turn that is marked cancelled if it runs or waits in this process. */
  stopTurn(turn: Id<'turn'>): void {
    this.running.get(turn)?.abort.abort(new RunStopped('cancelled'));
    const queued = this.queue.findQueued(turn);
    if (queued) void this.endCancelled(queued);
  }

  /** Stops the turns of a chat before `sequence`, which are marked cancelled. */
  stopBefore(chat: Id<'chat'>, sequence: number): void {
    const here = [...this.running.all().map(({ turn }) => turn), ...this.queue.positions()];
    for (const turn of here) {
      if (turn.chat === chat && turn.sequence < sequence) this.stopTurn(turn.id);
    }
  }

  /** Notifies readers and followers of the end of a turn, and counts it. */
  notifyEnd(turn: Pick<TurnRecord, 'id' | 'team' | 'chat' | 'sequence'>, outcome: EndedOutcome): void {
    const { id, chat } = turn;
    const { followers, quota, uses } = this.#deps;
    // The recovery loop notes the use of a turn that it counts.
    if (quota.turnEnded(id)) uses.ended(turn, new Date());
    followers.outcomes.notify(id, outcome);
    followers.chats.notify(chat, 'changed');
  }

  /**
   * Starts no further turn, lets runs finish for `graceMs` or until `force` aborts, and hands over the rest to other
   * processes.
   */
  async drain(graceMs: number, force?: AbortSignal): Promise<void> {
    const { followers, clock, work } = this.#deps;
    this.#isDraining = true;
    this.queue.close();
    followers.chats.notifyAll('draining');
    followers.lists.notifyAll('draining');
    const done = new AbortController();
    const finished = work.settled().finally(() => done.abort());
    const over = force ? AbortSignal.any([done.signal, force]) : done.signal;
    await Promise.race([finished, clock.sleep(graceMs, over)]);
    // A turn that is being claimed now starts after this and is handed over too.
    this.#isHandingOver = true;
    for (const run of this.running.all()) run.abort.abort(new RunStopped('draining'));
    await work.settled();
    followers.outcomes.notifyAll({ kind: 'handed-over' });
  }

  /** A run without a place calls no model, so its duration is not used to estimate when a place becomes free. */
  async #run(run: Run, owner: TurnOwner, { hasPlace } = { hasPlace: true }): Promise<void> {
    const { durations, followers, log } = this.#deps;
    const endRun = hasPlace ? durations.start() : undefined;
    let isHere = true;
    const leave = () => {
      if (!isHere) return;
      isHere = false;
      endRun?.();
      this.running.delete(run);
      if (hasPlace) this.queue.leave(owner);
    };
    try {
      const result = await runTurn(this.#deps, run);
      leave();
      this.#notify(run, result);
      if (result.kind === 'ended' && result.hasSuccessor)
        await this.queue.startSuccessor(run.scope, run.turn, owner);
    } catch (error) {
      // The lease expires, and the recovery loop takes the turn over.
      log('error', 'run broke off', { turn: run.turn.id, error });
    } finally {
      leave();
      // Wake the local readers so that they poll the database.
      followers.texts.notify(run.turn.id, undefined);
    }
  }

  /**
   * Notifies the followers of the end. A run that was lost or requeued has not ended its turn; followers then poll
   * the database.
   */
  #notify(run: Run, result: RunResult): void {
    const { tails, quota, followers, bounds } = this.#deps;
    const { turn, chat } = run;
    if (result.kind === 'ended') {
      const { textBytes, outcome } = result;
      const history = run.history && historyAfter(run.history, turn, outcome, bounds.historyBytesMax);
      const isTail = !result.hasSuccessor && !run.isChatDeleted;
      // A caller may choose another path of a chat with versions, which only a query tells.
      if (chat && isTail && !chat.chat.hasVersions)
        tails.remember(chat, { sequence: turn.sequence, textBytes, history });
      this.notifyEnd(turn, outcome);
    }
    if (result.kind === 'deleted' || result.kind === 'handed-over') {
      quota.turnLeft(turn.id);
      followers.outcomes.notify(turn.id, { kind: result.kind });
    }
  }
}
