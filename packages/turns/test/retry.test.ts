import { ModelError } from '@parley/agent';
import { ApiError, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { accessOf, eventually, type Replica, startHarness, transcript, turnsOf } from './harness.ts';
import type { SteppedAgent } from './stepped-agent.ts';
import { begin, startTwo } from './two-replicas.ts';

/* A retry answers a failed message again, with a turn of its own after the failed one. */

const harness = await startHarness('retry');

const failure = () => new ModelError('model_failed', { calls: 1, cause: new Error('scripted') });

/** Resolves when the end of an answer was acknowledged, so that every process can read it. */
async function ended(owner: Replica, place: ConstructorParameters<typeof AnswerReader>[2]): Promise<void> {
  await new AnswerReader(owner, harness.scope, place).done;
}

/** A chat whose newest answer failed in the middle, after an answered message. */
async function failInChat(owner: Replica, agent: SteppedAgent, said = 'half an ') {
  const { chat } = await begin(harness, owner, 'before');
  const before = await agent.run('before');
  before.emit('fine');
  before.finish();
  const place = await begin(harness, owner, 'q', chat);
  const run = await agent.run('q');
  if (said !== '') run.emit(said);
  run.fail(failure());
  await ended(owner, place);
  return place;
}

const retryOf = (place: Awaited<ReturnType<typeof begin>>) => ({ ...place, idempotency: undefined });

describe('a retry', () => {
  test('a retry answers the failed message with an id of its own, and the list shows both once', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await failInChat(owner, agent);
    const accepted = await owner.turns.retry(harness.scope, retryOf(place));
    expect(accepted.answerId).not.toBe(place.answerId);
    const reader = new AnswerReader(other, harness.scope, { ...place, answerId: accepted.answerId });
    const run = await agent.run('q', 2);
    // The model gets the message once, without the text of the failed run.
    expect(run.messages).toEqual(['user: before', 'assistant: fine', 'user: q']);
    run.emit('at last');
    run.finish();
    expect(await owner.turns.outcome(harness.scope, accepted)).toMatchObject({
      kind: 'answered',
      answer: { id: accepted.answerId, content: 'at last' },
    });
    await reader.done;
    expect(reader.text).toBe('at last');
    expect(await transcript(harness, place.chat)).toEqual([
      ...['user: before', 'assistant: fine', 'user: q', 'assistant: at last'],
    ]);
    const [, failed, again] = await turnsOf(harness, place.chat);
    expect(failed).toMatchObject({ status: 'failed', errorCode: 'model_failed' });
    expect(again).toMatchObject({ sequence: 3, status: 'completed', retryOf: { turn: failed?._id } });
    expect(again?.['textBytes']).toBe(Buffer.byteLength('beforefineqhalf an at last'));
    const { items } = await harness.db.stores.messages.list(await accessOf(harness, place.chat), {
      limit: 10,
      order: 'asc',
    });
    expect(accepted.userMessageId).toBe(items[2]?.id);
  });

  test('a retry can fail and be retried until it is answered, and the chat continues with one question', async () => {
    const { agent, owner, other } = startTwo(harness, 256);
    const place = await failInChat(owner, agent);
    let answerId: string = place.answerId;
    for (const attempt of [2, 3]) {
      const { turns } = attempt % 2 ? owner : other;
      const accepted = await turns.retry(harness.scope, { ...retryOf(place), answerId });
      answerId = accepted.answerId;
      const run = await agent.run('q', attempt);
      expect(run.messages).toEqual(['user: before', 'assistant: fine', 'user: q']);
      run.fail(failure());
      await ended(owner, accepted);
    }
    await owner.turns.retry(harness.scope, { ...retryOf(place), answerId });
    const last = await agent.run('q', 4);
    last.emit('ok');
    last.finish();
    const next = owner.turns.send(harness.scope, { chat: place.chat, content: 'next' });
    const { messages } = await agent.run('next');
    expect(messages).toEqual([
      ...['user: before', 'assistant: fine', 'user: q', 'assistant: ok', 'user: next'],
    ]);
    agent.echo();
    await next;
    expect(await transcript(harness, place.chat)).toHaveLength(6);
  });

  test('a retry can be stopped, and its message answered again', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await failInChat(owner, agent);
    const { answerId } = await owner.turns.retry(harness.scope, retryOf(place));
    const run = await agent.run('q', 2);
    run.emit('so far');
    const again = { ...place, answerId };
    expect(await owner.turns.cancel(harness.scope, again)).toMatchObject({ answer: { content: 'so far' } });
    await owner.turns.retry(harness.scope, retryOf(again));
    const version = await agent.run('q', 3);
    expect(version.messages).toEqual(['user: before', 'assistant: fine', 'user: q']);
    version.finish();
  });

  test('a retry waits for a slot like any other turn', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await failInChat(owner, agent);
    const accepted = await other.turns.retry(harness.scope, retryOf(place));
    expect(accepted).toMatchObject({ isStarted: false, isReplay: false });
    agent.echo();
    // The first pass of this process's recovery loop finds the turn.
    harness.startReplica({ runAgent: agent.runAgent });
    expect(await other.turns.outcome(harness.scope, accepted)).toMatchObject({ kind: 'answered' });
  });
});

describe('retries that are rejected', () => {
  test('an answer that runs or waits is not retried', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await begin(harness, owner, 'q');
    const run = await agent.run('q');
    const waiting = await begin(harness, owner, 'waits', place.chat);
    const refused = { code: 'not_retryable' };
    await expect(owner.turns.retry(harness.scope, retryOf(place))).rejects.toMatchObject(refused);
    await expect(owner.turns.retry(harness.scope, retryOf(waiting))).rejects.toMatchObject(refused);
    run.finish();
    await owner.turns.cancel(harness.scope, waiting);
    await eventually(async () => (await turnsOf(harness, place.chat)).map(({ status }) => status)).toEqual([
      ...['completed', 'stopped'],
    ]);
    expect(await turnsOf(harness, place.chat)).toHaveLength(2);
  });

  test('a failed answer that was retried is not retried again', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await failInChat(owner, agent);
    await owner.turns.retry(harness.scope, retryOf(place));
    for (const { turns } of [owner, other]) {
      await expect(turns.retry(harness.scope, retryOf(place))).rejects.toMatchObject({
        code: 'not_retryable',
      });
    }
    expect(await turnsOf(harness, place.chat)).toHaveLength(3);
  });

  test('an answer of another chat or team is not retried', async () => {
    const { agent, owner } = startTwo(harness);
    const place = retryOf(await failInChat(owner, agent));
    const refused = { code: 'message_not_found' };
    const { turns } = owner;
    await expect(turns.retry({ team: mintId('team') }, place)).rejects.toMatchObject(refused);
    const elsewhere = { ...place, chat: await harness.newChat() };
    await expect(turns.retry(harness.scope, elsewhere)).rejects.toMatchObject(refused);
    const unknown = { ...place, answerId: mintId('message') };
    await expect(turns.retry(harness.scope, unknown)).rejects.toMatchObject(refused);
    expect(await turnsOf(harness, place.chat)).toHaveLength(2);
  });

  test('no answer is retried while no model can be called, during a drain, or in a full chat', async () => {
    const { agent, owner } = startTwo(harness);
    const place = retryOf(await failInChat(owner, agent));
    const checkModel = () => {
      throw new ApiError('model_loading');
    };
    const loading = harness.startReplica({ checkModel });
    await expect(loading.turns.retry(harness.scope, place)).rejects.toMatchObject({ code: 'model_loading' });
    const drained = harness.startReplica();
    await drained.turns.drain(0, AbortSignal.abort());
    await expect(drained.turns.retry(harness.scope, place)).rejects.toMatchObject({ code: 'draining' });
    const newest = { chat: place.chat, sequence: 2 };
    await harness.db.raw.collection('turns').updateOne(newest, { $set: { sequence: 5_000 } });
    await expect(owner.turns.retry(harness.scope, place)).rejects.toMatchObject({ code: 'chat_full' });
    expect(await turnsOf(harness, place.chat)).toHaveLength(2);
  });
});

describe('concurrent retries and messages', () => {
  test('one of several concurrent retries is accepted and calls the model once', async () => {
    const { agent, owner, other } = startTwo(harness, 256);
    const place = retryOf(await failInChat(owner, agent));
    const tries = Array.from({ length: 20 }, (_, index) =>
      [owner, other][index % 2]?.turns.retry(harness.scope, place).then(
        () => 'accepted',
        ({ code }) => code,
      ),
    );
    const results = (await Promise.all(tries)).toSorted();
    expect(results).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'not_retryable')]);
    await agent.run('q', 2);
    expect(await turnsOf(harness, place.chat)).toHaveLength(3);
    expect(agent.runsOf('q')).toHaveLength(2);
  });

  test('the first of a retry and a message takes the place: a message waits behind a retry, a late retry is rejected', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const { agent, owner, other } = startTwo(harness, 256);
      const place = await failInChat(owner, agent);
      const retrying = (round % 2 ? owner : other).turns.retry(harness.scope, retryOf(place)).then(
        () => 'accepted',
        ({ code }) => code,
      );
      for (let ticks = round % 6; ticks > 0; ticks--) await new Promise(setImmediate);
      await begin(harness, round % 4 < 2 ? owner : other, 'message', place.chat);
      const result = await retrying;
      seen.add(result);
      const turns = (await turnsOf(harness, place.chat))
        .slice(2)
        .map((turn) => turn['retryOf'] !== undefined);
      expect(turns).toEqual(result === 'accepted' ? [true, false] : [false]);
      await harness.stopReplicas();
      await harness.db.raw.collection('turns').deleteMany({});
    }
    expect(seen.has('accepted')).toBe(true);
  });

  test('a retry whose place is taken during its insert is rejected and stores nothing', async () => {
    const { agent, owner, other } = startTwo(harness);
    const place = await failInChat(owner, agent);
    const insert = other.tap.hold('turns.insert');
    const retrying = other.turns.retry(harness.scope, retryOf(place));
    await insert.reached;
    await begin(harness, owner, 'message', place.chat);
    insert.release();
    await expect(retrying).rejects.toMatchObject({ code: 'chat_busy' });
    expect(await turnsOf(harness, place.chat)).toHaveLength(3);
  });

  test('a retry whose acknowledgement was lost is found and stored once', async () => {
    const { agent, owner } = startTwo(harness);
    const place = await failInChat(owner, agent);
    owner.tap.disconnect('turns.insert', 'after');
    const accepted = await owner.turns.retry(harness.scope, retryOf(place));
    const run = await agent.run('q', 2);
    run.emit('ok');
    run.finish();
    expect(await owner.turns.outcome(harness.scope, accepted)).toMatchObject({ kind: 'answered' });
    expect(await turnsOf(harness, place.chat)).toHaveLength(3);
  });
});

test('a retry in a deleted chat is rejected and stores nothing', async () => {
  const { agent, owner } = startTwo(harness);
  const place = retryOf(await failInChat(owner, agent));
  await owner.turns.deleteChat(harness.scope, place.chat);
  await expect(owner.turns.retry(harness.scope, place)).rejects.toMatchObject({ code: 'message_not_found' });
  expect(await turnsOf(harness, place.chat)).toEqual([]);
});
