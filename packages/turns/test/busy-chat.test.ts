import { describe, expect, test } from 'vitest';
import { eventually, startHarness, transcript, turnsOf } from './harness.ts';
import { SteppedAgent } from './stepped-agent.ts';
import { TestClock } from './test-clock.ts';
import { begin, startTwo } from './two-replicas.ts';

/* A message to a busy chat waits, is rejected, or interrupts, depending on `onBusy`. */

const harness = await startHarness('busy');

describe('onBusy: reject', () => {
  test('a message with `reject` is rejected by any process while the newest turn is unfinished, and stores nothing', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    const first = await agent.run('first');
    const reject = async () => {
      for (const { turns } of [owner, other]) {
        const rejected = turns.send(harness.scope, { chat, content: 'refused', onBusy: 'reject' });
        await expect(rejected).rejects.toMatchObject({ code: 'chat_busy', facts: {} });
      }
    };
    await reject();
    await begin(harness, other, 'second', chat);
    await reject();
    first.finish();
    await agent.run('second');
    await reject();
    expect((await transcript(harness, chat)).filter((line) => line.startsWith('user'))).toEqual([
      ...['user: first', 'user: second'],
    ]);
  });

  test('a message with `reject` is answered in an idle chat, whether its tail is in memory or read', async () => {
    const { agent, owner, other } = startTwo(harness, 256);
    agent.echo();
    const chat = await harness.newChat();
    for (const [index, { turns }] of [owner, other, owner, owner].entries()) {
      const content = `q ${index}`;
      const sent = await turns.send(harness.scope, { chat, content, onBusy: 'reject' });
      expect(sent).toMatchObject({ outcome: { kind: 'answered' } });
    }
  });

  test('exactly one of many concurrent messages with `reject` is accepted', async () => {
    const { agent, owner, other } = startTwo(harness, 256);
    const chat = await harness.newChat();
    const sends = Array.from({ length: 20 }, (_, index) =>
      [owner, other][index % 2]?.turns
        .accept(harness.scope, { chat, content: `q ${index}`, onBusy: 'reject' })
        .then(
          () => 'accepted',
          ({ code }) => code,
        ),
    );
    const results = (await Promise.all(sends)).toSorted();
    expect(results).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'chat_busy')]);
    expect(await turnsOf(harness, chat)).toHaveLength(1);
    agent.echo();
  });
});

describe('onBusy: interrupt', () => {
  test('an interrupting message stops the running answer with its text and the waiting ones, then is answered', async () => {
    const { agent, owner } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    const first = await agent.run('first');
    first.emit('half');
    const waiting = ['second', 'third'].map((content) => owner.turns.send(harness.scope, { chat, content }));
    await eventually(() => turnsOf(harness, chat)).toHaveLength(3);
    const sending = owner.turns.send(harness.scope, { chat, content: 'urgent', onBusy: 'interrupt' });
    const urgent = await agent.run('urgent');
    expect(first.signal.aborted).toBe(true);
    expect(urgent.messages.slice(0, 2)).toEqual(['user: first', 'assistant: half']);
    urgent.emit('at once');
    urgent.finish();
    expect((await sending).outcome).toMatchObject({ kind: 'answered', answer: { content: 'at once' } });
    expect((await Promise.all(waiting)).map(({ outcome }) => outcome.kind)).toEqual(['empty', 'empty']);
    expect((await turnsOf(harness, chat)).map(({ status }) => status)).toEqual([
      ...['stopped', 'stopped', 'stopped', 'completed'],
    ]);
    expect(agent.runs.map(({ question }) => question)).toEqual(['first', 'urgent']);
    expect((await transcript(harness, chat)).slice(-2)).toEqual(['user: urgent', 'assistant: at once']);
  });

  test('an interrupting message stops a run in its own process at once, without waiting for a tick', async () => {
    const agent = new SteppedAgent();
    const clock = new TestClock();
    const owner = harness.startReplica({ clock, runAgent: agent.runAgent });
    await clock.rounds();
    const { chat } = await begin(harness, owner, 'first');
    const first = await agent.run('first');
    await owner.turns.accept(harness.scope, { chat, content: 'urgent', onBusy: 'interrupt' });
    await agent.run('urgent');
    expect(first.signal.aborted).toBe(true);
  });

  test('an interrupting message that starts while the others are being marked is not stopped itself', async () => {
    const { agent, owner } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    const marking = owner.tap.hold('turns.cancelBefore', 'after');
    const sending = owner.turns.send(harness.scope, { chat, content: 'urgent', onBusy: 'interrupt' });
    await marking.reached;
    (await agent.run('first')).finish();
    const urgent = await agent.run('urgent');
    urgent.emit('at once');
    marking.release();
    await owner.tap.quiet();
    urgent.finish();
    expect((await sending).outcome).toMatchObject({ status: 'completed', answer: { content: 'at once' } });
  });

  test('an interrupting message stops a run in another process', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    const first = await agent.run('first');
    first.emit('half');
    const { turns } = other;
    const sending = turns.send(harness.scope, { chat, content: 'urgent', onBusy: 'interrupt' });
    const urgent = await agent.run('urgent');
    expect(urgent.messages).toEqual(['user: first', 'assistant: half', 'user: urgent']);
    urgent.finish();
    expect((await sending).outcome).toMatchObject({ status: 'completed' });
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'stopped' }, { status: 'completed' }]);
  });

  test('an interrupting message in an idle chat is an ordinary message and marks nothing', async () => {
    const { agent, owner } = startTwo(harness);
    agent.echo();
    const chat = await harness.newChat();
    for (const content of ['first', 'second']) {
      await owner.turns.send(harness.scope, { chat, content, onBusy: 'interrupt' });
    }
    expect(owner.tap.calls).not.toContain('turns.cancelBefore');
    expect((await turnsOf(harness, chat)).map(({ status }) => status)).toEqual(['completed', 'completed']);
  });

  test('repeated interrupting messages stop each other, and the last one is answered', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    await agent.run('first');
    const contents = ['a', 'b', 'c', 'd', 'e'];
    for (const [index, content] of contents.entries()) {
      const { turns } = index % 2 ? owner : other;
      await turns.accept(harness.scope, { chat, content, onBusy: 'interrupt' });
    }
    const last = await agent.run('e');
    last.finish();
    await eventually(async () => (await turnsOf(harness, chat)).map(({ status }) => status)).toEqual([
      ...['stopped', 'stopped', 'stopped', 'stopped', 'stopped', 'completed'],
    ]);
  });

  test('an interrupting message that cannot mark the others is accepted and waits behind them', async () => {
    const { agent, owner } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    const first = await agent.run('first');
    owner.tap.disconnect('turns.cancelBefore', 'before');
    const sending = owner.turns.send(harness.scope, { chat, content: 'urgent', onBusy: 'interrupt' });
    await eventually(() => owner.log.map(({ event }) => event)).toContain(
      'interrupting failed; the turn waits in order',
    );
    expect(first.signal.aborted).toBe(false);
    first.emit('whole');
    first.finish();
    (await agent.run('urgent')).finish();
    expect((await sending).outcome).toMatchObject({ status: 'completed' });
    expect(await turnsOf(harness, chat)).toMatchObject([{ status: 'completed' }, { status: 'completed' }]);
  });

  test('an interrupting message is rejected like any other when too many messages wait', async () => {
    const { agent, owner } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    await agent.run('first');
    for (let waiting = 0; waiting < 8; waiting++) await begin(harness, owner, `w ${waiting}`, chat);
    const urgent = owner.turns.send(harness.scope, { chat, content: 'urgent', onBusy: 'interrupt' });
    await expect(urgent).rejects.toMatchObject({ code: 'queue_full' });
    expect((await turnsOf(harness, chat)).filter((turn) => turn['isCancelled'])).toEqual([]);
  });
});
