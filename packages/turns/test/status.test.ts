import type { AnswerEvent } from '@parley/contract';
import { expect, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { eventually, type Replica, startHarness, turnsOf } from './harness.ts';
import { begin, startTwo } from './two-replicas.ts';

/* Readers in every process receive the reason why an answer has not begun yet, and no status after its end. */

const harness = await startHarness('status');

const HOUR_MS = 3_600_000;

const read = (replica: Replica, place: ConstructorParameters<typeof AnswerReader>[2]) =>
  new AnswerReader(replica, harness.scope, place);

function statusesOf({ events }: AnswerReader) {
  return events.map(({ event }) => event).filter((event) => event.type === 'status');
}

function waiting(until: Date): AnswerEvent {
  return { type: 'status', status: 'waiting_for_model', retryAt: until.toISOString() };
}

test('readers in every process are notified once of a wait for the model, also those that come later', async () => {
  const { agent, owner, other } = startTwo(harness);
  const place = await begin(harness, owner, 'busy');
  const run = await agent.run('busy');
  const until = new Date(Date.now() + HOUR_MS);
  const readers = [read(owner, place), read(other, place)];
  run.wait(until);
  for (const reader of readers) await eventually(() => statusesOf(reader)).toEqual([waiting(until)]);
  const late = [read(owner, place), read(other, place)];
  for (const reader of late) await eventually(() => reader.types).toEqual(['start', 'status']);
  run.emit('text');
  run.wait(undefined);
  run.finish();
  for (const reader of [...readers, ...late]) {
    expect(await reader.done).toBeUndefined();
    expect(reader.types).toEqual(['start', 'status', 'text-start', 'text-delta', 'text-end', 'end']);
  }
  expect((await turnsOf(harness, place.chat))[0]).not.toHaveProperty('wait');
});

test('a reader that resumes is notified once of the present wait, and not if it resumes behind the end', async () => {
  const { agent, owner, other } = startTwo(harness);
  const place = await begin(harness, owner, 'resumed');
  const run = await agent.run('resumed');
  run.emit('half');
  const first = read(other, place);
  await eventually(() => first.text).toBe('half');
  const until = new Date(Date.now() + HOUR_MS);
  run.wait(until);
  await eventually(() => statusesOf(first)).toEqual([waiting(until)]);
  await first.stop();
  const resumed = read(other, { ...place, from: first.cursor });
  await eventually(() => resumed.types).toEqual(['status']);
  run.wait(undefined);
  run.finish();
  await resumed.done;
  expect(resumed.types).toEqual(['status', 'text-end', 'end']);
  for (const from of [resumed.events.at(-2)?.cursor, resumed.cursor, undefined]) {
    for (const replica of [owner, other]) {
      const after = read(replica, { ...place, from });
      await after.done;
      expect(after.types).not.toContain('status');
    }
  }
});

test('a reader in another process ignores a wait that has passed, and one of an earlier run', async () => {
  const { agent, owner, other } = startTwo(harness);
  const place = await begin(harness, owner, 'passed');
  const run = await agent.run('passed');
  run.wait(new Date(Date.now() - HOUR_MS));
  await eventually(async () => (await turnsOf(harness, place.chat))[0]?.['wait']).toMatchObject({
    attempt: 1,
  });
  await harness.db.raw
    .collection('turns')
    .updateOne(
      { chat: place.chat },
      { $set: { 'lease.attempt': 2, 'wait.until': new Date(Date.now() + HOUR_MS) } },
    );
  const reader = read(other, place);
  await eventually(() => reader.types).toContain('start');
  run.wait(undefined);
  run.emit('text');
  run.finish();
  await reader.done;
  expect(reader.types).not.toContain('status');
});

test('readers of a queued message receive how many messages of its chat come before it', async () => {
  const { agent, owner, other } = startTwo(harness);
  const first = await begin(harness, owner, 'first');
  await agent.run('first');
  const second = await begin(harness, owner, 'second', first.chat);
  const third = await begin(harness, other, 'third', first.chat);
  const readers = [read(owner, third), read(other, third)];
  const queued = (position: number) => ({ type: 'status', status: 'queued', position });
  for (const reader of readers) await eventually(() => statusesOf(reader)).toEqual([queued(2)]);
  (await agent.run('first')).finish();
  await agent.run('second');
  for (const reader of readers) await eventually(() => statusesOf(reader)).toEqual([queued(2), queued(1)]);
  const running = read(other, second);
  await eventually(() => running.types).toEqual(['start']);
  (await agent.run('second')).finish();
  const last = await agent.run('third');
  const begun = [queued(2), queued(1), { type: 'status', status: 'generating' }];
  for (const reader of readers) await eventually(() => statusesOf(reader)).toEqual(begun);
  last.finish();
  for (const reader of [...readers, running]) expect(await reader.done).toBeUndefined();
});

test('readers of a message that waits for a place alone receive that no message comes before it', async () => {
  const { other } = startTwo(harness);
  const place = await begin(harness, other, 'no place');
  const reader = read(other, place);
  await eventually(() => reader.types).toEqual(['start', 'status']);
  expect(statusesOf(reader)).toEqual([{ type: 'status', status: 'queued', position: 0 }]);
  await reader.stop();
});
