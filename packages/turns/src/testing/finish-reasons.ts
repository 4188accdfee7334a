import type { ChatHistory } from './history.ts';

/** Each completed answer has a finish reason, and no other turn has one. */
export function checkFinishReasons({ turns }: ChatHistory): string[] {
  return turns
    .filter(({ status, answer }) => (status === 'completed') !== (answer?.finishReason !== undefined))
    .map(
      ({ sequence, id, status, answer }) =>
        `turn ${sequence} (${id}) is ${status} with finish reason ${answer?.finishReason}`,
    );
}

/** The chat as release 0.1.0 stores and returns it: without finish reasons. */
export function withoutFinishReasons(chat: ChatHistory): ChatHistory {
  return {
    ...chat,
    turns: chat.turns.map(({ answer, ...turn }) => {
      if (!answer) return turn;
      const { finishReason: _, ...known } = answer;
      return { ...turn, answer: known };
    }),
    readers: chat.readers.map(({ connections, ...reader }) => ({
      ...reader,
      connections: connections.map(({ events, ...connection }) => ({
        ...connection,
        events: events.map(({ event, cursor }) => ({ cursor, event: withoutReason(event) })),
      })),
    })),
    chatReaders: chat.chatReaders.map(({ events, ...reader }) => ({
      ...reader,
      events: events.map(withoutReason),
    })),
  };
}

function withoutReason<Event extends object>(event: Event): Event {
  return { ...event, finishReason: undefined };
}
