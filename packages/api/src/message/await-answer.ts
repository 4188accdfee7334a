import { type Answer, ApiError } from '@parley/contract';
import type { ChatAccess, Stores } from '@parley/db';
import type { AcceptedTurn, TurnOutcome, Turns } from '@parley/turns';
import type { RequestContext } from '../context.ts';
import { type ReadSettings, settingsReader } from './show-answer.ts';
import { toAnswer, toRepeatedAnswer, toUnfinishedAnswer } from './to-answer.ts';

interface AnsweredTurn {
  readonly accepted: AcceptedTurn;
  readonly outcome: TurnOutcome;
}

interface AnswerContext {
  readonly turns: Turns;
  readonly stores: Pick<Stores, 'agents'>;
  readonly chat: ChatAccess;
  readonly request: Pick<RequestContext, 'openWait' | 'markReplayed'>;
}

/**
 * Waits for an answer for as long as the caller's credentials are valid, as a stream of the answer does. The turn never
 * depends on the wait.
 *
 * @throws ApiError as `wait` and `toAnswer` do; the reason, with the answer's id, when the credentials were withdrawn
 */
export async function awaitAnswer(
  { openWait }: Pick<RequestContext, 'openWait'>,
  readSettings: ReadSettings,
  wait: (signal: AbortSignal) => Promise<AnsweredTurn>,
): Promise<Answer> {
  const waiting = await openWait();
  try {
    const { accepted, outcome } = await wait(waiting.signal);
    // The chat may also be outside the caller's scope because the credentials were withdrawn. Then that is the reason
    // to report.
    if (outcome.kind === 'deleted') await waiting.confirm();
    waiting.throwIfEnded(accepted.answerId);
    const tape = outcome.kind === 'answered' ? outcome.answer.tape : undefined;
    return toAnswer(accepted, outcome, await readSettings(tape));
  } catch (error) {
    // With an id, this error says that the message may or may not be stored. No other error may claim that it is.
    if (!(error instanceof ApiError)) throw error;
    const { code, facts } = error;
    if (code !== 'database_unavailable' || facts.messageId === undefined)
      waiting.throwIfEnded(facts.messageId);
    throw error;
  } finally {
    waiting.close();
  }
}

/**
 * The answer of an accepted turn, or with `wait: false` its present state.
 *
 * @throws ApiError as `awaitAnswer` does
 */
export async function answerOfAccepted(
  { turns, stores, chat, request }: AnswerContext,
  accepted: AcceptedTurn,
  wait: boolean,
): Promise<Answer> {
  if (accepted.isReplay) request.markReplayed();
  const readSettings = settingsReader(stores, chat);
  if (wait)
    return awaitAnswer(request, readSettings, async (signal) => ({
      accepted,
      outcome: await turns.outcome(chat, accepted, signal),
    }));
  if (!accepted.isReplay) return toUnfinishedAnswer(accepted);
  const turn = await turns.find(chat, accepted.answerId);
  return toRepeatedAnswer(turn, await readSettings(turn.answer?.tape));
}
