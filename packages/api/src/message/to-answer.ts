import { type Answer, type AnswerState, ApiError } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { AcceptedTurn, TurnOutcome } from '@parley/turns';
import { failedAnswer } from './failed-answer.ts';

/** How a waiting send ends. */
export function toAnswer(accepted: AcceptedTurn, outcome: TurnOutcome): Answer {
  const { answerId: messageId } = accepted;
  switch (outcome.kind) {
    case 'answered': {
      const { content, finishReason, createdAt } = outcome.answer;
      return {
        ...fieldsOf(accepted),
        content,
        status: outcome.status,
        ...(finishReason && { finishReason }),
        createdAt: createdAt.toISOString(),
      };
    }
    case 'empty':
      return { ...fieldsOf(accepted), content: '', status: 'stopped' };
    case 'failed':
      throw failedAnswer(outcome.errorCode, { messageId, retryAt: outcome.retryAt });
    case 'gone':
      throw new ApiError('chat_not_found');
    case 'handed-over':
      throw new ApiError('draining', { messageId });
  }
}

/** What a send that does not wait is answered. */
export function toUnfinishedAnswer(accepted: AcceptedTurn): Answer {
  const status = accepted.isStarted ? 'generating' : 'queued';
  return { ...fieldsOf(accepted), content: '', status };
}

/** What a repeated send that does not wait is answered: how the first one's turn stands by now. */
export function toRepeatedAnswer(turn: TurnRecord): Answer {
  const { status, ...state } = toAnswerState(turn);
  if (status === 'failed') {
    const { answerId: messageId, retryAt } = turn;
    throw failedAnswer(state.errorCode ?? 'model_failed', { messageId, retryAt });
  }
  return { ...state, status };
}

/** An answer as it is stored: of one that is being written, nothing yet. */
export function toAnswerState(turn: TurnRecord): AnswerState {
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
    ...(answer?.finishReason && { finishReason: answer.finishReason }),
    userMessageId,
    createdAt: (answer?.createdAt ?? turn.createdAt).toISOString(),
  };
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
