import { answerSchema, retryMessageInputSchema } from '@parley/contract';
import { turnProcedure } from '../procedures.ts';
import { answerOfAccepted } from './await-answer.ts';
import { turnErrors, versionErrors } from './create-message.ts';

/** `message.retry`: answers the message of an ended answer again. */
export const retryMessage = turnProcedure(retryMessageInputSchema, 'message_not_found')
  .meta({
    openapi: {
      method: 'POST',
      path: '/chat/{chatId}/message/{messageId}/retry',
      operationId: 'retryMessage',
      tags: ['Messages'],
      summary: 'Answer again',
      description:
        'Answers the message of an answer again. The new answer has its own id, and the chat shows it in place of the other one, ' +
        'which stays as a version. You can wait for it or stream it, as when you send a message. Anything but the failed newest ' +
        'answer is only answered again when no answer of the chat is running.',
    },
    errors: [...turnErrors, ...versionErrors, 'message_not_found', 'not_retryable'],
    isIdempotent: true,
    canStream: true,
    hasOptionalBody: true,
  })
  .output(answerSchema)
  .mutation(async ({ ctx, input: { messageId, wait = true, onBusy } }) => {
    const { turns, chat, replayed, requestedBy, idempotency } = ctx;
    const retry = { answerId: messageId, onBusy, idempotency, requestedBy };
    const accepted = replayed ?? (await turns.retry(chat, retry));
    return answerOfAccepted(ctx, accepted, wait);
  });
