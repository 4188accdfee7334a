import { scripts } from '@parley/agent/testing';
import { describe, expect, test, vi } from 'vitest';
import { AnswerReader, RelayReader } from './answer-reader.ts';
import { eventually, type Replica, startHarness } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { TestClock } from './test-clock.ts';
import { begin, eagerBounds, startTwo } from './two-replicas.ts';

/* Readers in the running process and in any other receive the same text. */

const harness = await startHarness('reading');

const read = (replica: Replica, place: ConstructorParameters<typeof AnswerReader>[2]) =>
  new AnswerReader(replica, harness.scope, place);

const PIECES = ['a', '\u{1F600}', ' é', '\u{1F469}‍\u{1F680} go', 'x'.repeat(500), '\n', '"\\', '中文'];

describe('a reader', () => {
  test('readers in the running process and in another one receive the same text during the run', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const readers = [read(owner, place), read(other, place)];
    const run = await agent.run('q');
    for (const reader of readers) await eventually(() => reader.types).toEqual(['start']);
    let text = '';
    for (const piece of PIECES) {
      run.emit(piece);
      text += piece;
      for (const reader of readers) await eventually(() => reader.text).toBe(text);
    }
    run.finish();
    for (const reader of readers) {
      expect(await reader.done).toBeUndefined();
      expect(reader.types).toEqual([
        ...['start', 'text-start'],
        ...PIECES.map(() => 'text-delta'),
        ...['text-end', 'end'],
      ]);
      expect(reader.text).toBe(text);
      expect(reader.end).toMatchObject({ status: 'completed', createdAt: expect.any(String) });
    }
    expect(readers[0]?.events).toEqual(readers[1]?.events);
  });

  test('a reader that begins late or after the end receives the whole text with the same last event', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    for (const piece of PIECES) run.emit(piece);
    const late = [read(owner, place), read(other, place)];
    for (const reader of late) await eventually(() => reader.text).toBe(PIECES.join(''));
    run.finish();
    for (const reader of late) await reader.done;
    const after = [read(owner, place), read(other, place)];
    for (const reader of after) {
      await reader.done;
      expect(reader.types).toEqual(['start', 'text-start', 'text-delta', 'text-end', 'end']);
      expect(reader.text).toBe(PIECES.join(''));
    }
    const last = [...late, ...after].map(({ events }) => events.at(-1));
    expect(new Set(last.map((event) => JSON.stringify(event))).size).toBe(1);
  });

  test('a reader that reconnects to the other process after any event misses and repeats nothing', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const lengths = [1, 2, 3, 5];
    const relays = lengths.flatMap((length) => [
      new RelayReader([owner, other], harness.scope, place, length),
      new RelayReader([other, owner], harness.scope, place, length),
    ]);
    const run = await agent.run('q');
    let text = '';
    for (const piece of [...PIECES, ...PIECES]) {
      run.emit(piece);
      text += piece;
      await eventually(() => relays.filter((relay) => relay.text !== text)).toEqual([]);
    }
    run.finish();
    for (const relay of relays) {
      await relay.done;
      expect(Buffer.from(relay.text).equals(Buffer.from(text))).toBe(true);
      expect(relay.types.join(' ')).toMatch(/^start text-start( text-delta)+ text-end end$/);
      expect(relay.stretches).toBeGreaterThanOrEqual(Math.ceil(relay.types.length / 5));
    }
  }, 60_000);

  test('a reader never receives half a character, however the model splits its text', async () => {
    const owner = harness.startReplica({ bounds: eagerBounds });
    const other = harness.startReplica({ bounds: { ...eagerBounds, runningTurnsMax: 0 } });
    const [high, low] = ['\ud83d', '\ude00'];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    harness.model.replyTo('pairs', async (call) => {
      call.text(`a${high}`);
      await gates[0].promise;
      call.text(`${low}b${high}`);
      await gates[1].promise;
      call.text(low);
      call.finish();
    });
    const place = await begin(harness, owner, 'pairs');
    const relays = [owner, other].map((replica) => new RelayReader([replica], harness.scope, place, 100));
    for (const [index, text] of ['a', 'a\u{1F600}b'].entries()) {
      for (const relay of relays) await eventually(() => relay.text).toBe(text);
      gates[index]?.resolve();
    }
    for (const relay of relays) {
      await relay.done;
      expect(relay.text).toBe('a\u{1F600}b\u{1F600}');
      expect(relay.texts.filter((piece) => !piece.isWellFormed())).toEqual([]);
    }
  });

  test('a slow reader receives all new text at once', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const { signal } = new AbortController();
    const { events } = await owner.turns.read(harness.scope, { ...place, from: undefined }, signal);
    expect((await events.next()).value).toMatchObject({ event: { type: 'start' } });
    const run = await agent.run('q');
    const pieces = Array.from({ length: 1_000 }, (_, index) => `${index} `);
    for (const piece of pieces) run.emit(piece);
    expect((await events.next()).value).toMatchObject({ event: { type: 'text-start' } });
    expect((await events.next()).value).toMatchObject({
      event: { type: 'text-delta', text: pieces.join('') },
    });
    for (const piece of pieces) run.emit(piece);
    run.finish();
    expect((await events.next()).value).toMatchObject({
      event: { type: 'text-delta', text: pieces.join('') },
    });
    expect(await Array.fromAsync(events)).toMatchObject([
      { event: { type: 'text-end' } },
      { event: { type: 'end' } },
    ]);
  });

  test('a reader of a waiting message receives its start at once and later its answer, in any process', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    const place = await begin(harness, other, 'second', chat);
    const readers = [read(owner, place), read(other, place)];
    for (const reader of readers) await eventually(() => reader.types).toEqual(['start', 'status']);
    const first = await agent.run('first');
    first.emit('1');
    first.finish();
    const second = await agent.run('second');
    second.emit('2');
    for (const reader of readers) await eventually(() => reader.text).toBe('2');
    second.finish();
    for (const reader of readers) expect(await reader.done).toBeUndefined();
    // Between the ends of both turns a reader may receive the status that the message waits for a place.
    const [here, elsewhere] = readers.map(({ events }) =>
      events.filter(({ event }) => event.type !== 'status'),
    );
    expect(here).toEqual(elsewhere);
  });

  test('a reader of a failed answer receives its text and the error', async () => {
    const { owner, other } = startTwo(harness);
    harness.model.replyTo('fails', scripts.cutAfter('half an '));
    const failing = harness.startReplica({ bounds: eagerBounds });
    const place = await begin(harness, failing, 'fails');
    const live = [read(failing, place), read(other, place)];
    const createdAt = expect.any(String);
    const end = { type: 'end', status: 'failed', errorCode: 'model_failed', createdAt };
    for (const reader of live) await reader.done;
    for (const reader of [...live, read(owner, place)]) {
      await reader.done;
      expect([reader.text, reader.end]).toEqual(['half an ', end]);
    }
  });
});

describe('a reader with a cursor', () => {
  test.each([
    ['that no server issued', null],
    ['of another run', { attempt: 7, part: 1, offset: 2 }],
    ['beyond the text', { attempt: 1, part: 1, offset: 5_000 }],
    ['in the middle of a character', { attempt: 1, part: 1, offset: 2 }],
  ] as const)(
    'a reader with a cursor %s receives the text once, during and after the run, in any process',
    async (_name, from) => {
      const agent = new SteppedAgent();
      const clock = new TestClock();
      const owner = harness.startReplica({ bounds: eagerBounds, runAgent: agent.runAgent });
      const options = { bounds: { ...eagerBounds, runningTurnsMax: 0 }, runAgent: agent.runAgent };
      const other = harness.startReplica({ ...options, clock });
      const place = await begin(harness, owner, 'q');
      const run = await agent.run('q');
      run.emit('a\u{1F600}b');
      await eventually(() => owner.tap.calls).toContain('turnLog.append');
      await owner.tap.quiet();
      const running = [read(owner, { ...place, from }), read(other, { ...place, from })];
      for (const reader of running) {
        await vi.waitFor(
          () => {
            // A reader waits for text that may be newer than a replica has, at most for the replication lag.
            clock.advance(1_000);
            expect(reader.text).toBe('a\u{1F600}b');
          },
          { timeout: 30_000 },
        );
        expect(reader.types).toEqual(['snapshot']);
      }
      run.emit('c');
      run.finish();
      for (const reader of running) {
        await vi.waitFor(
          () => {
            clock.advance(1_000);
            expect(reader.types.at(-1)).toBe('end');
          },
          { timeout: 30_000 },
        );
        expect(reader.types.filter((type) => type === 'snapshot')).toHaveLength(1);
        expect(reader.text).toBe('a\u{1F600}bc');
      }
      for (const replica of [owner, other]) {
        const after = read(replica, { ...place, from });
        await after.done;
        expect(after.types).toEqual(['snapshot', 'text-end', 'end']);
        expect(after.text).toBe('a\u{1F600}bc');
      }
    },
  );

  test('a reader with the cursor of the end receives nothing, and its stream ends', async () => {
    const { agent, owner, other } = startTwo(harness);
    agent.echo();
    const place = await begin(harness, owner, 'q');
    const first = read(owner, place);
    await first.done;
    for (const replica of [owner, other]) {
      const again = read(replica, { ...place, from: first.cursor });
      expect(await again.done).toBeUndefined();
      expect(again.events).toEqual([]);
    }
  });
});
