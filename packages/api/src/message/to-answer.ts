import { type Answer, type AnswerState, ApiError, partsOf } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { AcceptedTurn, TurnOutcome } from '@parley/turns';
import { failedAnswer } from './failed-answer.ts';
import { type ShowSettings, showParts } from './show-answer.ts';

/**
 * Returns the answer for a request that waited, or throws the error of its turn. `settings` decide which of its parts are
 * shown.
 */
export function toAnswer(accepted: AcceptedTurn, outcome: TurnOutcome, settings: ShowSettings = {}): Answer {
  const { answerId: messageId } = accepted;
  switch (outcome.kind) {
    case 'answered': {
      const { content, tape, finishReason, createdAt } = outcome.answer;
      return {
        ...fieldsOf(accepted),
        content,
        status: outcome.status,
        ...toParts(tape, settings),
        ...(finishReason && { finishReason }),
        createdAt: createdAt.toISOString(),
      };
    }
    case 'empty':
      return { ...fieldsOf(accepted), content: '', status: 'stopped' };
    case 'failed':
      throw failedAnswer(outcome.errorCode, { messageId, retryAt: outcome.retryAt });
    case 'deleted':
      throw new ApiError('chat_not_found');
    case 'handed-over':
      throw new ApiError('draining', { messageId });
  }
}

/** Returns the answer for a request that does not wait. */
export function toUnfinishedAnswer(accepted: AcceptedTurn): Answer {
  const status = accepted.isStarted ? 'generating' : 'queued';
  return { ...fieldsOf(accepted), content: '', status };
}

/** Returns the answer for a repeated request that does not wait: the current status of the turn. */
export function toRepeatedAnswer(turn: TurnRecord, settings: ShowSettings = {}): Answer {
  const { status, ...state } = toAnswerState(turn, settings);
  if (status === 'failed') {
    const { answerId: messageId, retryAt } = turn;
    throw failedAnswer(state.errorCode ?? 'model_failed', { messageId, retryAt });
  }
  return { ...state, status };
}

/** Returns the state of an answer as it is stored. A running answer has no content yet. */
export function toAnswerState(turn: TurnRecord, settings: ShowSettings = {}): AnswerState {
  const { answerId: id, chat: chatId, userMessage, retryOf, answer, errorCode } = turn;
  const userMessageId = userMessage?.id ?? retryOf?.userMessageId;
  if (!userMessageId) throw new Error(`turn ${turn.id} answers nothing`);
  return {
    id,
    chatId,
    content: answer?.content ?? '',
    role: 'assistant',
    status: turn.status === 'queued' && turn.isCancelled ? 'stopped' : turn.status,
    ...(errorCode !== undefined && { errorCode }),
    ...toParts(answer?.tape, settings),
    ...(answer?.finishReason && { finishReason: answer.finishReason }),
    userMessageId,
    createdAt: (answer?.createdAt ?? turn.createdAt).toISOString(),
  };
}

function toParts(tape: string | undefined, settings: ShowSettings) {
  const parts = tape === undefined ? undefined : showParts(partsOf(tape), settings);
  return parts ? { parts } : {};
}

function fieldsOf({ answerId, chat, userMessageId, createdAt }: AcceptedTurn) {
  return {
    id: answerId,
    chatId: chat,
    role: 'assistant' as const,
    userMessageId,
    createdAt: createdAt.toISOString(),
  };
}
