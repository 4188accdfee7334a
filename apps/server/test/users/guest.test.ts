import type { Chat, ChatList, ClaimedGuest, MessageList, NewGuest } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';

/* A guest is anonymous, and no other caller can access their chats. */

const { makeTeam, rest, mongo, startReplica } = await startHarness();
const team = await makeTeam();
const key = await team.guestKey();

const as = (token: string) => ({ key, headers: { 'x-user-token': token } });
const makeChat = async ({ token }: NewGuest) =>
  (await rest<Chat>('POST', '/chat', { ...as(token), body: { agentId: team.agent.id } })).body;
const chatsOf = async (token: string) =>
  (await rest<ChatList>('GET', '/chat', as(token))).body.chats.map(({ id }) => id);
const claim = (guestToken: string, userToken: string) =>
  rest<ClaimedGuest>('POST', '/guest/claim', { ...as(userToken), body: { guestToken } });

test('a guest has their own user id and a token of which only a hash is stored', async () => {
  const [one, other] = [await team.makeGuest(), await team.makeGuest()];
  expect(one.userId).toMatch(/^guest_/);
  expect(one.token).toMatch(/^gt_live_[0-9A-Za-z]{38}$/);
  expect([one.userId === other.userId, one.token === other.token]).toEqual([false, false]);
  expect(JSON.stringify(await mongo.raw.collection('guests').find().toArray())).not.toContain(one.token);
});

test('a guest sees their own chats and writes in them', async () => {
  const guest = await team.makeGuest();
  const chat = await makeChat(guest);
  expect(chat.userId).toBe(guest.userId);
  const sent = await rest('POST', `/chat/${chat.id}/message`, {
    ...as(guest.token),
    body: { content: 'hello', role: 'user' },
  });
  expect(sent.body).toMatchObject({ content: 'You said: hello' });
  expect(await chatsOf(guest.token)).toEqual([chat.id]);
  const { body } = await rest<MessageList>('GET', `/chat/${chat.id}/message`, as(guest.token));
  expect(body.messages.map(({ content }) => content)).toEqual(['hello', 'You said: hello']);
});

test('a guest’s token works with its key and that key’s successors', async () => {
  const guest = await team.makeGuest();
  const further = await team.rest<{ key: string }>('POST', '/key', {
    body: { kind: 'publishable', access: 'guest' },
  });
  const elsewhere = await rest('GET', '/chat', { ...as(guest.token), key: further.body.key });
  expect([elsewhere.status, elsewhere.apiError.code]).toEqual([401, 'user_token_invalid']);
  const keys = await team.rest<{ keys: { id: string; visibleStart: string; access?: string }[] }>(
    'GET',
    '/key',
  );
  const { id } = keys.body.keys.find(({ visibleStart }) => key.startsWith(visibleStart)) ?? {};
  const rolled = await team.rest<{ key: string }>('POST', `/key/${id}/roll`);
  expect((await rest('GET', '/chat', { ...as(guest.token), key: rolled.body.key })).status).toBe(200);
});

test.each([
  ['a mistyped one', (token: string) => `${token.slice(0, -1)}${token.endsWith('x') ? 'y' : 'x'}`],
  ['one that nobody was given', () => 'gt_live_00000000000000000000000000000000000000'],
])('%s returns 401', async (_, change) => {
  const { token } = await team.makeGuest();
  const { status, apiError } = await rest('GET', '/chat', as(change(token)));
  expect([status, apiError.code]).toEqual([401, 'user_token_invalid']);
});

test('two guests with one idempotency key each get their own chat', async () => {
  const guests = [await team.makeGuest(), await team.makeGuest()];
  const chats = await Promise.all(
    guests.map(({ token }) =>
      rest<Chat>('POST', '/chat', {
        key,
        headers: { 'x-user-token': token, 'idempotency-key': 'one' },
        body: { agentId: team.agent.id },
      }),
    ),
  );
  expect(new Set(chats.map(({ body }) => body.id)).size).toBe(2);
  expect(chats.map(({ body }) => body.userId)).toEqual(guests.map(({ userId }) => userId));
});

describe('a guest that a verified user claims', () => {
  test('a verified user claims a guest’s chats once, and the guest ends', async () => {
    const guest = await team.makeGuest();
    const chat = await makeChat(guest);
    const user = await team.userToken('ada');
    const claimed = await claim(guest.token, user);
    expect(claimed.body).toEqual({ userId: 'ada', guestId: guest.userId });
    expect(await chatsOf(user)).toContain(chat.id);
    expect((await claim(guest.token, user)).status).toBe(200);
    await expect
      .poll(async () => (await rest('GET', '/chat', as(guest.token))).status, { timeout: 10_000 })
      .toBe(401);
  });

  test('claiming a guest requires both proofs', async () => {
    const guest = await team.makeGuest();
    const chat = await makeChat(guest);
    const asGuest = await claim(guest.token, (await team.makeGuest()).token);
    expect([asGuest.status, asGuest.apiError.code]).toEqual([403, 'verified_user_needed']);
    const withoutToken = await claim(guest.userId, await team.userToken('ada'));
    expect([withoutToken.status, withoutToken.apiError.code]).toEqual([401, 'user_token_invalid']);
    expect(await chatsOf(guest.token)).toEqual([chat.id]);
  });

  test('one of two users who claim a guest at once gets the chats', async () => {
    const guest = await team.makeGuest();
    const chat = await makeChat(guest);
    const users = await Promise.all(['grace', 'linus'].map((name) => team.userToken(name)));
    const answers = await Promise.all(users.map((user) => claim(guest.token, user)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const lists = await Promise.all(users.map(chatsOf));
    expect(lists.flat().filter((id) => id === chat.id)).toHaveLength(1);
  });

  test('chats that an unaware process creates for a claimed guest are moved too', async () => {
    const replica = await startReplica();
    const guest = await team.makeGuest();
    // The other process has cached the guest.
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${replica.url}${path}`, {
        ...init,
        headers: { 'x-api-key': key, 'x-user-token': guest.token, 'content-type': 'application/json' },
      });
    expect((await ask('/chat')).status).toBe(200);
    const user = await team.userToken('late');
    await claim(guest.token, user);
    const late = await ask('/chat', { method: 'POST', body: JSON.stringify({ agentId: team.agent.id }) });
    const { id } = (await late.json()) as Chat;
    // A background job of one of the servers may move it first.
    const { guests } = mongo.database.stores;
    for (const move of await guests.listMoves(100, [])) await guests.finishMove(move);
    expect(await chatsOf(user)).toContain(id);
  });
});
