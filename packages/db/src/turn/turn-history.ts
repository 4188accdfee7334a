import type { MessageRecord } from '../message/message-records.ts';
import { fromErrorFields } from './stored-error-code.ts';
import type { TurnDocument } from './turn-model.ts';
import type { RunContext } from './turn-records.ts';

/** The fields of a turn that its history needs. */
export const historyFields = {
  ...{ retryOf: 1, errorCode: 1, exactErrorCode: 1 },
  ...{ 'messages.role': 1, 'messages.content': 1 },
} as const;

/** A turn, as far as the history needs it. */
export type HistoryTurn = Pick<TurnDocument, 'retryOf' | 'errorCode' | 'exactErrorCode'> & {
  readonly messages: readonly Pick<MessageRecord, 'role' | 'content'>[];
};

/**
 * The messages of the newest turns of a chat, oldest first. A message whose newest answer the model rejected is marked:
 * that is the last of the retries that follow its turn, or else the turn's own.
 */
export function historyOf(newestFirst: readonly HistoryTurn[]): RunContext['history'] {
  let isRefused = false;
  let isRetried = false;
  const turns = newestFirst.map((turn) => {
    if (!isRetried) isRefused = fromErrorFields(turn) === 'model_refused';
    isRetried = turn.retryOf !== undefined;
    return isRefused ? turn.messages.map((message) => ({ ...message, isRefused })) : turn.messages;
  });
  return turns.reverse().flat();
}
