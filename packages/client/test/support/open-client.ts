import { onTestFinished } from 'vitest';
import { buildParley } from '../../src/build-parley.ts';
import type { ChatView, FollowedChat, Parley, ParleyOptions, Send } from '../../src/index.ts';
import { type Timings, timings } from '../../src/timings.ts';
import { Line } from './line.ts';
import { MemoryStorage } from './memory-storage.ts';
import { TestPage } from './test-page.ts';

/** A client with a page of its own. It is closed after the test. */
export interface TestClient {
  readonly parley: Parley;
  readonly page: TestPage;
  readonly line: Line;
  readonly storage: MemoryStorage;
  /** Opens a chat and keeps it open. */
  open(chatId: string): OpenChat;
  /** Resolves when the sends of a chat match. */
  untilSend(chatId: string, accepts: (sends: readonly Send[]) => boolean): Promise<readonly Send[]>;
  /** Closes the page and drops its memory. */
  close(): void;
}

/** A chat with a subscriber. */
export interface OpenChat {
  readonly chat: FollowedChat;
  /** All views that were shown. */
  readonly history: readonly ChatView[];
  /** Resolves with the first matching view, starting with the current one. */
  until(accepts: (view: ChatView) => boolean): Promise<ChatView>;
  /** Unsubscribes. */
  leave(): void;
}

interface ClientOptions {
  readonly url: string;
  readonly apiKey: ParleyOptions['apiKey'];
  readonly userToken?: NonNullable<ParleyOptions['userToken']>;
  readonly storage?: MemoryStorage;
  readonly page?: TestPage;
  readonly timings?: Partial<Timings>;
}

const SHORT: Timings = {
  ...timings,
  firstResendMs: 5,
  firstReconnectMs: 5,
  hiddenMaxMs: 20,
  closeGraceMs: 20,
};

/** Creates a client with short waiting times. */
export function openClient(options: ClientOptions): TestClient {
  const { storage = new MemoryStorage(), page = new TestPage() } = options;
  const line = new Line();
  const { url, apiKey, userToken } = options;
  const parley = buildParley(
    { url, apiKey, ...(userToken !== undefined && { userToken }), storage, fetch: line.fetch },
    page,
    { ...SHORT, ...options.timings },
  );
  onTestFinished(() => parley.close());
  return {
    parley,
    page,
    line,
    storage,
    open: (chatId) => openChat(parley.chats.of(chatId)),
    untilSend: (chatId, accepts) =>
      when(
        (listener) => parley.outbox.subscribe(listener),
        () => parley.outbox.sendsOf(chatId),
        accepts,
      ),
    close: () => parley.close(),
  };
}

function openChat(chat: FollowedChat): OpenChat {
  const history: ChatView[] = [chat.view()];
  const leave = chat.subscribe(() => history.push(chat.view()));
  onTestFinished(leave);
  return {
    chat,
    history,
    until: (accepts) =>
      when(
        (listener) => chat.subscribe(listener),
        () => chat.view(),
        accepts,
      ),
    leave,
  };
}

/** Resolves with the first matching value. */
export function when<Value>(
  subscribe: (listener: () => void) => () => void,
  read: () => Value,
  accepts: (value: Value) => boolean,
): Promise<Value> {
  return new Promise((resolve) => {
    const look = () => {
      const value = read();
      if (!accepts(value)) return;
      stop();
      resolve(value);
    };
    const stop = subscribe(look);
    look();
  });
}
