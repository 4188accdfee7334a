import type { AnswerState, Feedback } from '@parley/contract';
import { attempt } from './attempts.ts';
import { mintKey } from './mint-key.ts';
import type { Parley } from './parley.ts';
import { isRetryable, toParleyError } from './parley-error.ts';

interface OneAnswer {
  readonly chatId: string;
  readonly messageId: string;
}

/**
 * Cancels an answer. Retries up to four times.
 *
 * @throws ParleyError if the server rejects the request or stays unreachable
 */
export function stopAnswer(
  trpc: Parley['trpc'],
  answer: OneAnswer,
  closed: AbortSignal,
): Promise<AnswerState> {
  return attempt(closed, (signal) => trpc.message.cancel.mutate(answer, { signal }));
}

/**
 * Generates an ended answer again, exactly once over all attempts. Returns the id of the new answer. `hasEnded` is
 * true if the new answer has already failed; its events may have been missed.
 *
 * @throws ParleyError if the server rejects the request or stays unreachable
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
    // The retry was accepted; the error is that of the new answer.
    const id = isRetryable(error) ? undefined : error.messageId;
    if (id === undefined || id === answer.messageId) throw error;
    return { id, hasEnded: true };
  }
}

/**
 * Replaces a user's message, exactly once over all attempts.
 *
 * @throws ParleyError if the server rejects the request or stays unreachable
 */
export function replaceMessage(
  trpc: Parley['trpc'],
  { chatId, messageId, content }: OneAnswer & { readonly content: string },
  closed: AbortSignal,
): Promise<unknown> {
  const context = { idempotencyKey: mintKey() };
  const input = { chatId, content, role: 'user', replaces: messageId, wait: false } as const;
  return attempt(closed, (signal) => trpc.message.create.mutate(input, { signal, context }));
}

/**
 * Shows the newest path through a message. Retries up to four times.
 *
 * @throws ParleyError if the server rejects the request or stays unreachable
 */
export function choosePath(trpc: Parley['trpc'], message: OneAnswer, closed: AbortSignal): Promise<unknown> {
  return attempt(closed, (signal) => trpc.chat.choosePath.mutate(message, { signal }));
}

/**
 * Rates an answer, or takes the rating back. Retries up to four times.
 *
 * @throws ParleyError if the server rejects the request or stays unreachable
 */
export function rateAnswer(
  trpc: Parley['trpc'],
  answer: OneAnswer,
  feedback: Feedback | undefined,
  closed: AbortSignal,
): Promise<unknown> {
  return attempt(closed, (signal) =>
    feedback
      ? trpc.message.setFeedback.mutate({ ...answer, ...feedback }, { signal })
      : trpc.message.deleteFeedback.mutate(answer, { signal }),
  );
}
