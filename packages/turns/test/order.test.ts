import { echoOf } from '@parley/agent/testing';
import { casesOfForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { eventually, insertTurn, startHarness, transcript, turnsOf } from './harness.ts';

const harness = await startHarness('order');

test.each(casesOfForm([40, 100], 2))(
  '%i concurrent messages to one chat on two processes each get a place and an answer',
  async (count) => {
    const bounds = { queuedTurnsPerChatMax: 1_000 };
    const replicas = [harness.startReplica({ bounds }), harness.startReplica({ bounds })];
    const chat = await harness.newChat();
    const contents = Array.from({ length: count }, (_, index) => `message ${index}`);
    const results = await Promise.all(
      contents.map(async (content, index) => {
        const replica = replicas[index % 2] ?? harness.startReplica();
        return { content, ...(await replica.turns.send(harness.scope, { chat, content })) };
      }),
    );
    for (const { content, outcome } of results) {
      expect(outcome).toMatchObject({ kind: 'answered', answer: { content: echoOf(content) } });
    }
    const documents = await turnsOf(harness, chat);
    expect(documents.map(({ sequence }) => sequence)).toEqual(contents.map((_, index) => index + 1));
    expect(documents.filter(({ status, takeovers }) => status !== 'completed' || takeovers !== 0)).toEqual(
      [],
    );
    // A message and its answer are adjacent, and each message is stored once.
    const lines = await transcript(harness, chat);
    const questions = lines
      .filter((line) => line.startsWith('user: '))
      .map((line) => line.slice('user: '.length));
    expect(questions.toSorted()).toEqual(contents.toSorted());
    expect(lines).toEqual(
      questions.flatMap((content) => [`user: ${content}`, `assistant: ${echoOf(content)}`]),
    );
    // The model was called once for each message, with exactly the preceding messages.
    const calls = harness.model.calls();
    expect(calls).toHaveLength(count);
    for (const [index, { sequence }] of documents.entries()) {
      const messages = calls[index]?.body.messages ?? [];
      expect(messages.length).toBe(sequence * 2 - 1);
    }
  },
  60_000,
);

test('messages beyond the queue limit are rejected, and those in the queue are answered', async () => {
  const { turns } = harness.startReplica({ bounds: { queuedTurnsPerChatMax: 3 } });
  const chat = await harness.newChat();
  const gate = harness.model.hold();
  const accepted = [turns.send(harness.scope, { chat, content: 'runs' })];
  await harness.model.callTo('runs');
  for (let waiting = 1; waiting <= 3; waiting++) {
    accepted.push(turns.send(harness.scope, { chat, content: `waits ${waiting}` }));
    await eventually(() => turnsOf(harness, chat)).toHaveLength(waiting + 1);
  }
  const tries = [1, 2, 3, 4].map((index) =>
    expect(turns.send(harness.scope, { chat, content: `too much ${index}` })).rejects.toMatchObject({
      code: 'queue_full',
      facts: {},
    }),
  );
  await Promise.all(tries);
  gate.release();
  const outcomes = (await Promise.all(accepted)).map(({ outcome }) => outcome.kind);
  expect(outcomes).toEqual(Array.from({ length: 4 }, () => 'answered'));
  expect(await turnsOf(harness, chat)).toHaveLength(4);
});

test('no more of many concurrent messages wait than the limit allows', async () => {
  const replicas = [harness.startReplica(), harness.startReplica()] as const;
  const chat = await harness.newChat();
  const gate = harness.model.hold();
  const sends = Array.from({ length: 30 }, (_, index) =>
    replicas[index % 2 ? 1 : 0].turns.send(harness.scope, { chat, content: `m ${index}` }).then(
      ({ outcome }) => outcome.kind,
      (error) => error.code,
    ),
  );
  await eventually(() => turnsOf(harness, chat)).toHaveLength(9);
  gate.release();
  const results = await Promise.all(sends);
  const answered = results.filter((result) => result === 'answered');
  expect(results.filter((result) => result !== 'answered' && result !== 'queue_full')).toEqual([]);
  expect(answered.length).toBeGreaterThanOrEqual(9);
  expect(await turnsOf(harness, chat)).toHaveLength(answered.length);
});

test('concurrent chats do not mix their messages', async () => {
  const replicas = [harness.startReplica(), harness.startReplica()] as const;
  const chats = await Promise.all(Array.from({ length: 12 }, () => harness.newChat()));
  await Promise.all(
    chats.flatMap((chat, index) =>
      ['a', 'b'].map((letter, turn) =>
        replicas[(index + turn) % 2 ? 1 : 0].turns.send(harness.scope, {
          chat,
          content: `${letter} of chat ${index}`,
        }),
      ),
    ),
  );
  for (const [index, chat] of chats.entries()) {
    const lines = await transcript(harness, chat);
    expect(lines).toHaveLength(4);
    expect(lines.filter((line) => line.includes(`of chat ${index}`))).toHaveLength(4);
  }
});

test('a turn that another process inserted is noticed, and the next place is taken', async () => {
  const { turns, tap } = harness.startReplica();
  const chat = await harness.newChat();
  const insert = tap.hold('turns.insert');
  const sending = turns.send(harness.scope, { chat, content: 'mine' });
  await insert.reached;
  await insertTurn(harness, chat, 1, { content: 'theirs' });
  const other = harness.startReplica();
  insert.release();
  expect(await sending).toMatchObject({ outcome: { kind: 'answered' } });
  expect((await transcript(harness, chat)).filter((line) => line.startsWith('user'))).toEqual([
    'user: theirs',
    'user: mine',
  ]);
  expect(other.log.filter(({ level }) => level === 'error')).toEqual([]);
});
