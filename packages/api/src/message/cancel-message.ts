import { answerStateSchema, oneAnswerInputSchema } from '@parley/contract';
import { chatProcedure } from '../procedures.ts';
import { toAnswerState } from './to-answer.ts';

/** `message.cancel`: stops an answer, on whichever server it runs. Repeating it has no effect. */
export const cancelMessage = chatProcedure(oneAnswerInputSchema, 'message_not_found')
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
  .output(answerStateSchema)
  .mutation(async ({ ctx: { turns, chat }, input: { messageId } }) =>
    toAnswerState(await turns.cancel(chat, messageId)),
  );
