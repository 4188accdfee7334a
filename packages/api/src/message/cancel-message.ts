import { answerStateSchema, oneAnswerInputSchema } from '@parley/contract';
import { chatProcedure } from '../procedures.ts';
import { settingsReader } from './show-answer.ts';
import { toAnswerState } from './to-answer.ts';

/** `message.cancel`: stops an answer, on any server. Repeating it has no effect. */
export const cancelMessage = chatProcedure(oneAnswerInputSchema, 'message_not_found')
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat/{chatId}/message/{messageId}/cancel',
      operationId: 'cancelMessage',
      tags: ['Messages'],
      summary: 'Stop an answer',
      description:
        'Stops a running or waiting answer, on whichever server it runs. The answer keeps exactly the text that ' +
        'was sent so far. An answer that has ended does not change; the response contains its status. Repeating ' +
        'the request has no effect.',
    },
    errors: ['message_not_found', 'chat_not_found'],
    hasOptionalBody: true,
  })
  .output(answerStateSchema)
  .mutation(async ({ ctx: { turns, stores, chat }, input: { messageId } }) => {
    const turn = await turns.cancel(chat, messageId);
    return toAnswerState(turn, await settingsReader(stores, chat)(turn.answer?.tape));
  });
