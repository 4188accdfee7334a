import type { CellHistory } from './history.ts';

/**
 * Checks that a follower of a chat received the end of every answer, from the first message that it received on.
 * Until then it has no cursor to continue from.
 */
export function checkFollowers({ followers, turns }: CellHistory): string[] {
  return followers.flatMap(({ name, chat, events }) => {
    const accepted = new Set(events.filter((event) => event.type === 'message-accepted').map(answerOf));
    const ended = new Set(events.filter((event) => event.type === 'answer-ended').map(answerOf));
    const stored = turns.filter((turn) => turn.chat === chat);
    const first = Math.min(...stored.filter(({ answerId }) => accepted.has(answerId)).map(placeOf));
    return stored
      .filter(({ sequence, answerId }) => sequence >= first && !ended.has(answerId))
      .map(({ id }) => `${name} never received the end of turn ${id}`);
  });
}

function answerOf(event: { readonly answerId: string } | { readonly messageId: string }): string {
  return 'answerId' in event ? event.answerId : event.messageId;
}

function placeOf({ sequence }: { readonly sequence: number }): number {
  return sequence;
}
