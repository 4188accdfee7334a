import {
  type AnswerEvent,
  followAnswerInputSchema,
  formatStreamCursor,
  parseStreamCursor,
} from '@parley/contract';
import { tracked } from '@trpc/server';
import { chatStreamProcedure } from '../procedures.ts';
import { readShowSettings, showAnswerEvent } from './show-answer.ts';

/**
 * `message.follow`: streams an answer, from its start or after `lastEventId`. Each event has the cursor after it,
 * so that a client can continue on any server.
 */
export const followMessage = chatStreamProcedure(
  'answer',
  followAnswerInputSchema,
  'message_not_found',
).subscription(async ({ ctx: { turns, stores, chat, stream }, input: { messageId, lastEventId } }) => {
  const from = lastEventId === undefined ? undefined : (parseStreamCursor(lastEventId) ?? null);
  const { events } = await turns.read(chat, { answerId: messageId, from }, stream.signal);
  const readSettings = () => readShowSettings(stores, chat);
  return stream.guard(events, ({ cursor, event }) => {
    const toTracked = (shown: AnswerEvent | undefined) => shown && tracked(formatStreamCursor(cursor), shown);
    const shown = showAnswerEvent(event, readSettings);
    return shown instanceof Promise ? shown.then(toTracked) : toTracked(shown);
  });
});
