import { createHash } from 'node:crypto';
import type { Answer, Chat } from '@parley/contract';
import { mintId } from '@parley/contract';
import { mintApiKey } from '@parley/db';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { rest } from '../support/client.ts';
import { storedTurns } from '../support/stored-turns.ts';

/* An idempotency key belongs to its API key and to the successors of that key. */

const { makeTeam, mongo, url } = await startHarness();
const team = await makeTeam();

const send = (apiKey: string, chatId: string, content: string) =>
  rest<Answer>(url, 'POST', `/chat/${chatId}/message`, {
    key: apiKey,
    headers: { 'idempotency-key': 'k1' },
    body: { content, role: 'user' },
  });
const create = (apiKey: string, agentId: string, userId: string) =>
  rest<Chat>(url, 'POST', '/chat', {
    key: apiKey,
    headers: { 'idempotency-key': 'k1' },
    body: { agentId, userId },
  });

const keys = () => mongo.raw.collection<{ _id: string }>('keys');
const hashOf = (apiKey: string) => createHash('sha256').update(apiKey).digest('hex');

/** A key that replaces another one, as a roll creates it. */
async function roll(apiKey: string): Promise<string> {
  const old = await keys().findOne({ hash: hashOf(apiKey) } as object);
  const next = mintApiKey('secret');
  await keys().insertOne({
    ...old,
    _id: mintId('key'),
    lineage: (old as { lineage?: string } | null)?.lineage ?? old?._id,
    hash: hashOf(next),
    createdAt: new Date(),
  } as { _id: string });
  await keys().updateOne({ hash: hashOf(apiKey) } as object, { $set: { revokedAt: new Date() } });
  return next;
}

test('a secret key and a publishable key of a team have separate idempotency keys', async () => {
  const { id: chatId } = await team.makeChat();
  const one = await send(team.secretKey, chatId, 'hello');
  const other = await send(team.publishableKey, chatId, 'hello');
  expect(other.status).toBe(200);
  expect(other.headers.get('idempotent-replayed')).toBeNull();
  expect(other.body.id).not.toBe(one.body.id);
  // It does not collide with another body under the same key either.
  expect((await send(team.publishableKey, chatId, 'another')).status).toBe(422);
  expect(await storedTurns(mongo.raw, chatId)).toHaveLength(2);
});

test('two teams have separate idempotency keys', async () => {
  const other = await makeTeam();
  const [mine, theirs] = [await team.makeChat(), await other.makeChat()];
  const one = await send(team.secretKey, mine.id, 'whose?');
  const two = await send(other.secretKey, theirs.id, 'whose?');
  expect(two.headers.get('idempotent-replayed')).toBeNull();
  expect(two.body.id).not.toBe(one.body.id);
  const chat = await create(team.secretKey, team.agent.id, 'ann');
  const theirChat = await create(other.secretKey, other.agent.id, 'ann');
  expect(theirChat.body).toMatchObject({ teamId: other.id });
  expect(theirChat.body.id).not.toBe(chat.body.id);
});

test('the same key in another chat is another request', async () => {
  const [one, two] = [await team.makeChat(), await team.makeChat()];
  const first = await send(team.secretKey, one.id, 'hello');
  const second = await send(team.secretKey, two.id, 'hello, other chat');
  expect(second.status).toBe(200);
  expect(second.body.id).not.toBe(first.body.id);
});

describe('a key that was rolled twice', () => {
  test('the successor of a rolled key repeats the messages of the first one', async () => {
    const own = await makeTeam();
    const { id: chatId } = await own.makeChat();
    const first = await send(own.secretKey, chatId, 'hello');
    const second = await roll(own.secretKey);
    const third = await roll(second);
    // No process has cached the last key, and the caches do not have its predecessors.
    const again = await send(third, chatId, 'hello');
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await send(third, chatId, 'another')).apiError.code).toBe('idempotency_key_reused');
    expect(await storedTurns(mongo.raw, chatId)).toHaveLength(1);
  });

  test('the successor of a rolled key repeats the chats of the first one', async () => {
    const own = await makeTeam();
    const first = await create(own.secretKey, own.agent.id, 'ann');
    const again = await create(await roll(own.secretKey), own.agent.id, 'ann');
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });
});
