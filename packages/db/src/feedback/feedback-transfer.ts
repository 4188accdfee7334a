import { compactAs, type Id, type TransferFeedback } from '@parley/contract';
import { feedbackId, partsOfFeedbackId } from './feedback-id.ts';
import type { FeedbackDocument } from './feedback-model.ts';

/** The line of feedback in an export. */
export function toFeedbackLine(document: FeedbackDocument): TransferFeedback {
  const { _id, rating, comment, agentVersion, day, updatedAt } = document;
  const { message: messageId, by } = partsOfFeedbackId(_id);
  return compactAs<TransferFeedback>({
    ...{ type: 'feedback', messageId, by, rating, comment, agentVersion, day },
    updatedAt: updatedAt.toISOString(),
  });
}

/** The feedback of a line in an export, on an answer of this chat. */
export function fromFeedbackLine(
  { chat, team, agent }: { chat: Id<'chat'>; team: Id<'team'>; agent: Id<'agent'> },
  line: TransferFeedback,
): FeedbackDocument {
  const { messageId, by, rating, comment, agentVersion, day, updatedAt } = line;
  return compactAs<FeedbackDocument>({
    ...{ _id: feedbackId(chat, messageId, by), team, agent, agentVersion, day, rating, comment },
    ...{ updatedAt: new Date(updatedAt), pendingSince: undefined },
  });
}
