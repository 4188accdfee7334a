import type { Chat } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { type RestAnswer, rest } from '../support/client.ts';
import { transports } from '../support/transports.ts';
import { trpcHttp } from '../support/trpc-http.ts';

const { makeTeam, mongo, url, startReplica } = await startHarness();
const replica = await startReplica();

describe.each(transports)('POST /chat with a key over %s', (transport) => {
  const setUp = async () => {
    const team = await makeTeam();
    const create = (key: string, more: object = {}, base = url): Promise<RestAnswer<Chat>> => {
      const headers = { 'x-api-key': team.secretKey, 'idempotency-key': key };
      const body = {
        agentId: team.agent.id,
        userId: 'ann',
        metadata: { plan: 'pro', seats: [1, 2] },
        ...more,
      };
      return transport === 'rest'
        ? rest(base, 'POST', '/chat', { headers, body })
        : trpcHttp(base, 'chat.create', body, headers);
    };
    const chatsOf = () => mongo.raw.collection('chats').countDocuments({ team: team.id });
    return { team, create, chatsOf };
  };

  test('a repeated request returns the same chat unchanged', async () => {
    const { create, chatsOf } = await setUp();
    const first = await create('k1');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    for (const base of [url, replica.url]) {
      // The order of fields, also within metadata, does not change the body.
      const again = await create('k1', { metadata: { seats: [1, 2], plan: 'pro' } }, base);
      expect(again.status).toBe(200);
      expect(again.text).toBe(first.text);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(await chatsOf()).toBe(1);
  });

  test('fifty concurrent requests create one chat', async () => {
    const { create, chatsOf } = await setUp();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => create('k50', {}, index % 2 ? url : replica.url)),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers.map(({ headers }) => headers.get('idempotent-replayed')).filter(Boolean)).toHaveLength(49);
    expect(await chatsOf()).toBe(1);
  });

  test.each([
    ['another user', { userId: 'bob' }],
    ['no user', { userId: undefined }],
    ['other metadata', { metadata: { plan: 'pro', seats: [2, 1] } }],
    ['deeper metadata', { metadata: { plan: { is: 'pro' }, seats: [1, 2] } }],
    ['an unknown agent', { agentId: 'nope' }],
    ['an unknown field', { unknown: 1 }],
    ['a field of a wrong type', { userId: 5 }],
  ])('a repeat with %s returns 422 before its input is checked', async (_, more) => {
    const { create, chatsOf } = await setUp();
    await create('k1');
    const rejected = await create('k1', more);
    expect(rejected).toMatchObject({ status: 422, apiError: { code: 'idempotency_key_reused' } });
    expect(await chatsOf()).toBe(1);
  });

  test('a repeat after the chat was deleted returns 404 and creates no chat', async () => {
    const { team, create, chatsOf } = await setUp();
    const first = await create('k1');
    await team.rest('DELETE', `/chat/${first.body.id}`);
    const again = await create('k1');
    expect(again).toMatchObject({ status: 404, apiError: { code: 'chat_not_found' } });
    expect((await create('k1', { userId: 'bob' })).status).toBe(422);
    expect(await chatsOf()).toBe(0);
    expect((await create('k2')).status).toBe(200);
  });

  test('a rejected request does not use up its key', async () => {
    const { create, chatsOf } = await setUp();
    expect((await create('k1', { agentId: 'nope' })).status).toBe(404);
    expect((await create('k1', { userId: '' })).status).toBe(400);
    expect(await chatsOf()).toBe(0);
    const made = await create('k1');
    expect(made.status).toBe(200);
    expect(made.headers.get('idempotent-replayed')).toBeNull();
  });

  test('the chat is in the list once and accepts messages with the same key', async () => {
    const { team, create } = await setUp();
    const { body: chat } = await create('k1');
    await create('k1');
    expect((await team.trpc.chat.list.query({})).chats.map(({ id }) => id)).toEqual([chat.id]);
    const headers = { 'idempotency-key': 'k1' };
    const body = { content: 'hello', role: 'user' };
    const sent = await team.rest('POST', `/chat/${chat.id}/message`, { headers, body });
    expect(sent.status).toBe(200);
    expect(sent.headers.get('idempotent-replayed')).toBeNull();
  });
});
