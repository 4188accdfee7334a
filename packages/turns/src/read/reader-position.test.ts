import {
  isPlainTape,
  isWholePart,
  placeAfter,
  type StreamCursor,
  type TapePart,
  tapeOf,
  textOfTape,
} from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ShownPart } from '../testing/history.ts';
import { ShownTape } from '../testing/shown-tape.ts';
import type { EndedOutcome } from '../turn-outcome.ts';
import type { AnswerEventWithCursor, KnownText } from './answer-events.ts';
import { ReaderPosition } from './reader-position.ts';

/** A client that reduces the events it receives to the shown text. It stores only that text and its last cursor. */
class Client {
  text = '';
  cursor: StreamCursor | undefined;
  readonly received: string[] = [];

  take(events: readonly AnswerEventWithCursor[]): void {
    for (const { event, cursor } of events) {
      this.received.push(event.type);
      this.cursor = cursor;
      if (event.type === 'text-delta') this.text += event.text;
      if (event.type === 'snapshot') this.text = event.text;
    }
  }

  count(type: string): number {
    return this.received.filter((one) => one === type).length;
  }
}

function ended(attempt: number, text: string): EndedOutcome {
  if (text === '') return { kind: 'empty', attempt };
  const answer = { id: 'msg_a', role: 'assistant', content: text, createdAt: new Date(0) } as const;
  return { kind: 'answered', status: 'completed', attempt, answer };
}

const ids = { answerId: 'msg_a', userMessageId: 'msg_u' } as const;
const startPosition = (from: StreamCursor | null | undefined) => new ReaderPosition(ids, from);

const whole = (attempt: number, text: string): KnownText => ({ attempt, from: 0, text });
const atEnd = (attempt: number, text: string): KnownText => ({
  ...whole(attempt, text),
  outcome: ended(attempt, text),
});

/** The part that a reader needs of a log with `logged` text of a run. */
function fromLog(position: ReaderPosition, attempt: number, logged: string): KnownText {
  const from = position.neededFrom(attempt);
  return { attempt, from, text: logged.slice(from) };
}

/** Whole characters, because an answer is never emitted in smaller pieces. */
const pieces = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { maxLength: 8 });
const orderly = /^start( text-start( text-delta)+ text-end)? end$/;

describe('a reader of one run', () => {
  test('a reader receives the exact text with one start and one end, however often it reconnects', () => {
    const happening = fc.record({
      /** The number of pieces until the next read. */
      pieces: fc.nat(3),
      /** The number of pieces that the log lags behind; without `lag`, the text comes from the process of the run. */
      lag: fc.option(fc.nat(3)),
      isCutOff: fc.boolean(),
    });
    fc.assert(
      fc.property(pieces, fc.array(happening, { maxLength: 12 }), (texts, happenings) => {
        const client = new Client();
        let position = startPosition(undefined);
        let written = 0;
        for (const { pieces: more, lag, isCutOff } of happenings) {
          written = Math.min(written + more, texts.length);
          if (isCutOff) position = startPosition(client.cursor);
          const logged = texts.slice(0, Math.max(written - (lag ?? 0), 0)).join('');
          client.take(position.advance(lag === null ? whole(1, logged) : fromLog(position, 1, logged)));
        }
        const text = texts.join('');
        client.take(position.advance(atEnd(1, text)));
        expect(client.text).toBe(text);
        expect(client.received.join(' ')).toMatch(orderly);
        expect(startPosition(client.cursor).advance(atEnd(1, text))).toEqual([]);
      }),
    );
  });

  test('a reader that reconnects after any event receives the rest and nothing twice', () => {
    const text = 'a\u{1F600}bc';
    const all = startPosition(undefined).advance(atEnd(1, text));
    expect(all.map(({ event }) => event.type)).toEqual([
      'start',
      'text-start',
      'text-delta',
      'text-end',
      'end',
    ]);
    for (let cut = 1; cut <= all.length; cut++) {
      const rest = startPosition(all[cut - 1]?.cursor).advance(atEnd(1, text));
      expect(rest).toEqual(all.slice(cut));
    }
  });

  test('a reader receives events at the cursors that were announced', () => {
    const events = startPosition(undefined).advance(atEnd(3, 'four'));
    expect(events.map(({ cursor }) => cursor)).toEqual([
      { attempt: 0, part: 0, offset: 0 },
      { attempt: 3, part: 1, offset: 0 },
      { attempt: 3, part: 1, offset: 4 },
      { attempt: 3, part: 2, offset: 4 },
      { attempt: 3, part: 3, offset: 0 },
    ]);
  });

  test('a slow reader receives all new text as one piece', () => {
    const position = startPosition(undefined);
    position.advance(whole(1, 'first'));
    const events = position.advance(whole(1, 'first, and then a hundred pieces more'));
    expect(events).toEqual([
      {
        event: { type: 'text-delta', text: ', and then a hundred pieces more' },
        cursor: { attempt: 1, part: 1, offset: 37 },
      },
    ]);
    expect(position.advance(whole(1, 'first, and then a hundred pieces more'))).toEqual([]);
  });

  test('a reader of an answer without text receives its start and end, and no text', () => {
    const position = startPosition(undefined);
    expect(position.begin().map(({ event }) => event.type)).toEqual(['start']);
    expect(position.begin()).toEqual([]);
    expect(position.advance(whole(1, ''))).toEqual([]);
    expect(position.advance(atEnd(1, '')).map(({ event, cursor }) => ({ type: event.type, cursor }))).toEqual(
      [{ type: 'end', cursor: { attempt: 1, part: 3, offset: 0 } }],
    );
  });

  test('a reader is notified once that the answer waits for the model, and not after the end', () => {
    const waitsUntil = new Date(5_000);
    const position = startPosition(undefined);
    const status = {
      type: 'status',
      status: 'waiting_for_model',
      retryAt: waitsUntil.toISOString(),
    } as const;
    const start = { attempt: 0, part: 0, offset: 0 };
    expect(position.advance({ ...whole(1, ''), waitsUntil })).toEqual([
      { event: { type: 'start', messageId: 'msg_a', userMessageId: 'msg_u' }, cursor: start },
      { event: status, cursor: start },
    ]);
    expect(position.advance({ ...whole(1, ''), waitsUntil })).toEqual([]);
    position.advance(whole(1, 'ab'));
    const waitsLonger = new Date(6_000);
    const later = { ...status, retryAt: waitsLonger.toISOString() };
    expect(position.advance({ ...whole(1, 'ab'), waitsUntil: waitsLonger })).toEqual([
      { event: later, cursor: { attempt: 1, part: 1, offset: 2 } },
    ]);
    const types = position.advance({ ...atEnd(1, 'ab'), waitsUntil }).map(({ event }) => event.type);
    expect(types).toEqual(['text-end', 'end']);
    // The reader resumes in the process of the run, which still waits for the model.
    for (const part of [2, 3]) {
      const resumed = startPosition({ attempt: 1, part, offset: part === 2 ? 2 : 0 });
      expect(resumed.advance({ ...whole(1, 'ab'), waitsUntil })).toEqual([]);
    }
  });

  test('a reader of a queued turn receives once how many messages come before, and not after the end', () => {
    const position = startPosition(undefined);
    const queued = (count: number) => ({ type: 'status', status: 'queued', position: count });
    const received = (turnsBefore: number) => position.queue({ turnsBefore }).map(({ event }) => event);
    expect(received(2)).toMatchObject([{ type: 'start' }, queued(2)]);
    expect(received(2)).toEqual([]);
    expect(received(1)).toEqual([queued(1)]);
    // The reader resumes with the cursor of the event before the status.
    const resumed = startPosition({ attempt: 0, part: 0, offset: 0 });
    expect(resumed.queue({ turnsBefore: 1 }).map(({ event }) => event)).toEqual([queued(1)]);
    for (const part of [2, 3]) {
      const behindEnd = startPosition({ attempt: 1, part, offset: part === 2 ? 2 : 0 });
      expect(behindEnd.queue({ turnsBefore: 0 })).toEqual([]);
    }
    // A status would repeat the cursor that no server issued.
    expect(startPosition(null).queue({ turnsBefore: 0 })).toEqual([]);
  });

  test('a reader of a failed run receives the text written so far and the failure', () => {
    const outcome = { kind: 'failed', errorCode: 'model_failed', attempt: 1, text: 'half' } as const;
    const client = new Client();
    client.take(startPosition(undefined).advance({ ...whole(1, 'half'), outcome }));
    expect(client.text).toBe('half');
    expect(client.received.join(' ')).toMatch(orderly);
  });
});

describe('a cursor', () => {
  const anyCursor = fc.record({
    attempt: fc.nat(4),
    part: fc.nat(4),
    offset: fc.oneof(fc.nat(12), fc.constant(999_999_999)),
  });

  test('a reader whose cursor cannot be right receives the whole text once', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    fc.assert(
      fc.property(text, anyCursor, fc.nat(8), (answer, cursor, shown) => {
        fc.pre(cursor.part !== 3 && cursor.attempt !== 0);
        const { attempt, part, offset } = cursor;
        const client = new Client();
        const isOwn = attempt === 2 && part === 1 && offset <= answer.length;
        client.text = isOwn ? answer.slice(0, offset) : 'what a reader of nothing shows';
        const position = startPosition(cursor);
        // First during the run, then at the end of the answer.
        const isRunning = shown < answer.length && answer.slice(0, shown).isWellFormed();
        if (isRunning) client.take(position.advance(whole(2, answer.slice(0, shown))));
        client.take(position.advance(atEnd(2, answer)));
        expect(client.count('end')).toBe(1);
        expect(client.count('start')).toBe(0);
        const isClosed = attempt === 2 && part === 2 && offset === answer.length;
        if (!isClosed) expect(client.text).toBe(answer);
        expect(client.count('snapshot')).toBeLessThanOrEqual(isOwn ? 2 : 1);
        if (isOwn && !isRunning && client.text.isWellFormed() && answer.slice(offset).isWellFormed()) {
          expect(client.count('snapshot')).toBe(0);
        }
      }),
    );
  });

  test.each([
    ['that no server issued', null],
    ['of an older run', { attempt: 1, part: 1, offset: 3 }],
    ['of a newer run', { attempt: 3, part: 1, offset: 3 }],
    ['beyond the text', { attempt: 2, part: 1, offset: 40 }],
    ['of a part that does not exist', { attempt: 2, part: 7, offset: 0 }],
    ['in the middle of a character', { attempt: 2, part: 1, offset: 2 }],
    ['of an older run’s end', { attempt: 1, part: 3, offset: 0 }],
    ['of an older run’s closed text', { attempt: 1, part: 2, offset: 5 }],
    ['of a longer text that was closed', { attempt: 2, part: 2, offset: 6 }],
    ['of a shorter text that was closed', { attempt: 2, part: 2, offset: 4 }],
    ['one unit beyond the text', { attempt: 2, part: 1, offset: 6 }],
  ] as const)('a reader with a cursor %s receives exactly one snapshot, then the rest', (_name, cursor) => {
    const text = 'a\u{1F600}bc';
    const events = startPosition(cursor).advance(atEnd(2, text));
    expect(events.map(({ event }) => event.type)).toEqual(['snapshot', 'text-end', 'end']);
    expect(events[0]).toEqual({
      event: { type: 'snapshot', text },
      cursor: { attempt: 2, part: 1, offset: text.length },
    });
  });

  test('a reader with the cursor of the start begins at the start of any run', () => {
    const events = startPosition({ attempt: 0, part: 0, offset: 0 }).advance(atEnd(2, 'text'));
    expect(events.map(({ event }) => event.type)).toEqual(['text-start', 'text-delta', 'text-end', 'end']);
  });

  test('a reader with the cursor of an end receives nothing', () => {
    const position = startPosition({ attempt: 1, part: 3, offset: 0 });
    expect(position.advance(whole(1, 'half'))).toEqual([]);
    expect(position.advance(whole(2, ''))).toEqual([]);
    expect(position.advance(atEnd(1, 'half'))).toEqual([]);
  });
});

describe('a run that was taken over', () => {
  test('a reader receives one snapshot of the new run and continues with its text', () => {
    fc.assert(
      fc.property(pieces, pieces, fc.boolean(), (first, second, isCutOff) => {
        const client = new Client();
        let position = startPosition(undefined);
        client.take(position.advance(whole(1, first.join(''))));
        if (isCutOff) position = startPosition(client.cursor);
        for (let count = 0; count <= second.length; count++) {
          client.take(position.advance(fromLog(position, 2, second.slice(0, count).join(''))));
        }
        const text = second.join('');
        client.take(position.advance(atEnd(2, text)));
        expect(client.text).toBe(text);
        expect(client.count('snapshot')).toBe(first.length > 0 ? 1 : 0);
        expect(client.count('end')).toBe(1);
        expect(client.count('text-start')).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('a reader that has received no text is not notified of the takeover', () => {
    const position = startPosition(undefined);
    position.advance(whole(1, ''));
    const types = position.advance(atEnd(2, 'fresh')).map(({ event }) => event.type);
    expect(types).toEqual(['text-start', 'text-delta', 'text-end', 'end']);
  });

  test('a reader is ahead only of the runs before the one it has read', () => {
    const position = startPosition({ attempt: 2, part: 1, offset: 5 });
    expect([1, 2, 3].map((attempt) => position.isAheadOf(attempt))).toEqual([true, false, false]);
    expect([1, 2, 3].map((attempt) => position.neededFrom(attempt))).toEqual([0, 5, 0]);
    expect(startPosition(undefined).isAheadOf(1)).toBe(false);
    expect(startPosition(null).isAheadOf(1)).toBe(false);
    expect(startPosition(undefined).neededFrom(1)).toBe(0);
    expect(startPosition({ attempt: 2, part: 2, offset: 5 }).neededFrom(2)).toBe(5);
  });
});

test('a turn that was stopped before its first run has one end, under any attempt', () => {
  for (const [received, stored] of [
    [0, 1],
    [1, 0],
    [0, 0],
  ] as const) {
    const position = startPosition({ attempt: received, part: 3, offset: 0 });
    expect(position.advance(atEnd(stored, ''))).toEqual([]);
  }
});

describe('a reader of an answer with several parts', () => {
  const call = {
    type: 'tool-call',
    id: 'c',
    name: 'n',
    arguments: '{"a":"\\u0000"}',
    show: 'activity',
  } as const;
  const result = { type: 'tool-result', id: 'c', name: 'n', result: 'r', show: 'activity' } as const;
  const whole3 = fc.constantFrom<TapePart>(
    { type: 'text', text: 'a\u{1F600}b' },
    { type: 'reasoning', text: 'Hm\u{1F600}' },
    { type: 'reasoning', text: 'shown', isShown: true },
    call,
    result,
    { type: 'source', id: 's', url: 'https://a.example/', title: 'A\u0000' },
  );
  const tapes = fc.array(whole3, { maxLength: 7 }).map((parts) => tapeOf(parts));

  /** The offsets up to which a run may have appended. */
  const stops = (tape: string) =>
    Array.from({ length: tape.length + 1 }, (_, at) => at).filter(
      (at) => placeAfter(tape.slice(0, at)) && !isCutMark(tape, at) && tape.slice(0, at).isWellFormed(),
    );
  const isCutMark = (tape: string, at: number) => /\0[TRS]?$/.test(tape.slice(0, at)) || isCutJson(tape, at);
  const isCutJson = (tape: string, at: number) => {
    const mark = tape.lastIndexOf('\0', at - 1);
    return /[COU]/.test(tape.charAt(mark + 1)) && mark !== -1 && at < nextMark(tape, mark);
  };
  const nextMark = (tape: string, mark: number) => {
    const next = tape.indexOf('\0', mark + 1);
    return next === -1 ? tape.length : next;
  };

  /** The result of the log: the tape from an offset on, with the place there. */
  function fromTapeLog(position: ReaderPosition, logged: string): KnownText {
    const from = position.neededFrom(1);
    const place = placeAfter(logged.slice(0, from));
    if (from > 0 && from >= logged.length) return { attempt: 1, from, text: '' };
    return { attempt: 1, from, text: logged.slice(from), ...(place && !isPlainTape(logged) && { place }) };
  }

  const endOfTape = (tape: string): EndedOutcome => {
    const text = textOfTape(tape);
    if (text === '') return { kind: 'empty', attempt: 1, tape };
    const answer = { id: 'msg_a', role: 'assistant', content: text, tape, createdAt: new Date(0) } as const;
    return { kind: 'answered', status: 'completed', attempt: 1, answer };
  };

  /** Puts the tape together from events, as a client does, and checks that parts begin and end in turn. */
  class PartsClient {
    readonly shown = new ShownTape();
    cursor: StreamCursor | undefined;
    isOpen = false;
    ends = 0;

    take(events: readonly AnswerEventWithCursor[]): void {
      for (const { event, cursor } of events) {
        this.cursor = cursor;
        if (event.type === 'end') this.ends++;
        if (/-start$|^tool|^source/.test(event.type)) expect(this.isOpen).toBe(false);
        if (/-delta$|-end$/.test(event.type)) expect(this.isOpen).toBe(true);
        if (/-start$/.test(event.type)) this.isOpen = true;
        if (/-end$/.test(event.type)) this.isOpen = false;
        if (event.type === 'text-start') this.shown.text('');
        if (event.type === 'text-delta') this.shown.text(event.text);
        if (event.type === 'snapshot') this.shown.replace(event.text, event.parts);
        if (isPart(event)) this.shown.part(event);
      }
    }
  }

  test('a reader receives every part exactly once, wherever it is cut off and whether it reads memory or the log', () => {
    const happening = fc.record({ steps: fc.nat(3), isLogged: fc.boolean(), isCutOff: fc.boolean() });
    fc.assert(
      fc.property(tapes, fc.array(happening, { maxLength: 20 }), (tape, happenings) => {
        const places = stops(tape);
        const client = new PartsClient();
        let position = startPosition(undefined);
        let written = 0;
        for (const { steps, isLogged, isCutOff } of happenings) {
          written = Math.min(written + steps, places.length - 1);
          if (isCutOff) position = startPosition(client.cursor);
          const known = tape.slice(0, places[written]);
          client.take(position.advance(isLogged ? fromTapeLog(position, known) : whole(1, known)));
        }
        client.take(position.advance({ ...whole(1, tape), outcome: endOfTape(tape) }));
        expect(client.shown.tape).toBe(tape);
        expect(client.ends).toBe(1);
      }),
    );
  });

  test('a reader that reconnects after any event receives the rest and nothing twice', () => {
    fc.assert(
      fc.property(tapes, (tape) => {
        const known = { ...whole(1, tape), outcome: endOfTape(tape) };
        const all = startPosition(undefined).advance(known);
        for (let cut = 1; cut <= all.length; cut++)
          expect(startPosition(all[cut - 1]?.cursor).advance(known)).toEqual(all.slice(cut));
      }),
    );
  });

  test('a cursor that no server issued never makes the reader take one kind of part for another', () => {
    const anyPlace = fc.record({ attempt: fc.constant(1), part: fc.nat(7), offset: fc.nat(60) });
    fc.assert(
      fc.property(tapes, anyPlace, fc.boolean(), (tape, cursor, isLogged) => {
        const position = startPosition(cursor);
        const known = isLogged ? fromTapeLog(position, tape) : whole(1, tape);
        fc.pre(!isLogged || placeAfter(tape.slice(0, cursor.offset)) !== undefined);
        for (const { event, cursor: after } of position.advance(known)) {
          if (event.type === 'snapshot') return;
          if (event.type !== 'text-delta') continue;
          expect(tape.slice(0, after.offset).endsWith(event.text)).toBe(true);
          expect(placeAfter(tape.slice(0, after.offset))?.open).toBe('text');
        }
      }),
    );
  });

  test('a snapshot of an answer with several parts has them all', () => {
    const parts: TapePart[] = [{ type: 'text', text: 'a' }, call, result, { type: 'text', text: 'b' }];
    const [snapshot] = startPosition(null).advance(whole(1, tapeOf(parts)));
    expect(snapshot?.event).toEqual({ type: 'snapshot', text: 'ab', parts });
  });

  test('the parts of an answer are numbered, and its first text has the events and cursors of an answer of text alone', () => {
    const tape = tapeOf([
      { type: 'text', text: 'ab' },
      { type: 'reasoning', text: 'c' },
      call,
      { type: 'text', text: 'd' },
    ]);
    const events = startPosition(undefined).advance(whole(1, tape));
    const at = tape.indexOf('\0C');
    const last = tape.lastIndexOf('\0');
    expect(events.map(({ event, cursor: { part, offset } }) => [event, part, offset]).slice(1)).toEqual([
      [{ type: 'text-start' }, 1, 0],
      [{ type: 'text-delta', text: 'ab' }, 1, 2],
      [{ type: 'text-end' }, 6, 2],
      [{ type: 'reasoning-start', part: 1, isShown: false }, 5, 4],
      [{ type: 'reasoning-delta', text: 'c', part: 1, isShown: false }, 5, 5],
      [{ type: 'reasoning-end', part: 1, isShown: false }, 6, at],
      [call, 6, last],
      [{ type: 'text-start', part: 3 }, 4, last + 2],
      [{ type: 'text-delta', text: 'd', part: 3 }, 4, last + 3],
    ]);
  });
});

function isPart(event: AnswerEventWithCursor['event']): event is ShownPart & AnswerEventWithCursor['event'] {
  return event.type.startsWith('reasoning') || isWholePart(event);
}
