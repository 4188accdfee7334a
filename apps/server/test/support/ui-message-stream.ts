import type { OneAnswer } from '../harness.ts';
import type { StreamEvent } from './event-stream.ts';

/** A part of a UI message stream, with the fields that tests read. */
export interface Part {
  readonly type: string;
  readonly messageId?: string;
  readonly messageMetadata?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly delta?: string;
  readonly data?: {
    readonly text?: string;
    readonly code?: string;
    readonly messageId?: string;
    readonly message?: string;
    readonly status?: string;
    readonly retryAt?: string;
  };
  readonly transient?: boolean;
  readonly errorText?: string;
}

export const DONE = '[DONE]';

/** The parts of these events, without the end mark. */
export function partsOf(events: readonly StreamEvent[]): Part[] {
  return events.filter(({ data }) => data !== DONE).map(({ data }) => JSON.parse(data) as Part);
}

/** Each event in the form of the tests: its id, its type, and its text if it has one. */
export function outlineOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ id = '-', data }) => {
    if (data === DONE) return `${id} ${DONE}`;
    const { type, delta, data: ours } = JSON.parse(data) as Part;
    const more = delta ?? ours?.text ?? ours?.code;
    return more === undefined ? `${id} ${type}` : `${id} ${type} ${more}`;
  });
}

/** Returns the text that a client shows after these events, if it showed `before`. */
export function shownText(events: readonly StreamEvent[], before = ''): string {
  let text = before;
  for (const { type, delta = '', data } of partsOf(events)) {
    if (type === 'text-delta') text += delta;
    if (type === 'data-snapshot') text = data?.text ?? '';
  }
  return text;
}

/** The answer of a stream, from its first event. */
export function answerOf(events: readonly StreamEvent[]): OneAnswer {
  const [{ type, messageId, messageMetadata } = { type: 'nothing' }] = partsOf(events);
  if (type !== 'start') throw new Error(`the stream begins with ${type}`);
  return { chatId: messageMetadata?.['chatId'], messageId } as OneAnswer;
}

/** The id to resume after. */
export function lastIdOf(events: readonly StreamEvent[]): string | undefined {
  return events.findLast(({ id }) => id !== undefined)?.id;
}

/** Whether a part has the type, and the text if one is given. */
export function isPart(type: string, text?: string): (event: StreamEvent) => boolean {
  return ({ data }) => {
    if (data === DONE) return type === DONE;
    const part = JSON.parse(data) as Part;
    return part.type === type && (text === undefined || part.delta === text);
  };
}
