import { scripts } from '@parley/agent/testing';
import { DeletionProgress, type Eraser, finishDeletions } from '@parley/api';
import { erase } from '@parley/api/operator';
import type { Answer, AuditList, Chat, ChatList, Deletion, MessageList } from '@parley/contract';
import { ApiError, markerIdOf } from '@parley/contract';
import type { Database, DeletionStore } from '@parley/db';
import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { FailingItems } from '@parley/turns';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { rest } from '../support/client.ts';
import { everythingButMarkersIn, everythingIn } from '../support/everything.ts';
import { storedTurns } from '../support/stored-turns.ts';
import { ask, transports } from '../support/transports.ts';

/* When the response says so, no collection has data of the user. After a crash any server finishes the deletion. */

const userOf = (deletion?: { readonly user?: string }) => deletion?.user;

/** The step of a user's deletion that fails in the server, in a request and in the background job that may overtake it. */
let failing: { readonly step: keyof DeletionStore; readonly user: string } | undefined;
afterEach(() => {
  failing = undefined;
});

const { url, makeTeam, mongo, model, composition, startReplica } = await startHarness({
  alter: (database): Database => {
    const { deletions } = database.stores;
    const steps = Object.entries(deletions).map(([name, step]: [string, (...args: never[]) => unknown]) => [
      name,
      async (...args: never[]) => {
        if (name !== failing?.step || userOf(args[0]) !== failing.user) return step(...args);
        throw new ApiError('database_unavailable');
      },
    ]);
    return { ...database, stores: { ...database.stores, deletions: Object.fromEntries(steps) } };
  },
});
const eraser: Eraser = {
  deletions: mongo.database.stores.deletions,
  dropChat: composition.turns.dropChat,
};
/** The time when no process can have cached a guest any more. */
const later = () => new Date(Date.now() + 60_000);

let users = 0;
/** A user id that occurs only in the user's own data. */
const newUser = () => `canary-${++users}@example.com`;

/** All kinds of data that a user can leave. */
async function live(
  team: Team,
  userId: string,
): Promise<{ chats: Chat[]; running: Answer; guestId: string }> {
  const token = await team.userToken(userId);
  const headers = { 'x-user-token': token };
  const key = await team.guestKey();
  const first = await team.makeChat({ userId, metadata: { note: `${userId} metadata` } });
  await team.send(first.id, `${userId} asks`, {
    headers: { 'idempotency-key': `key-of-${userId}` },
  });
  await team.rest('PATCH', `/chat/${first.id}`, { body: { title: `${userId} title` } });
  const { body: answer } = await team.send(first.id, `${userId} asks more`);
  await team.rest('PUT', `/chat/${first.id}/message/${answer.id}/feedback`, {
    body: { rating: 'down', comment: `${userId} did not like it` },
  });
  const own = await team.rest<Chat>('POST', '/chat', {
    key,
    headers: { ...headers, 'idempotency-key': `chat-of-${userId}` },
    body: { agentId: team.agent.id },
  });
  model.replyTo(`${userId} is cut off`, scripts.cutAfter(`${userId} half`));
  await team.send(own.body.id, `${userId} is cut off`);

  const guest = await team.makeGuest();
  const asGuest = { key, headers: { 'x-user-token': guest.token } };
  const theirs = await team.rest<Chat>('POST', '/chat', { ...asGuest, body: { agentId: team.agent.id } });
  await team.send(theirs.body.id, `${userId} as a guest`);
  await team.rest('POST', '/guest/claim', { key, headers, body: { guestToken: guest.token } });

  model.replyTo(`${userId} never ends`, scripts.neverEnding(`${userId} so far`));
  const endless = await team.makeChat({ userId });
  const body = { content: `${userId} never ends`, role: 'user', wait: false };
  const { body: running } = await team.rest<Answer>('POST', `/chat/${endless.id}/message`, { body });
  await team.rest('POST', `/chat/${endless.id}/message`, { body: { ...body, content: `${userId} waits` } });
  await vi.waitFor(async () => {
    const logged = await mongo.raw.collection('turnLog').findOne({ text: { $regex: userId } });
    expect(logged).not.toBeNull();
  });
  return { chats: [first, own.body, theirs.body, endless], running, guestId: guest.userId };
}

const remove = async (team: Team, userId: string) =>
  (await team.rest<Deletion>('DELETE', `/user/${encodeURIComponent(userId)}`)).body;

test.each(transports)(
  'a deletion over %s removes all data of the user from every collection, and nothing of others',
  async (transport) => {
    const team = await makeTeam();
    const [userId, otherId] = [newUser(), newUser()];
    const { chats, guestId } = await live(team, userId);
    const other = await team.makeChat({ userId: otherId });
    await team.send(other.id, 'stays');
    expect(await everythingIn(mongo.raw)).toContain(userId);

    const { data } = await ask(
      transport,
      'user.delete',
      { userId },
      { url, headers: { 'x-api-key': team.secretKey } },
    );
    expect(data).toMatchObject({ id: expect.stringMatching(/^del_/), status: 'done' });
    for (const { id } of chats) {
      expect((await team.rest('GET', `/chat/${id}`)).apiError.code).toBe('chat_not_found');
    }
    await vi.waitFor(async () => expect(await everythingIn(mongo.raw)).not.toContain(userId));
    for (const { id } of chats) expect(await everythingButMarkersIn(mongo.raw)).not.toContain(id);

    // Their guest id is removed when no request can use it any more.
    await finishDeletions(eraser, undefined, later());
    expect(await everythingIn(mongo.raw)).not.toContain(guestId);
    const { messages } = (await team.rest<MessageList>('GET', `/chat/${other.id}/message`)).body;
    expect(messages.map(({ content }) => content)[0]).toBe('stays');
  },
);

test('the running answer of a deleted user stops, and waiting requests are rejected', async () => {
  const team = await makeTeam();
  const userId = newUser();
  model.replyTo(`${userId} asks`, scripts.neverEnding('so far'));
  const { id: chatId } = await team.makeChat({ userId });
  const waiting = team.send(chatId, `${userId} asks`);
  const call = await model.callTo(`${userId} asks`);
  await remove(team, userId);
  expect((await waiting).apiError.code).toBe('chat_not_found');
  await call.aborted;
});

test.each([{ idempotencyKey: undefined }, { idempotencyKey: 'again' }])(
  'a message to a deleted user’s chat returns 404 at a server that remembers its end, and nothing is stored (idempotency key: $idempotencyKey)',
  async ({ idempotencyKey }) => {
    const team = await makeTeam();
    const userId = newUser();
    const replica = await startReplica({ hasOwnDatabase: true });
    const { id: chatId } = await team.makeChat({ userId });
    const sendThere = (content: string) =>
      rest(replica.url, 'POST', `/chat/${chatId}/message`, {
        key: team.secretKey,
        ...(idempotencyKey && { headers: { 'idempotency-key': `${idempotencyKey}-${content.length}` } }),
        body: { content, role: 'user' },
      });
    expect((await sendThere(`${userId} asks`)).status).toBe(200);
    expect((await remove(team, userId)).status).toBe('done');
    // The marker of the chat takes the place of the next turn.
    const stored = () => mongo.raw.collection('turns').find({ chat: chatId }).sort({ _id: 1 }).toArray();
    const left = await stored();
    expect(left.map(({ _id }) => String(_id))).toContain(markerIdOf(chatId));

    const late = await sendThere(`${userId} asks again`);
    expect([late.status, late.apiError.code]).toEqual([404, 'chat_not_found']);
    expect(await stored()).toEqual(left);
    expect(await storedTurns(mongo.raw, chatId)).toEqual([]);
    expect(model.calls().map(({ message }) => message)).not.toContain(`${userId} asks again`);
    await vi.waitFor(async () => expect(await everythingIn(mongo.raw)).not.toContain(userId));
  },
);

test('a user id that needs encoding is deleted, and the same id can be used again', async () => {
  const team = await makeTeam();
  const userId = 'a/b c?d=e&f#g%2Fé😀';
  await team.makeChat({ userId });
  expect((await remove(team, userId)).status).toBe('done');
  const { id } = await team.makeChat({ userId });
  expect((await remove(team, 'a')).status).toBe('done');
  await finishDeletions(eraser, undefined, later());
  const { chats } = (await team.rest<ChatList>('GET', '/chat', { query: { userId } })).body;
  expect(chats.map((chat) => chat.id)).toEqual([id]);
});

test("another team's user with the same id keeps their data", async () => {
  const [team, other] = [await makeTeam(), await makeTeam()];
  const { id } = await other.makeChat({ userId: 'same' });
  await remove(team, 'same');
  expect((await other.rest('GET', `/chat/${id}`)).status).toBe(200);
});

test('a guest is deleted with their token, also in a process that has cached it', async () => {
  const team = await makeTeam();
  const guest = await team.makeGuest();
  const asGuest = { key: await team.guestKey(), headers: { 'x-user-token': guest.token } };
  const make = () => team.rest<Chat>('POST', '/chat', { ...asGuest, body: { agentId: team.agent.id } });
  await make();
  expect((await remove(team, guest.userId)).status).toBe('running');
  // The deletion continues, and finds data that a process wrote because it still had the guest in memory.
  const { status, body } = await make();
  await finishDeletions(eraser, undefined, later());
  if (status === 200) expect((await team.rest('GET', `/chat/${body.id}`)).status).toBe(404);
  expect(await everythingIn(mongo.raw)).not.toContain(guest.userId);
});

test('the audit log has an entry for the deletion, without the user', async () => {
  const team = await makeTeam();
  const userId = newUser();
  await team.makeChat({ userId });
  const { id } = await remove(team, userId);
  const { text, body } = await team.rest<AuditList>('GET', '/audit');
  expect(body.entries).toMatchObject([{ action: 'user.delete', targetId: id, outcome: 'done' }]);
  expect(text).not.toContain(userId);
});

describe('a deletion after a crash', () => {
  const steps = [
    'revokeCredentials',
    'markChats',
    'listChats',
    'removeChat',
    'removeRest',
    'finish',
  ] as const;
  test.each(casesOfForm(steps, 3))(
    'the background job finishes a deletion that stopped at %s',
    async (step) => {
      const team = await makeTeam();
      const userId = newUser();
      await live(team, userId);
      failing = { step, user: userId };
      const { apiError } = await team.rest('DELETE', `/user/${userId}`);
      expect(apiError.code).toBe('database_unavailable');
      failing = undefined;
      await Promise.all([finishDeletions(eraser), finishDeletions(eraser)]);
      await vi.waitFor(async () => expect(await everythingIn(mongo.raw)).not.toContain(userId));
    },
  );

  test('a chat that always fails does not stop other chats and deletions', async () => {
    const team = await makeTeam();
    const [stuck, fine] = [newUser(), newUser()];
    const chats = [await team.makeChat({ userId: stuck }), await team.makeChat({ userId: stuck })];
    const [bad, good] = chats.map(({ id }) => id);
    await team.makeChat({ userId: fine });
    const { stores } = mongo.database;
    // Nobody continues this deletion, so all its later steps are those of the background job.
    const scope = { team: team.id };
    const begun = [await stores.deletions.begin(scope, stuck), await stores.deletions.begin(scope, fine)];
    const failingEraser: Eraser = {
      ...eraser,
      deletions: Object.assign(Object.create(eraser.deletions), {
        listPending: async () => begun,
      }),
      dropChat: (chat) =>
        chat === bad ? Promise.reject(new Error('it always fails')) : eraser.dropChat(chat),
    };
    await expect(finishDeletions(failingEraser)).rejects.toThrow('deletions that go on later');
    const marked = async (id: string | undefined) =>
      (await mongo.raw.collection('chats').countDocuments({ _id: id as never })) === 1;
    expect([await marked(bad), await marked(good)]).toEqual([true, false]);
    expect(await everythingIn(mongo.raw)).not.toContain(fine);
    await finishDeletions(eraser);
    expect(await everythingIn(mongo.raw)).not.toContain(stuck);
  });

  longTest('a deletion that never ends is left after its time, and the next one follows', async () => {
    const team = await makeTeam();
    const [hanging, fine] = [newUser(), newUser()];
    const { deletions } = mongo.database.stores;
    const scope = { team: team.id };
    await team.makeChat({ userId: fine });
    const begun = [await deletions.begin(scope, hanging), await deletions.begin(scope, fine)];
    let passTime = () => {};
    const sleep = () => new Promise<void>((resolve) => (passTime = resolve));
    const failing = new FailingItems<string>(
      { now: () => 0, sleep },
      { min: 1_000, max: 1_000, work: { maxMs: 1_000, underWayMax: 8 } },
    );
    const progress = new DeletionProgress(failing);
    const hangingEraser: Eraser = {
      ...eraser,
      deletions: Object.assign(Object.create(deletions), {
        listPending: async () => begun,
        revokeCredentials: (deletion: (typeof begun)[number]) => {
          if (deletion.user !== hanging) return deletions.revokeCredentials(deletion);
          queueMicrotask(() => passTime());
          return new Promise(() => undefined);
        },
      }),
    };
    await expect(finishDeletions(hangingEraser, undefined, new Date(), progress)).rejects.toThrow();
    expect(await everythingIn(mongo.raw)).not.toContain(fine);
    await finishDeletions(hangingEraser, undefined, new Date(), progress);
    expect(failing.skipped).toEqual([begun[0]?.id]);
    await finishDeletions(eraser);
  });

  longTest('the server continues the deletion itself within seconds', async () => {
    const team = await makeTeam();
    const userId = newUser();
    await team.makeChat({ userId });
    failing = { step: 'listChats', user: userId };
    await team.rest('DELETE', `/user/${userId}`);
    failing = undefined;
    await vi.waitFor(async () => expect(await everythingIn(mongo.raw)).not.toContain(userId), {
      timeout: 20_000,
      interval: 200,
    });
  });
});

longTest('a large deletion hides the data at once and continues after the response', async () => {
  const team = await makeTeam();
  const userId = newUser();
  const { id } = await team.makeChat({ userId });
  const deletion = await eraser.deletions.begin({ team: team.id }, userId);
  expect(await erase(eraser, deletion, { signal: AbortSignal.abort() })).toBeUndefined();
  expect((await team.rest('GET', `/chat/${id}`)).status).toBe(404);
  const asked = await remove(team, userId);
  expect(asked).toMatchObject({ id: deletion.id, status: 'done' });
});
