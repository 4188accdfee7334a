import type { feedbackRatings, Id } from '@parley/contract';

/** The author of feedback: the user of the chat, or the callers that act for the team. */
export type FeedbackAuthor = 'user' | 'team';

/** The content of feedback. */
export interface FeedbackRecord {
  readonly rating: (typeof feedbackRatings)[number];
  readonly comment?: string;
}

/** Feedback with the answer that it is about. */
export interface FeedbackOnAnswer extends FeedbackRecord {
  readonly message: Id<'message'>;
}
