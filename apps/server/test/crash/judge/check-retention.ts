import type { CellHistory, Judgement, SentMessage } from './history.ts';

/**
 * Checks the chats that retention judged: a message that was sent after the judgement and acknowledged keeps its chat,
 * a chat without one is deleted, and no client gets `chat_not_found` for a chat that stays.
 */
export function checkRetention({ judgements, messages, turns }: CellHistory): string[] {
  return judgements.flatMap((judgement) => {
    const { chat, at, isDeleted } = judgement;
    const sent = messages.filter((message) => message.chat === chat);
    if (isDeleted) return sent.flatMap((message) => checkLoss(message, judgement));
    const hasNewMessage = turns.some((turn) => turn.chat === chat && turn.createdAt >= at);
    return [
      ...(hasNewMessage ? [] : [`retention judged ${chat}, and got no message since; it still exists`]),
      ...sent.flatMap(checkNotFound),
    ];
  });
}

function checkLoss({ content, requests }: SentMessage, { chat, at }: Judgement): string[] {
  const isNew = requests.every(({ interval }) => interval.from > at);
  const isAcknowledged = requests.some(({ result }) => result.kind === 'accepted');
  if (!isNew || !isAcknowledged) return [];
  return [`"${content}" was acknowledged after retention judged ${chat}, and the chat was deleted`];
}

function checkNotFound({ content, requests }: SentMessage): string[] {
  return requests
    .filter(({ apiError }) => apiError?.code === 'chat_not_found')
    .map(({ server }) => `"${content}": server ${server} said that the chat was deleted, but it exists`);
}
