import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toExchanges } from './exchange.ts';
import type { Send, SendState } from './send.ts';
import { type Feed, ModelChat, newest } from './testing/model-chat.ts';
import { toTranscript } from './to-transcript.ts';
import type { TranscriptEntry } from './transcript-entry.ts';
import { type TranscriptEvent, transcriptReducer } from './transcript-reducer.ts';
import { emptyTranscript, type TranscriptState } from './transcript-state.ts';

/*
 * For every order of events, interruptions, pages and acknowledgements, the transcript must end as the
 * message list plus the text being written, and must never show a message twice.
 */

/** A step of the server, or of the connection to it. */
const steps = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('other sends' as const), content: fc.constantFrom('yes', 'no') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('send' as const), content: fc.constantFrom('yes', 'no') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reach' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('write' as const), text: fc.constantFrom('a', 'bc', '🙂') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      status: fc.constantFrom('completed' as const, 'stopped' as const, 'failed' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('add a part' as const),
      kind: fc.constantFrom(
        'reasoning' as const,
        'source' as const,
        'call' as const,
        'failed call' as const,
        'open call' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fork' as const),
      place: fc.nat(9),
      content: fc.constantFrom('yes', 'no'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('choose' as const), place: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), isOwn: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('list' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('list older' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer the list' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('cut' as const),
      first: fc.constantFrom('chat-followed' as const, 'chat-snapshot' as const),
    }),
  },
);
type Step = typeof steps extends fc.Arbitrary<infer Value> ? Value : never;

const PAGE = 6;

/** A transcript between the outbox, the stream and the list of a modelled chat. */
class Bench {
  readonly chat = new ModelChat();
  state: TranscriptState = emptyTranscript;
  #feed: Feed = this.chat.follow('chat-followed');
  #sends: Send[] = [];
  /** Sends that the server accepted without the client knowing yet. */
  readonly #reached = new Map<string, SendState>();
  /** Pages that are on their way to the client. */
  #pages: TranscriptEvent[] = [];
  #retries: TranscriptEvent[] = [];
  #needsTail = false;
  #minted = 0;

  take(step: Step): void {
    switch (step.do) {
      case 'other sends':
        this.chat.accept(step.content);
        return;
      case 'send':
        this.#send(step.content);
        return;
      case 'reach':
        this.#reach();
        return;
      case 'acknowledge':
        this.#acknowledge();
        return;
      case 'write':
        this.chat.write(step.text);
        return;
      case 'end':
        this.chat.end(step.status);
        return;
      case 'add a part':
        this.chat.add(step.kind);
        return;
      case 'restart':
        this.chat.restart();
        return;
      case 'fork':
        this.chat.fork(step.place, step.content);
        return;
      case 'choose':
        this.chat.choose(step.place);
        return;
      case 'change':
        this.chat.change();
        return;
      case 'retry': {
        const turn = this.chat.retry();
        if (turn && step.isOwn) {
          const answer = { id: newest(turn).id, userMessageId: turn.userMessageId };
          this.#retries.push({ type: 'retry-answered', answer });
        }
        return;
      }
      case 'deliver':
        for (let count = 0; count < step.count; count++) this.#deliver();
        return;
      case 'list':
        this.#list();
        return;
      case 'list older': {
        const { olderCursor: cursor } = this.state;
        if (cursor) this.#pages.push({ type: 'older-page', page: this.chat.list(PAGE, cursor), cursor });
        return;
      }
      case 'answer the list':
        this.#answer();
        return;
      case 'cut':
        this.chat.leave(this.#feed);
        this.#feed = this.chat.follow(step.first);
    }
  }

  /** Delivers everything and reads all pages. */
  finish(): void {
    for (const { state } of this.#sends) {
      if (state.kind === 'sending') this.#reach();
      this.chat.write('');
      this.chat.end('stopped');
    }
    while (this.#feed.length > 0) this.#deliver();
    while (this.#sends.some(({ key, state }) => state.kind === 'sending' && this.#reached.has(key))) {
      this.#acknowledge();
    }
    while (this.#retries.length > 0 || this.#pages.length > 0) this.#answer();
    if (this.#needsTail) this.#list();
    while (this.#pages.length > 0) this.#answer();
    this.#settleLeftOut();
    while (typeof this.state.olderCursor === 'string') {
      const { olderCursor: cursor } = this.state;
      this.#dispatch({ type: 'older-page', page: this.chat.list(PAGE, cursor), cursor });
    }
  }

  /** Removes accepted sends that the shown path leaves out, like the live chat after it has read the newest page. */
  #settleLeftOut(): void {
    const shown = new Set(this.chat.turns.map(({ userMessageId }) => userMessageId));
    this.#sends = this.#sends.filter(
      ({ state }) =>
        state.kind !== 'accepted' || state.userMessageId === undefined || shown.has(state.userMessageId),
    );
    this.#dispatch({ type: 'sends-changed', sends: this.#sends });
  }

  #send(content: string): void {
    const key = `send-${++this.#minted}`;
    const createdAt = '2026-01-01T00:00:00.000Z';
    this.#sends = [...this.#sends, { key, chatId: 'chat', content, createdAt, state: { kind: 'sending' } }];
    this.#dispatch({ type: 'sends-changed', sends: this.#sends });
  }

  /** Delivers the oldest send to the server. */
  #reach(): void {
    const next = this.#sends.find(({ key, state }) => state.kind === 'sending' && !this.#reached.has(key));
    if (!next) return;
    const turn = this.chat.accept(next.content);
    if (!turn) return;
    const { userMessageId } = turn;
    this.#reached.set(next.key, { kind: 'accepted', userMessageId, answerId: newest(turn).id });
  }

  #acknowledge(): void {
    const next = this.#sends.find(({ key, state }) => state.kind === 'sending' && this.#reached.has(key));
    const state = next && this.#reached.get(next.key);
    if (!next || !state) return;
    this.#sends = this.#sends.map((send) => (send === next ? { ...send, state } : send));
    this.#dispatch({ type: 'sends-changed', sends: this.#sends });
  }

  #deliver(): void {
    const event = this.#feed.shift();
    if (!event) return;
    this.#dispatch(event);
    if (event.type !== 'chat-followed' && event.type !== 'chat-snapshot') return;
    // Pages that were requested earlier are outdated and dropped.
    this.#needsTail = true;
    this.#pages =
      event.type === 'chat-snapshot' ? [] : this.#pages.filter(({ type }) => type !== 'tail-page');
  }

  #list(): void {
    if (!this.#needsTail) return;
    this.#needsTail = false;
    this.#pages.push({ type: 'tail-page', page: this.chat.list(PAGE) });
  }

  #answer(): void {
    const event = this.#retries.shift() ?? this.#pages.shift();
    if (event) this.#dispatch(event);
  }

  #dispatch(event: TranscriptEvent): void {
    // A send becomes another object when the chat reports its message.
    const before = toTranscript({ ...this.state, sends: [] });
    this.state = transcriptReducer(this.state, event);
    const after = toTranscript(this.state);
    expectNothingTwice(after);
    expectSameObjects(before, after);
    this.#forgetHeld();
  }

  /** Removes matched sends, like the outbox. */
  #forgetHeld(): void {
    const left = this.#sends.filter(
      ({ key, state }) =>
        state.kind !== 'accepted' || !this.state.exchanges.some(({ user }) => user?.key === key),
    );
    if (left.length === this.#sends.length) return;
    this.#sends = left;
    this.#dispatch({ type: 'sends-changed', sends: left });
  }
}

function expectNothingTwice(entries: readonly TranscriptEntry[]): void {
  const keys = entries.map(({ key }) => key);
  const ids = entries.map(({ messageId }) => messageId).filter((id) => id !== undefined);
  if (new Set(keys).size < keys.length) throw new Error(`a key twice: ${keys}`);
  if (new Set(ids).size < ids.length) throw new Error(`a message twice: ${ids}`);
}

function expectSameObjects(before: readonly TranscriptEntry[], after: readonly TranscriptEntry[]): void {
  const known = new Map(before.map((entry) => [JSON.stringify(entry), entry]));
  for (const entry of after) {
    const same = known.get(JSON.stringify(entry));
    if (same && same !== entry) throw new Error(`an equal entry is another object: ${JSON.stringify(entry)}`);
  }
}

/** The entries of the message list, with the text being written. */
function expected(chat: ModelChat): unknown[] {
  const running = new Map(chat.turns.map((turn) => [newest(turn).id, newest(turn)]));
  let open = 0;
  return toExchanges(chat.messages()).flatMap(({ user, answer }) => {
    if (!answer || (answer.status === 'stopped' && answer.content === '')) return [withoutKey(user)];
    const written = answer.status === 'generating' ? running.get(answer.messageId) : undefined;
    const text = written?.text ?? answer.content;
    const parts = written?.parts.some(({ type }) => type !== 'text') && { parts: written.parts };
    const position = open;
    if (answer.status === 'queued' || answer.status === 'generating') open++;
    const place = answer.status === 'queued' && { position };
    return [withoutKey(user), { ...withoutKey(answer), content: text, ...parts, ...place }];
  });
}

function withoutKey(entry: TranscriptEntry | undefined) {
  const { key: _, ...rest } = entry ?? { key: '' };
  return rest;
}

test('any order of events ends as the message list and never shows a message twice', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 120, size: 'max' }), (all) => {
      const bench = new Bench();
      for (const step of all) bench.take(step);
      bench.finish();
      const reported = toTranscript(bench.state).filter((entry) => entry.kind === 'answer' || !entry.send);
      expect(reported.map(withoutKey)).toEqual(expected(bench.chat));
    }),
    { numRuns: 500 },
  );
});
