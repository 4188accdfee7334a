import { mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import { begin, startTwo } from './two-replicas.ts';

/* The response to a message that is sent without waiting, and the ways to find its answer later. */

const harness = await startHarness('running_answer');

test('the running answer of a chat is the one that is generated or is next, in any process', async () => {
  const { agent, owner, other } = startTwo(harness);
  const chat = await harness.newChat();
  const find = () => Promise.all([owner, other].map(({ turns }) => turns.runningAnswer(harness.scope, chat)));
  expect(await find()).toEqual([undefined, undefined]);
  const first = await begin(harness, owner, 'first', chat);
  const second = await begin(harness, owner, 'second', chat);
  expect(await find()).toEqual([first.answerId, first.answerId]);
  const run = await agent.run('first');
  run.finish();
  const next = await agent.run('second');
  expect(await find()).toEqual([second.answerId, second.answerId]);
  const accepted = await owner.turns.find(harness.scope, second);
  next.finish();
  await expect.poll(() => find()).toEqual([undefined, undefined]);
  expect(accepted).toMatchObject({ id: expect.any(String), status: 'generating', answerId: second.answerId });
});

test('the running answer is not returned to another team', async () => {
  const { agent, owner } = startTwo(harness);
  const { chat } = await begin(harness, owner, 'q');
  await agent.run('q');
  expect(await owner.turns.runningAnswer({ team: mintId('team') }, chat)).toBeUndefined();
});

test('an accepted message says whether it runs already, and any process can wait for its outcome later', async () => {
  const { agent, owner, other } = startTwo(harness);
  const chat = await harness.newChat();
  const first = await owner.turns.accept(harness.scope, { chat, content: 'first' });
  const second = await other.turns.accept(harness.scope, { chat, content: 'second' });
  expect([first, second]).toMatchObject([
    { chat, isStarted: true, isReplay: false, createdAt: expect.any(Date) },
    { chat, isStarted: false, isReplay: false, createdAt: expect.any(Date) },
  ]);
  expect(first.answerId.slice('msg_'.length)).toBe(first.turn.slice('turn_'.length));
  const outcomes = [
    other.turns.outcome(harness.scope, first),
    owner.turns.outcome(harness.scope, second),
    other.turns.outcome(harness.scope, second),
  ];
  agent.echo();
  const contents = (await Promise.all(outcomes)).map((outcome) =>
    outcome.kind === 'answered' ? outcome.answer.content : outcome.kind,
  );
  expect(contents).toEqual(['answer to first', 'answer to second', 'answer to second']);
  expect(await owner.turns.outcome(harness.scope, first)).toMatchObject({ kind: 'answered' });
});

test('a sender that disconnects receives `answer_pending`, and the answer continues', async () => {
  const { agent, owner } = startTwo(harness);
  const accepted = await owner.turns.accept(harness.scope, { chat: await harness.newChat(), content: 'q' });
  const run = await agent.run('q');
  const waiting = owner.turns.outcome(harness.scope, accepted, AbortSignal.abort());
  await expect(waiting).rejects.toMatchObject({
    code: 'answer_pending',
    facts: { messageId: accepted.answerId },
  });
  run.finish();
  expect(await owner.turns.outcome(harness.scope, accepted)).toMatchObject({ kind: 'answered' });
});
