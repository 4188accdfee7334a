import type { ChatEvent, StreamError } from '@parley/contract';
import { checkChatEvent } from './answer-check.ts';
import { ChatView } from './chat-view.ts';
import type { OpenStream, StreamEvent } from './event-stream.ts';
import { requestStream } from './streams.ts';
import { type Transport, transports } from './transports.ts';

export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: ChatEvent;
}

/** A follower of a chat: its events, and the messages that a tab shows. */
export class FollowedChat {
  /** The events of this connection. */
  readonly events: ReceivedEvent[] = [];
  readonly view = new ChatView();
  /** The code with which the server ended the stream, over REST. */
  error: StreamError | undefined;
  readonly #stream: OpenStream;
  readonly #transport: Transport;

  constructor(stream: OpenStream, transport: Transport, seen: readonly ReceivedEvent[]) {
    this.#stream = stream;
    this.#transport = transport;
    for (const { event } of seen) this.view.apply(event);
  }

  /** The next event; undefined when the stream has ended. */
  async next(): Promise<ChatEvent | undefined> {
    const event = await this.#nextOfOurs();
    if (!event) return undefined;
    const body = JSON.parse(event.data) as ChatEvent | StreamError;
    if (body.type === 'error') {
      this.error = body;
      return undefined;
    }
    if (this.#transport === 'rest') checkChatEvent(event.data);
    this.events.push({ id: event.id, event: body });
    this.view.apply(body);
    return body;
  }

  /** Reads until this number of events of this type have been received in all. */
  async until(type: ChatEvent['type'], times = 1): Promise<ChatEvent> {
    for (;;) {
      const received = this.events.filter(({ event }) => event.type === type);
      const found = received[times - 1];
      if (found) return found.event;
      if (!(await this.next())) throw new Error(`the stream ended before ${type}`);
    }
  }

  /** Reads to the end. */
  async rest(): Promise<void> {
    while (await this.next());
  }

  close(): void {
    this.#stream.close();
  }

  /** tRPC's own events about the stream are left out. */
  async #nextOfOurs(): Promise<StreamEvent | undefined> {
    for (;;) {
      const event = await this.#stream.next();
      if (event?.event === undefined || this.#transport === 'rest') return event;
      if (event.event === 'serialized-error') throw new Error(event.data);
    }
  }
}

/** Follows a chat like a tab over one of the transports. A tab that has `seen` events continues after the last. */
export async function followChat(
  transport: Transport,
  url: string,
  key: string,
  input: {
    readonly chatId: string;
    readonly lastEventId?: string;
    readonly parts?: boolean;
    readonly seen?: readonly ReceivedEvent[];
  },
): Promise<FollowedChat> {
  const { chatId, parts, seen = [], lastEventId = seen.at(-1)?.id } = input;
  const stream = await requestStream(
    transport,
    { operationId: 'followChat', procedure: 'chat.follow' },
    { chatId, ...(parts && { parts }), ...(lastEventId !== undefined && { lastEventId }) },
    { url, headers: { 'x-api-key': key } },
  );
  if (stream.status !== 200) throw new Error(`a chat is not followed: ${stream.status}`);
  return new FollowedChat(stream, transport, seen);
}

/** Follows a chat from its present state at each of these servers, over each transport. */
export function followEverywhere(
  urls: readonly string[],
  key: string,
  chatId: string,
): Promise<FollowedChat[]> {
  return Promise.all(
    urls.flatMap((url) => transports.map((transport) => followChat(transport, url, key, { chatId }))),
  );
}
