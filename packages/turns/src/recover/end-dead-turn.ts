import type { Lease, TurnEnd, UnfinishedTurn } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import { mintToken } from '../run/run.ts';
import { failedEnd, lastLogged, nameUnnamed, outcomeOfEnd, stoppedEnd } from '../run/run-turn.ts';
import type { Runner } from '../run/runner.ts';
import { ownerOf } from '../run/schedule/turn-owner.ts';
import { accountOf, usageOfDeadRun } from '../run/turn-usage.ts';
import { insertMarker } from './remove-deleted-chat.ts';

/**
 * Ends a turn of a dead process instead of running it again: the turn was cancelled, or was taken over too often.
 * The answer keeps the logged text. Starts the successor.
 */
export async function endDeadTurn(
  deps: TurnDeps,
  runner: Runner,
  { id, team, chat, sequence }: UnfinishedTurn,
  seen: Lease,
  how: 'cancelled' | 'interrupted',
): Promise<void> {
  const { store, log, bounds } = deps;
  const scope = { team };
  const token = mintToken();
  const turn = await store.turns.takeOver(scope, id, seen, token);
  if (!turn) return;
  const [view, written] = await Promise.all([
    store.turns.readRunContext(scope, chat, sequence, 0),
    lastLogged(store, scope, id, seen.attempt),
  ]);
  if (!view.chat) {
    await insertMarker(deps, chat);
    await Promise.all([store.turns.remove(scope, id), store.turnLog.remove(scope, id)]);
    return;
  }
  await nameUnnamed(deps, turn, view.chat);
  const end: TurnEnd = {
    ...(how === 'cancelled'
      ? stoppedEnd(turn, view, written)
      : failedEnd(turn, view, written, 'interrupted')),
    account: accountOf(view.chat.chat),
    usage: [usageOfDeadRun(turn, view, written, bounds.historyBytesMax)],
  };
  const ended = await store.turns.end(scope, id, token, end);
  if (ended.result !== 'ended') return;
  log(how === 'cancelled' ? 'info' : 'error', 'a turn whose runner died was ended', { turn: id, how });
  runner.notifyEnd(turn, outcomeOfEnd(end, turn.lease?.attempt ?? seen.attempt));
  if (ended.hasSuccessor) await runner.queue.startSuccessor(scope, turn, ownerOf(turn));
}
