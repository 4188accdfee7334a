import { createQuota, type Quota, type QuotaDeps } from '@parley/quota';
import { ChatPlaces } from './accept/chat-places.ts';
import type { AcceptDeps } from './accept/insert-turn.ts';
import type { TurnDeps } from './dependencies.ts';
import { ChatUses } from './list/chat-uses.ts';
import { makeFound } from './list/make-found.ts';
import { Followers } from './read/followers.ts';
import { createReads } from './read/reads.ts';
import type { ReadDeps } from './read/turn-reader.ts';
import { KnownTails } from './run/known-tails.ts';
import { LogWriter } from './run/log-writer.ts';
import { PendingWork } from './run/pending-work.ts';
import { RunDurations } from './run/run-durations.ts';
import { Runner } from './run/runner.ts';

/** The ports and the shared state of one process's turns. Functions take only the members that they need. */
export interface Engine extends AcceptDeps, ReadDeps {
  readonly quota: Quota;
  readonly logWriter: LogWriter;
  readonly uses: ChatUses;
  readonly work: PendingWork;
}

/** Creates the shared state of one process's turns. */
export function createEngine(deps: TurnDeps): Engine {
  const { clock } = deps;
  const durations = new RunDurations(clock);
  const secondsUntilFree = (running: number) => durations.secondsUntilFree(running);
  const followers = new Followers();
  const uses = new ChatUses({ ...deps, followers });
  const beforeCount: QuotaDeps['beforeCount'] = async (turns, left) => {
    for (const turn of left) uses.ended(turn, turn.endedAt);
    await uses.write();
    await makeFound(deps, turns);
  };
  const shared = {
    ...deps,
    followers,
    durations,
    uses,
    quota: createQuota({ ...deps, secondsUntilFree, beforeCount }),
    tails: new KnownTails(clock),
    logWriter: new LogWriter(deps),
    work: new PendingWork(),
  };
  const runner = new Runner(shared);
  return {
    ...shared,
    runner,
    places: new ChatPlaces(clock),
    running: runner.running,
    reads: createReads(deps),
    isWaiting: (turn) => runner.queue.isWaiting(turn),
  };
}
