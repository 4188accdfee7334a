import type { AnswerState } from '@parley/contract';
import { attempt } from './attempts.ts';
import { mintKey } from './mint-key.ts';
import type { Parley } from './parley.ts';
import { isRetryable, toParleyError } from './parley-error.ts';

interface OneAnswer {
  readonly chatId: string;
  readonly messageId: string;
}

/**
 * Stops an answer.
 *
 * @throws ParleyError
 */
export function stopAnswer(
  trpc: Parley['trpc'],
  answer: OneAnswer,
  closed: AbortSignal,
): Promise<AnswerState> {
  return attempt(closed, (signal) => trpc.message.cancel.mutate(answer, { signal }));
}

/**
 * Has a message answered again, once over all attempts; answers the new answer's id, and whether it has ended by
 * now, untold.
 *
 * @throws ParleyError
 */
export async function retryAnswer(
  trpc: Parley['trpc'],
  answer: OneAnswer,
  closed: AbortSignal,
): Promise<{ readonly id: string; readonly hasEnded: boolean }> {
  const context = { idempotencyKey: mintKey() };
  try {
    const { id } = await attempt(closed, (signal) =>
      trpc.message.retry.mutate({ ...answer, wait: false }, { signal, context }),
    );
    return { id, hasEnded: false };
  } catch (thrown) {
    const error = toParleyError(thrown);
    // The refusal is that of the new answer, which has failed by now: the retry itself was accepted.
    const id = isRetryable(error) ? undefined : error.messageId;
    if (id === undefined || id === answer.messageId) throw error;
    return { id, hasEnded: true };
  }
}
