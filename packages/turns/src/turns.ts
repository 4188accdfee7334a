import { type Id, Refusal } from '@parley/contract';
import type { Scope } from '@parley/db';
import { type AcceptedTurn, acceptTurn, mintTurn } from './accept-turn.ts';
import { type Following, followTurn } from './follow-turn.ts';
import { Followers } from './followers.ts';
import { keepLeases } from './lease-keeper.ts';
import type { TurnParts } from './parts.ts';
import { recoverTurns } from './recover-turns.ts';
import { Runner } from './runner.ts';
import type { TurnOutcome } from './turn-outcome.ts';

export interface Turns {
  /**
   * Accepts a user's message and waits for its end, wherever it runs. The turn never depends on the wait.
   *
   * @throws Refusal whatever `acceptTurn` refuses; after acceptance `answer_pending` and
   *   `database_unavailable`, both with the answer's id.
   */
  send(
    scope: Scope,
    message: { chat: Id<'chat'>; content: string },
    signal?: AbortSignal,
  ): Promise<{ accepted: AcceptedTurn; outcome: TurnOutcome }>;
  /** Deletes a chat: a mark first, so that it is gone at once, then its turns. False when there is none. */
  deleteChat(scope: Scope, chat: Id<'chat'>): Promise<boolean>;
  readonly isDraining: boolean;
  /**
   * Stops accepting, lets runs finish for `graceMs` or until `hurry` aborts, hands over the rest, stops
   * renewals and sweep.
   */
  drain(graceMs: number, hurry?: AbortSignal): Promise<void>;
}

/** Starts the turns of one process: its runner, its renewals and its sweep. End it with `drain`. */
export function startTurns(parts: TurnParts): Turns {
  const followers = new Followers();
  const runner = new Runner(parts, followers);
  const stop = new AbortController();
  const background = [
    keepLeases(parts, runner.running, stop.signal),
    recoverTurns(parts, runner, stop.signal),
  ];

  return {
    async send(scope, { chat, content }, signal) {
      const accepted = mintTurn();
      const following = followTurn(parts, followers, runner, scope, accepted.turn);
      try {
        await runner.track(acceptTurn(parts, runner, scope, { ...accepted, chat, content }));
        return { accepted, outcome: await outcomeOf(following, accepted, signal) };
      } finally {
        following.detach();
      }
    },

    async deleteChat(scope, chat) {
      if (!(await parts.store.chats.markDeleted(scope, chat))) return false;
      runner.stopChat(chat);
      try {
        await parts.store.chats.purge(chat);
      } catch (error) {
        // It is deleted for everyone already; the sweep removes the rest.
        parts.log('warn', 'purge failed; the sweep will finish it', { chat, error });
      }
      return true;
    },

    get isDraining() {
      return runner.isDraining;
    },

    async drain(graceMs, hurry) {
      await runner.drain(graceMs, hurry);
      stop.abort();
      await Promise.all(background);
    },
  };
}

async function outcomeOf(
  following: Following,
  { answerId }: AcceptedTurn,
  signal: AbortSignal | undefined,
): Promise<TurnOutcome> {
  try {
    const outcome = await following.outcome(signal);
    if (outcome) return outcome;
  } catch (error) {
    if (error instanceof Refusal)
      throw new Refusal(error.code, { ...error.facts, messageId: answerId, cause: error });
    throw error;
  }
  throw new Refusal('answer_pending', { messageId: answerId });
}
