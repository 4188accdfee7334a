import { z } from 'zod';
import { idInputSchema } from './id.ts';
import { limits } from './limits.ts';
import { textSchema } from './text.ts';

/** The ratings of an answer. */
export const feedbackRatings = ['up', 'down'] as const;

const ratingSchema = z.enum(feedbackRatings).meta({
  description: '`up`: the answer is good. `down`: it is not.',
  examples: ['up'],
});

/** The feedback on an answer: a rating, with a comment if its author wrote one. */
export const feedbackSchema = z
  .object({
    rating: ratingSchema,
    comment: z.string().optional().meta({ description: 'The text that came with the rating.' }),
  })
  .meta({ id: 'Feedback', description: 'Feedback on an answer.' });

/** Input of `message.setFeedback`. It replaces the rating and the comment. */
export const setFeedbackInputSchema = z.strictObject({
  chatId: idInputSchema('chat'),
  messageId: idInputSchema('message'),
  rating: ratingSchema,
  comment: textSchema({ min: 1, max: limits.feedbackCommentLengthMax })
    .optional()
    .meta({ description: 'The reason for the rating.', examples: ['Short and right.'] }),
});

/** The feedback on an answer. */
export type Feedback = z.infer<typeof feedbackSchema>;
