import { answerStateSchema, isId, oneAnswerInputSchema, Refusal } from '@parley/contract';
import { procedure } from '../procedures.ts';
import { toAnswerState } from './to-answer.ts';

export const cancelMessage = procedure
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat/{chatId}/message/{messageId}/cancel',
      operationId: 'cancelMessage',
      tags: ['Messages'],
      summary: 'Stop an answer',
      description:
        'Stops an answer that is being written or waits to be, wherever that is, and keeps exactly what had ' +
        'been shown of it. One that has ended stays as it is: the answer tells how, and calling again is ' +
        'harmless.',
    },
    errors: ['message_not_found', 'chat_not_found'],
    hasOptionalBody: true,
  })
  .input(oneAnswerInputSchema)
  .output(answerStateSchema)
  .mutation(async ({ ctx: { turns, scope }, input: { chatId, messageId } }) => {
    if (!isId('chat', chatId)) throw new Refusal('message_not_found');
    return toAnswerState(await turns.cancel(scope, { chat: chatId, answerId: messageId }));
  });
