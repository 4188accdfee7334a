import type { ChatAccess, FeedbackRecord, FeedbackStore, ListedMessage } from '@parley/db';

/** A message, with the caller's own feedback if there is any. */
export interface RatedMessage {
  readonly message: ListedMessage;
  readonly feedback?: FeedbackRecord | undefined;
}

/** Adds the caller's own feedback to messages of a chat. A chat that never got feedback costs no query. */
export async function withFeedback(
  { listOwn }: Pick<FeedbackStore, 'listOwn'>,
  chat: ChatAccess,
  messages: readonly ListedMessage[],
): Promise<RatedMessage[]> {
  if (!chat.chat.hasFeedback) return messages.map((message) => ({ message }));
  const answers = messages.filter(({ role }) => role === 'assistant').map(({ id }) => id);
  const own = await listOwn(chat, answers);
  const byMessage = new Map(own.map(({ message, ...feedback }) => [message, feedback]));
  return messages.map((message) => ({ message, feedback: byMessage.get(message.id) }));
}
