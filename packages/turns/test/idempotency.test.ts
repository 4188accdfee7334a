import { ModelError } from '@parley/agent';
import { type ApiError, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { eventually, startHarness, transcript, turnsOf } from './harness.ts';
import { begin, startTwo } from './two-replicas.ts';

/* A repeated request with the same key has the same turn and gets the outcome of that turn. */

const harness = await startHarness('idempotency');

const newKey = () => ({ key: mintId('request'), body: 'the body' });

describe('the same request many times at once', () => {
  test.each(['enqueue', 'reject', 'interrupt'] as const)(
    'concurrent repeats on two processes have one turn, one call of the model and one answer (%s)',
    async (onBusy) => {
      const { agent, owner, other } = startTwo(harness, 256);
      const chat = await harness.newChat();
      const idempotency = newKey();
      const sends = Array.from({ length: 50 }, (_, index) => {
        const { turns } = index % 2 ? owner : other;
        return turns.send(harness.scope, { chat, content: 'q', idempotency, onBusy });
      });
      const run = await agent.run('q');
      run.emit('once');
      // All requests wait for the one turn, and some of them may not have reached the store yet.
      await new Promise(setImmediate);
      run.finish();
      const sent = await Promise.all(sends);
      expect(new Set(sent.map(({ accepted }) => accepted.answerId)).size).toBe(1);
      expect(new Set(sent.map(({ accepted }) => accepted.userMessageId)).size).toBe(1);
      expect(sent.filter(({ accepted }) => !accepted.isReplay)).toHaveLength(1);
      const answer = { kind: 'answered', status: 'completed', answer: { content: 'once' } };
      for (const { outcome } of sent) expect(outcome).toMatchObject(answer);
      expect(agent.runs).toHaveLength(1);
      expect(await transcript(harness, chat)).toEqual(['user: q', 'assistant: once']);
    },
  );

  test('concurrent repeats behind other messages have one place in the queue', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    await agent.run('first');
    const idempotency = newKey();
    const accepts = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? owner : other).turns.accept(harness.scope, { chat, content: 'q', idempotency }),
    );
    const accepted = await Promise.all(accepts);
    expect(new Set(accepted.map(({ turn }) => turn)).size).toBe(1);
    expect(await turnsOf(harness, chat)).toHaveLength(2);
  });

  test('concurrent repeats for the last place of a queue are all accepted', async () => {
    const { agent, owner, other } = startTwo(harness);
    const { chat } = await begin(harness, owner, 'first');
    await agent.run('first');
    for (let waiting = 1; waiting < 8; waiting++) await begin(harness, owner, `w ${waiting}`, chat);
    const idempotency = newKey();
    const accepts = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? owner : other).turns.accept(harness.scope, { chat, content: 'q', idempotency }),
    );
    const accepted = await Promise.all(accepts);
    expect(new Set(accepted.map(({ turn }) => turn)).size).toBe(1);
    expect(await turnsOf(harness, chat)).toHaveLength(9);
  });

  test('concurrent repeats of a retry have one turn in any process', async () => {
    const { agent, owner, other } = startTwo(harness, 256);
    const place = await begin(harness, owner, 'q');
    (await agent.run('q')).fail(new ModelError('model_failed', { calls: 1, cause: new Error('scripted') }));
    await new AnswerReader(owner, harness.scope, place).done;
    const idempotency = newKey();
    const retries = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? owner : other).turns.retry(harness.scope, { ...place, idempotency }),
    );
    const accepted = await Promise.all(retries);
    expect(new Set(accepted.map(({ answerId }) => answerId)).size).toBe(1);
    expect(accepted.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    expect(await turnsOf(harness, place.chat)).toHaveLength(2);
    await agent.run('q', 2);
    expect(agent.runsOf('q')).toHaveLength(2);
  });
});

describe('the same request later', () => {
  test('a later repeat receives the stored answer, also when the chat has continued, and writes nothing', async () => {
    const { agent, owner, other } = startTwo(harness);
    agent.echo();
    const chat = await harness.newChat();
    const message = { chat, content: 'q', idempotency: newKey() };
    const first = await owner.turns.send(harness.scope, message);
    await owner.turns.send(harness.scope, { chat, content: 'next' });
    const isUncounted = async () => (await turnsOf(harness, chat)).some((turn) => turn['isUncounted']);
    await eventually(isUncounted).toBe(false);
    const before = await turnsOf(harness, chat);
    for (const { turns } of [owner, other]) {
      const again = await turns.send(harness.scope, message);
      const { isReplay, isStarted, ...ids } = again.accepted;
      expect([isReplay, isStarted]).toEqual([true, true]);
      expect(first.accepted).toMatchObject(ids);
      expect(again.outcome).toEqual(first.outcome);
      expect(await turns.findByIdempotencyKey(harness.scope, chat, message.idempotency)).toEqual(
        again.accepted,
      );
    }
    expect(await turnsOf(harness, chat)).toEqual(before);
    expect(agent.runs).toHaveLength(2);
  });

  test('a later repeat of a failed request receives the failure and does not try again', async () => {
    const { agent, owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    const message = { chat, content: 'q', idempotency: newKey() };
    const sending = owner.turns.send(harness.scope, message);
    const run = await agent.run('q');
    run.emit('half');
    run.fail(new ModelError('model_timeout', { calls: 1, cause: new Error('scripted') }));
    const answer = expect.objectContaining({ content: 'half' });
    const failed = { kind: 'failed', errorCode: 'model_timeout', attempt: 1, text: 'half', answer };
    expect((await sending).outcome).toEqual(failed);
    for (const { turns } of [owner, other]) {
      expect((await turns.send(harness.scope, message)).outcome).toEqual(failed);
    }
    expect(agent.runs).toHaveLength(1);
  });

  test('a later repeat of a stopped request receives the stop, with or without text', async () => {
    const { agent, owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    const [running, waiting] = [
      { chat, content: 'runs', idempotency: newKey() },
      { chat, content: 'waits', idempotency: newKey() },
    ] as const;
    const { answerId } = await owner.turns.accept(harness.scope, running);
    const run = await agent.run('runs');
    run.emit('half');
    const second = await owner.turns.accept(harness.scope, waiting);
    await owner.turns.cancel(harness.scope, { chat, answerId: second.answerId });
    expect((await other.turns.send(harness.scope, waiting)).outcome).toMatchObject({ kind: 'empty' });
    await owner.turns.cancel(harness.scope, { chat, answerId });
    for (const { turns } of [owner, other]) {
      expect((await turns.send(harness.scope, running)).outcome).toMatchObject({
        kind: 'answered',
        status: 'stopped',
        answer: { content: 'half' },
      });
    }
  });

  test('a repeat during the first request waits with it, also in another process', async () => {
    const { agent, owner, other } = startTwo(harness);
    const message = { chat: await harness.newChat(), content: 'q', idempotency: newKey() };
    const accepted = await owner.turns.accept(harness.scope, message);
    const run = await agent.run('q');
    const again = other.turns.send(harness.scope, message);
    const reader = new AnswerReader(other, harness.scope, accepted);
    run.emit('once');
    run.finish();
    expect(await again).toMatchObject({ accepted: { isReplay: true }, outcome: { kind: 'answered' } });
    await reader.done;
    expect(reader.text).toBe('once');
  });

  test('the same key in another chat is another request', async () => {
    const { agent, owner } = startTwo(harness);
    agent.echo();
    const idempotency = newKey();
    const chats = [await harness.newChat(), await harness.newChat()];
    for (const chat of chats) {
      const sent = await owner.turns.send(harness.scope, { chat, content: 'q', idempotency });
      expect(sent).toMatchObject({ accepted: { isReplay: false }, outcome: { kind: 'answered' } });
    }
  });
});

describe('a key that was used with another body', () => {
  test('a key that was used with another body is rejected before and after the end, and writes nothing', async () => {
    const { agent, owner, other } = startTwo(harness);
    const chat = await harness.newChat();
    const idempotency = newKey();
    const first = owner.turns.send(harness.scope, { chat, content: 'q', idempotency });
    const run = await agent.run('q');
    const changed = { ...idempotency, body: 'another body' };
    const reject = async () => {
      for (const { turns } of [owner, other]) {
        const message = { chat, content: 'r', idempotency: changed };
        const refused = { code: 'idempotency_key_reused', facts: {} };
        await expect(turns.send(harness.scope, message)).rejects.toMatchObject(refused);
        await expect(turns.findByIdempotencyKey(harness.scope, chat, changed)).rejects.toMatchObject(refused);
      }
    };
    await reject();
    run.finish();
    await first;
    await reject();
    expect(await turnsOf(harness, chat)).toHaveLength(1);
    expect(agent.runs).toHaveLength(1);
  });

  test('a key that was used with another body is rejected for a retry, which takes no place', async () => {
    const { agent, owner } = startTwo(harness);
    const chat = await harness.newChat();
    const idempotency = newKey();
    const { answerId } = await owner.turns.accept(harness.scope, { chat, content: 'q', idempotency });
    (await agent.run('q')).fail(new ModelError('model_failed', { calls: 1, cause: new Error('scripted') }));
    await new AnswerReader(owner, harness.scope, { chat, answerId }).done;
    const retry = { chat, answerId, idempotency: { ...idempotency, body: 'another body' } };
    await expect(owner.turns.retry(harness.scope, retry)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(await turnsOf(harness, chat)).toHaveLength(1);
  });
});

describe('a request whose acknowledgement is lost', () => {
  test('a request whose acknowledgement was lost is found and answered, and its repeat receives the answer', async () => {
    const { agent, owner, other } = startTwo(harness);
    agent.echo();
    const message = { chat: await harness.newChat(), content: 'q', idempotency: newKey() };
    owner.tap.disconnect('turns.insert', 'after');
    const first = await owner.turns.send(harness.scope, message);
    expect(first).toMatchObject({ accepted: { isReplay: false }, outcome: { kind: 'answered' } });
    const again = await other.turns.send(harness.scope, message);
    expect(again.accepted).toMatchObject({ isReplay: true, answerId: first.accepted.answerId });
    expect(agent.runs).toHaveLength(1);
  });

  test('a request that cannot be found is rejected with the id that its repeat receives', async () => {
    const { agent, owner, other } = startTwo(harness);
    const message = { chat: await harness.newChat(), content: 'q', idempotency: newKey() };
    owner.tap.disconnect('turns.insert', 'after');
    owner.tap.disconnect('turns.find', 'before');
    const apiError = await owner.turns.send(harness.scope, message).catch((error: ApiError) => error);
    expect(apiError).toMatchObject({ code: 'database_unavailable' });
    const again = await other.turns.accept(harness.scope, message);
    expect(again).toMatchObject({ isReplay: true, answerId: (apiError as ApiError).facts.messageId });
    expect(await turnsOf(harness, message.chat)).toHaveLength(1);
    expect(agent.runs).toEqual([]);
  });

  test('a request that was never stored is accepted when it is repeated', async () => {
    const { agent, owner, other } = startTwo(harness, 256);
    agent.echo();
    const message = { chat: await harness.newChat(), content: 'q', idempotency: newKey() };
    owner.tap.disconnect('turns.insert', 'before');
    await expect(owner.turns.send(harness.scope, message)).rejects.toMatchObject({
      code: 'database_unavailable',
    });
    expect(await other.turns.send(harness.scope, message)).toMatchObject({
      accepted: { isReplay: false },
      outcome: { kind: 'answered' },
    });
  });
});
