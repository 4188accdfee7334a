import { followAnswerInputSchema, formatStreamCursor, parseStreamCursor } from '@parley/contract';
import { tracked } from '@trpc/server';
import { chatStreamProcedure } from '../procedures.ts';
import { showAnswerEvent } from './show-answer.ts';

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
  const { events } = await turns.read(chat, { answerId: messageId, from }, stream.signal);
  return stream.guard(events, ({ cursor, event }) => {
    const shown = showAnswerEvent(event);
    return shown && tracked(formatStreamCursor(cursor), shown);
  });
});
