import {
  type Answer,
  answerSchema,
  createMessageInputSchema,
  type Id,
  isId,
  Refusal,
} from '@parley/contract';
import type { AcceptedTurn, TurnOutcome } from '@parley/turns';
import { anyKeyProcedure } from '../procedures.ts';

export const createMessage = anyKeyProcedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat/{chatId}/message',
      operationId: 'createMessage',
      tags: ['Messages'],
      summary: 'Send a message',
      description:
        "Sends a user's message and waits for the agent's answer. The message is stored before the model is " +
        'called; hanging up does not stop the answer. A refusal with `messageId` came after the message was ' +
        'accepted: it is in the list, and so will be its answer if there is one.',
    },
    errors: [
      'chat_not_found',
      'chat_full',
      'queue_full',
      'agent_not_found',
      'model_failed',
      'model_refused',
      'model_rate_limited',
      'interrupted',
      'model_timeout',
      'answer_pending',
      'model_not_configured',
      'model_loading',
      'draining',
    ],
  })
  .input(createMessageInputSchema)
  .output(answerSchema)
  .mutation(async ({ ctx: { turns, scope, hangUp }, input: { chatId, content } }) => {
    if (!isId('chat', chatId)) throw new Refusal('chat_not_found');
    const { accepted, outcome } = await turns.send(scope, { chat: chatId, content }, hangUp());
    return toAnswer(chatId, accepted, outcome);
  });

/** How a waiting send ends. */
function toAnswer(
  chatId: Id<'chat'>,
  { answerId, userMessageId }: AcceptedTurn,
  outcome: TurnOutcome,
): Answer {
  const messageId = answerId;
  switch (outcome.kind) {
    case 'answered': {
      const { id, content, createdAt } = outcome.answer;
      const { status } = outcome;
      return {
        id,
        chatId,
        content,
        role: 'assistant',
        status,
        userMessageId,
        createdAt: createdAt.toISOString(),
      };
    }
    case 'empty':
      return {
        id: answerId,
        chatId,
        content: '',
        role: 'assistant',
        status: 'stopped',
        userMessageId,
        createdAt: new Date().toISOString(),
      };
    case 'failed':
      throw new Refusal(outcome.errorCode, { messageId });
    case 'gone':
      throw new Refusal('chat_not_found');
    case 'handed-over':
      throw new Refusal('draining', { messageId });
  }
}
