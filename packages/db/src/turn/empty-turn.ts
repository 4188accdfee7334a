import { answerIdOf } from '@parley/contract';
import type { TurnDocument } from './turn-model.ts';

/**
 * The fields of a turn that has ended without a message and without usage. Documents that only take a place in a chat have
 * them, because release 0.1.0 reads such a document as a turn. It names no team.
 */
export function toEmptyTurn({ _id, chat, sequence }: Pick<TurnDocument, '_id' | 'chat' | 'sequence'>) {
  const now = new Date();
  return {
    ...{ _id, chat, sequence },
    status: 'stopped' as const,
    takeovers: 0,
    messages: [],
    answerId: answerIdOf(_id),
    usage: [],
    createdAt: now,
    endedAt: now,
  };
}
