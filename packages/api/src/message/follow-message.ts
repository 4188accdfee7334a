import {
  type AnswerEvent,
  followAnswerInputSchema,
  formatStreamCursor,
  parseStreamCursor,
} from '@parley/contract';
import type { ReadAnswer, ReaderEvent } from '@parley/turns';
import { type TrackedEnvelope, tracked } from '@trpc/server';
import { chatStreamProcedure } from '../procedures.ts';

/**
 * `message.follow`: streams an answer, from its start or after `lastEventId`. Each event has the cursor after it,
 * so that a client can continue on any server.
 */
export const followMessage = chatStreamProcedure(
  'answer',
  followAnswerInputSchema,
  'message_not_found',
).subscription(async ({ ctx: { turns, chat, stream }, input: { messageId, lastEventId } }) => {
  const from = lastEventId === undefined ? undefined : (parseStreamCursor(lastEventId) ?? null);
  return trackedEvents(await turns.read(chat, { answerId: messageId, from }, stream.signal));
});

async function* trackedEvents(
  answer: ReadAnswer,
): AsyncGenerator<TrackedEnvelope<AnswerEvent>, void, undefined> {
  for await (const { cursor, event } of answer.events) {
    yield tracked(formatStreamCursor(cursor), toAnswerEvent(answer, event));
  }
}

function toAnswerEvent({ answerId, userMessageId }: ReadAnswer, event: ReaderEvent): AnswerEvent {
  if (event.type === 'start') return { type: 'start', messageId: answerId, userMessageId };
  if (event.type === 'status') return { ...event, retryAt: event.retryAt.toISOString() };
  if (event.type !== 'end') return event;
  return { type: 'end', ...toEnd(event.outcome) };
}

/** Converts the outcome of an answer to the fields of an `end` event. */
export function toEnd(outcome: Extract<ReaderEvent, { type: 'end' }>['outcome']) {
  switch (outcome.kind) {
    case 'answered':
      return {
        status: outcome.status,
        ...(outcome.answer.finishReason && { finishReason: outcome.answer.finishReason }),
        createdAt: outcome.answer.createdAt.toISOString(),
      } as const;
    case 'empty':
      return { status: 'stopped' } as const;
    case 'failed':
      return {
        status: 'failed',
        errorCode: outcome.errorCode,
        ...(outcome.retryAt && { retryAt: outcome.retryAt.toISOString() }),
      } as const;
  }
}
