import { ApiError, type Id } from '@parley/contract';
import type { Lease, UnfinishedTurn } from '@parley/db';
import { jittered } from '@parley/quota';
import type { TurnDeps } from '../dependencies.ts';
import type { Runner } from '../run/runner.ts';
import { ownerOf } from '../run/schedule/turn-owner.ts';
import { endDeadTurn } from './end-dead-turn.ts';
import { PASSES_PER_LEASE, UNREACHABLE_MAX } from './intervals.ts';

const RECOVERY_PAGE = 200;

interface Sighting {
  readonly token: string;
  readonly renewals: number;
  /** This process's monotonic time when the count was first seen. */
  readonly since: number;
}

type Sightings = Map<Id<'turn'>, Sighting>;

/**
 * The recovery loop finds turns that no process runs. It claims a queued turn whose predecessor has ended. It takes
 * over a run whose lease was not renewed for a whole lease on this process's clock, or ends it if it was cancelled.
 */
export async function recoverTurns(deps: TurnDeps, runner: Runner, signal: AbortSignal): Promise<void> {
  const { clock, log, bounds } = deps;
  let sightings: Sightings = new Map();
  while (!signal.aborted) {
    try {
      sightings = await recoverOnce(deps, runner, sightings, signal);
    } catch (error) {
      log('warn', 'recovery failed', { error });
    }
    await clock.sleep(jittered(clock, bounds.leaseMs / PASSES_PER_LEASE), signal);
  }
}

async function recoverOnce(
  deps: TurnDeps,
  runner: Runner,
  before: Sightings,
  signal: AbortSignal,
): Promise<Sightings> {
  const seen: Sightings = new Map();
  let unreachable = 0;
  const waiting = runner.queue.waitingTurns();
  for (let after: Id<'turn'> | undefined; ; ) {
    const page = await deps.store.turns.listUnfinished(RECOVERY_PAGE, after);
    const unfinished = new Set(page.map(({ chat, sequence }) => placeOf(chat, sequence)));
    for (const turn of page) {
      if (signal.aborted) return seen;
      // A turn with an unchanged status still waits. The other turns run elsewhere or have ended.
      if (waiting.get(turn.id) === turn.status) waiting.delete(turn.id);
      if (runner.running.has(turn.id)) continue;
      try {
        if (turn.status === 'queued') await claimIfNext(deps, runner, turn, unfinished);
        else if (turn.lease) await watch(deps, runner, turn, turn.lease, before, seen);
        unreachable = 0;
      } catch (error) {
        // An error that concerns one turn must not stop the others; an unreachable database ends the pass.
        const isUnreachable = error instanceof ApiError;
        deps.log(isUnreachable ? 'warn' : 'error', 'recovery failed for a turn', { turn: turn.id, error });
        if (isUnreachable && ++unreachable === UNREACHABLE_MAX) throw error;
      }
    }
    after = page.at(-1)?.id;
    if (page.length < RECOVERY_PAGE) break;
  }
  for (const turn of waiting.keys()) runner.queue.forget(turn);
  return seen;
}

function placeOf(chat: Id<'chat'>, sequence: number): string {
  return `${chat} ${sequence}`;
}

/** Claims a turn if its predecessor has ended. Most predecessors are in the same page, so few turns need a query. */
async function claimIfNext(
  deps: TurnDeps,
  runner: Runner,
  turn: UnfinishedTurn,
  unfinished: ReadonlySet<string>,
): Promise<void> {
  const { store } = deps;
  const { id, team, chat, sequence, isCancelled } = turn;
  if (unfinished.has(placeOf(chat, sequence - 1)) || !runner.queue.takesTurns) return;
  // A cancelled turn only has to be ended, which needs neither a model nor a place.
  if (!isCancelled && (runner.queue.isWaiting(id) || !isModelReady(deps))) return;
  if (!(await store.turns.hasPredecessorEnded({ team }, chat, sequence))) return;
  if (isCancelled) await runner.endCancelled(turn);
  else runner.queue.claimSoon(turn, ownerOf(turn));
}

async function watch(
  deps: TurnDeps,
  runner: Runner,
  turn: UnfinishedTurn,
  lease: Lease,
  before: Sightings,
  seen: Sightings,
): Promise<void> {
  const { token, renewals } = lease;
  const now = deps.clock.now();
  const last = before.get(turn.id);
  const isUnchanged = last?.token === token && last.renewals === renewals;
  const since = isUnchanged ? last.since : now;
  seen.set(turn.id, { token, renewals, since });
  if (now - since < deps.bounds.leaseMs) return;
  await takeOver(deps, runner, turn, lease);
}

/**
 * Takes a turn over. A turn that was taken over too often is ended, so that it cannot crash one process after
 * another.
 */
async function takeOver(deps: TurnDeps, runner: Runner, turn: UnfinishedTurn, lease: Lease): Promise<void> {
  const { bounds } = deps;
  if (turn.isCancelled) return endDeadTurn(deps, runner, turn, lease, 'cancelled');
  if (turn.takeovers < bounds.takeoversMax) {
    if (!runner.queue.takesTurns || runner.queue.isWaiting(turn.id) || !isModelReady(deps)) return;
    runner.queue.takeOverSoon(turn, ownerOf(turn), lease);
    return;
  }
  await endDeadTurn(deps, runner, turn, lease, 'interrupted');
}

function isModelReady({ checkModel }: TurnDeps): boolean {
  try {
    checkModel();
    return true;
  } catch {
    return false;
  }
}
