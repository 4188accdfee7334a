import { type Id, mintId } from '@parley/contract';
import type { Lease, Scope, TurnRecord } from '@parley/db';
import type { Followers } from './followers.ts';
import type { TurnParts } from './parts.ts';
import { type Run, RunningTurns, RunStopped } from './run.ts';
import { runTurn } from './run-turn.ts';

/** Turns that wait for a slot of this process. More than these find the sweep. */
const WAITING_MAX = 10_000;

interface WaitingTurn {
  readonly scope: Scope;
  readonly turn: Id<'turn'>;
}

/** Runs turns within the slots of this process, each under a lease, and wakes their successors. */
export class Runner {
  readonly running: RunningTurns;
  readonly #parts: TurnParts;
  readonly #followers: Followers;
  readonly #waiting: WaitingTurn[] = [];
  readonly #work = new Set<Promise<void>>();
  #draining = false;

  constructor(parts: TurnParts, followers: Followers) {
    this.#parts = parts;
    this.#followers = followers;
    this.running = new RunningTurns(parts.bounds.runningTurnsMax);
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Takes a slot for a turn that is about to be claimed. False: none is free, or the process drains. */
  reserve(): boolean {
    return !this.#draining && this.running.reserve();
  }

  /** Starts a turn that was claimed under a reserved slot. `claimedAt` is from before the claim. */
  start(turn: TurnRecord, claimedAt: number): void {
    const { lease } = turn;
    if (!lease) throw new Error(`turn ${turn.id} was started without a lease`);
    const run: Run = {
      turn,
      scope: { team: turn.team },
      token: lease.token,
      attempt: lease.attempt,
      abort: new AbortController(),
      deadline: claimedAt + this.#parts.bounds.leaseMs,
    };
    this.running.add(run);
    this.#track(this.#run(run));
  }

  /** Claims a queued turn whose predecessor has ended, now or when a slot is free. */
  claimSoon(scope: Scope, turn: Id<'turn'>): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ scope, turn });
    this.#claimWaiting();
  }

  /** Runs `claim` under a slot and starts what it claimed. False: no slot was free. */
  async claimWith(claim: (token: string) => Promise<TurnRecord | undefined>): Promise<boolean> {
    if (!this.reserve()) return false;
    const claimedAt = this.#parts.clock.now();
    let claimed: TurnRecord | undefined;
    try {
      claimed = await claim(mintToken());
    } catch (error) {
      this.running.free();
      throw error;
    }
    if (claimed) this.start(claimed, claimedAt);
    else this.running.free();
    return true;
  }

  /** Ends a turn, as `interrupted`, that outlived too many runners, and wakes its successor. */
  async giveUp(scope: Scope, turn: TurnRecord, seen: Lease): Promise<void> {
    const { store, log } = this.#parts;
    const token = mintToken();
    if (!(await store.turns.takeOver(scope, turn.id, seen, token))) return;
    const { textBytesBefore } = await store.turns.look(scope, turn.chat, turn.sequence, 0);
    const textBytes = textBytesBefore + Buffer.byteLength(turn.userMessage.content);
    const ended = await store.turns.end(scope, turn.id, token, {
      status: 'failed',
      errorCode: 'interrupted',
      textBytes,
    });
    log('error', 'a turn was given up', { turn: turn.id, takeovers: turn.takeovers });
    if (ended.result === 'ended' && ended.hasSuccessor) {
      await this.claimWith((next) => store.turns.claimNext(scope, turn.chat, turn.sequence + 1, next));
    }
  }

  /** Stops the runs of a chat that was deleted. */
  stopChat(chat: Id<'chat'>): void {
    for (const run of this.running.all()) {
      if (run.turn.chat === chat) run.abort.abort(new RunStopped('chat-deleted'));
    }
  }

  /** Starts nothing more; lets runs finish for `graceMs` or until `hurry` aborts, then hands them over. */
  async drain(graceMs: number, hurry?: AbortSignal): Promise<void> {
    this.#draining = true;
    const done = new AbortController();
    const finished = this.#settled().finally(() => done.abort());
    const over = hurry ? AbortSignal.any([done.signal, hurry]) : done.signal;
    await Promise.race([finished, this.#parts.clock.sleep(graceMs, over)]);
    for (const run of this.running.all()) run.abort.abort(new RunStopped('draining'));
    await this.#settled();
    this.#followers.settleAll({ kind: 'handed-over' });
  }

  async #settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  async #run(run: Run): Promise<void> {
    const { id, chat, sequence } = run.turn;
    const { store, log } = this.#parts;
    try {
      const result = await runTurn(this.#parts, run);
      this.running.delete(run);
      if (result.kind === 'ended') this.#followers.settle(id, result.outcome);
      if (result.kind === 'gone') this.#followers.settle(id, { kind: 'gone' });
      if (result.kind === 'handed-over') this.#followers.settle(id, { kind: 'handed-over' });
      if (result.kind === 'ended' && result.hasSuccessor) {
        await this.claimWith((token) => store.turns.claimNext(run.scope, chat, sequence + 1, token));
      }
    } catch (error) {
      // The lease runs out and the sweep takes the turn over: nothing is lost, and the log says why.
      log('error', 'run broke off', { turn: id, error });
    } finally {
      this.running.delete(run);
      this.#claimWaiting();
    }
  }

  #claimWaiting(): void {
    while (
      this.#waiting.length > 0 &&
      !this.#draining &&
      this.running.size < this.#parts.bounds.runningTurnsMax
    ) {
      const next = this.#waiting.shift();
      if (next) this.#track(this.#claim(next));
    }
  }

  async #claim({ scope, turn }: WaitingTurn): Promise<void> {
    try {
      await this.claimWith((token) => this.#parts.store.turns.claim(scope, turn, token));
    } catch (error) {
      this.#parts.log('warn', 'claim failed; the sweep will find the turn', { turn, error });
    }
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }
}

/** A token nobody can guess or repeat: the fence of one run. */
export function mintToken(): string {
  return mintId('request');
}
