import { answerSchema, retryMessageInputSchema } from '@parley/contract';
import { turnProcedure } from '../procedures.ts';
import { answerOfAccepted } from './await-answer.ts';
import { turnErrors } from './create-message.ts';

/** `message.retry`: answers the message of a failed answer again, if that is the newest answer of the chat. */
export const retryMessage = turnProcedure(retryMessageInputSchema, 'message_not_found')
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat/{chatId}/message/{messageId}/retry',
      operationId: 'retryMessage',
      tags: ['Messages'],
      summary: 'Retry a failed answer',
      description:
        'Answers a message again if its answer failed and is the newest of its chat. The new answer has its own ' +
        'id. You can wait for it or stream it, as when you send a message.',
    },
    errors: [...turnErrors, 'message_not_found', 'not_retryable'],
    isIdempotent: true,
    canStream: true,
    hasOptionalBody: true,
  })
  .output(answerSchema)
  .mutation(async ({ ctx, input: { messageId, wait = true } }) => {
    const { turns, chat, replayed, requestedBy, idempotency } = ctx;
    const retry = { answerId: messageId, idempotency, requestedBy };
    const accepted = replayed ?? (await turns.retry(chat, retry));
    return answerOfAccepted(ctx, accepted, wait);
  });
