import { ApiError, compact, feedbackSchema, isId, setFeedbackInputSchema } from '@parley/contract';
import { chatProcedure } from '../procedures.ts';
import { toFeedback } from './to-message.ts';

/** `message.setFeedback`: rates an answer, in place of the caller's earlier rating. */
export const setFeedback = chatProcedure(setFeedbackInputSchema, 'message_not_found')
  .meta({
    openapi: {
      method: 'PUT',
      path: '/chat/{chatId}/message/{messageId}/feedback',
      operationId: 'setFeedback',
      tags: ['Messages'],
      summary: 'Rate an answer',
      description:
        'Rates an answer `up` or `down`, with an optional comment, and replaces your earlier feedback on it. The user of the ' +
        'chat and the team have one each: all callers that act for the team share theirs. Lists of messages contain your own ' +
        'feedback, and `GET /usage?groupBy=agentVersion` counts all of it. Running answers cannot be rated.',
    },
    errors: ['message_not_found', 'chat_not_found', 'not_rateable'],
  })
  .output(feedbackSchema)
  .mutation(async ({ ctx: { stores, chat }, input: { messageId, rating, comment } }) => {
    const feedback = compact({ rating, comment });
    const result = isId('message', messageId)
      ? await stores.feedback.set(chat, messageId, feedback)
      : 'missing';
    if (result === 'missing') throw new ApiError('message_not_found');
    if (result === 'no-text') throw new ApiError('not_rateable');
    return toFeedback(feedback);
  });
