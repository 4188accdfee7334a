import { expectEqual } from './expect.ts';

/** The content of a whole stream, in the form of the waiting response to the same request. */
export interface StreamedAnswer {
  readonly id: string;
  readonly chatId: string;
  readonly content: string;
  readonly role: 'assistant';
  readonly status: string;
}

interface Event {
  readonly id: string | undefined;
  readonly data: string;
}

interface Part {
  readonly type: string;
  readonly delta: string;
  readonly messageId: string;
  readonly messageMetadata: { readonly chatId: string; readonly status: string };
}

/**
 * Reads the text of an AI SDK UI message stream of one answer.
 *
 * @throws Error when an event is missing, out of its order or under an id that does not fit what was shown
 */
export function readMessageStream(text: string): StreamedAnswer {
  const events = eventsIn(text);
  expectEqual(events.at(-1), { id: undefined, data: '[DONE]' });
  const [start, textStart, ...others] = events
    .slice(0, -1)
    .map(({ id, data }) => ({ id, part: partOf(data) }));
  const deltas = others.slice(0, -2);
  const [textEnd, finish] = others.slice(-2);
  let content = '';
  for (const { id, part } of deltas) {
    content += part.delta;
    expectEqual([part.type, id], ['text-delta', `1-1-${content.length}`]);
  }
  const frame = [start, textStart, textEnd, finish].map((event) => [event?.part.type, event?.id]);
  expectEqual(frame, [
    ['start', '0-0-0'],
    ['text-start', '1-1-0'],
    ['text-end', `1-2-${content.length}`],
    ['finish', '1-3-0'],
  ]);
  return {
    id: start?.part.messageId ?? '',
    chatId: start?.part.messageMetadata.chatId ?? '',
    content,
    role: 'assistant',
    status: finish?.part.messageMetadata.status ?? '',
  };
}

function eventsIn(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '' && !event.startsWith(':'))
    .map((event) => {
      const fields = new Map(
        event.split('\n').map((line) => {
          const colon = line.indexOf(': ');
          return [line.slice(0, colon), line.slice(colon + 2)] as const;
        }),
      );
      return { id: fields.get('id'), data: fields.get('data') ?? '' };
    });
}

function partOf(data: string): Part {
  // A missing field fails a comparison.
  return JSON.parse(data) as Part;
}
