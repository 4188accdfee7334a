import type { CellHistory } from './history.ts';

/**
 * Who follows a chat is told of every answer's end, from the first message they were told of on: until then
 * nothing tells them where to go on.
 */
export function checkFollowers({ followers, turns }: CellHistory): string[] {
  return followers.flatMap(({ name, chat, events }) => {
    const accepted = new Set(events.filter((event) => event.type === 'message-accepted').map(answerOf));
    const ended = new Set(events.filter((event) => event.type === 'answer-ended').map(answerOf));
    const stored = turns.filter((turn) => turn.chat === chat);
    const first = Math.min(...stored.filter(({ answerId }) => accepted.has(answerId)).map(placeOf));
    return stored
      .filter(({ sequence, answerId }) => sequence >= first && !ended.has(answerId))
      .map(({ id }) => `${name} was never told how turn ${id} ended`);
  });
}

function answerOf(event: { readonly answerId: string } | { readonly messageId: string }): string {
  return 'answerId' in event ? event.answerId : event.messageId;
}

function placeOf({ sequence }: { readonly sequence: number }): number {
  return sequence;
}
