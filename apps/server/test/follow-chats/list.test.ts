import type { Chat, ChatList, ChatListEvent } from '@parley/contract';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { type OpenStream, openStream } from '../support/event-stream.ts';
import { apiErrorAt, requestStream } from '../support/streams.ts';
import { type Transport, transports } from '../support/transports.ts';

/* Followers of a list of chats, on two servers: whatever happens, each shows what the list says. */

const { makeTeam, mongo, url, startReplica } = await startHarness();
const replica = await startReplica();
const servers = [url, replica.url];
type Headers = Readonly<Record<string, string>>;

const opened: OpenStream[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.close();
});

/** A tab that shows a list of chats. It reads the list when the stream says so, and applies the events after it. */
class FollowedList {
  readonly shown = new Map<string, Chat>();
  readonly events: ChatListEvent[] = [];
  lastEventId: string | undefined;
  readonly #headers: Headers;
  readonly #team: Team;
  #stream: OpenStream | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(team: Team, headers: Headers) {
    this.#team = team;
    this.#headers = headers;
  }

  async open(transport: Transport, base: string): Promise<void> {
    const { lastEventId } = this;
    const stream = await requestStream(
      transport,
      { operationId: 'followChats', procedure: 'chat.followAll' },
      lastEventId === undefined ? {} : { lastEventId },
      { url: base, headers: this.#headers },
    );
    expect(stream.status).toBe(200);
    opened.push(stream);
    this.#stream = stream;
    this.#reading = this.#read(stream).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#stream?.close();
    await this.#reading;
  }

  async list(): Promise<Chat[]> {
    const { body } = await this.#team.rest<ChatList>('GET', '/chat', { headers: this.#headers });
    return body.chats;
  }

  async #read(stream: OpenStream): Promise<void> {
    for (let event = await stream.next(); event; event = await stream.next()) {
      if (event.event !== undefined) continue;
      await this.#apply(JSON.parse(event.data));
      this.lastEventId = event.id;
    }
  }

  async #apply(event: ChatListEvent): Promise<void> {
    this.events.push(event);
    if (event.type === 'list-chat') this.shown.set(event.chat.id, event.chat);
    else if (event.type === 'list-chat-removed') this.shown.delete(event.chatId);
    else {
      this.shown.clear();
      for (const chat of await this.list()) this.shown.set(chat.id, chat);
    }
  }
}

async function showsTheList(followers: readonly FollowedList[]): Promise<void> {
  for (const follower of followers)
    await expect
      .poll(
        async () => {
          const listed = new Map((await follower.list()).map((chat) => [chat.id, chat]));
          return [Object.fromEntries(follower.shown), Object.fromEntries(listed)];
        },
        { timeout: 30_000, interval: 100 },
      )
      .toSatisfy(([shown, listed]) => JSON.stringify(sorted(shown)) === JSON.stringify(sorted(listed)));
}

function sorted(chats: Record<string, Chat>): Chat[] {
  return Object.values(chats).sort((a, b) => (a.id < b.id ? -1 : 1));
}

type Action =
  | { readonly type: 'create' | 'disconnect' | 'reconnect'; readonly index: number }
  | { readonly type: 'send' | 'rename' | 'delete'; readonly index: number };

const action: fc.Arbitrary<Action> = fc.record({
  type: fc.constantFrom('create', 'send', 'rename', 'delete', 'disconnect', 'reconnect'),
  index: fc.nat(7),
});

describe.each(transports)('following a list over %s', (transport) => {
  test('every follower shows what its list says after any actions on any server', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 14 }), async (actions) => {
        const team = await makeTeam();
        const users = ['ann', 'bob'];
        const scopes: Headers[] = [{ 'x-api-key': team.secretKey }];
        for (const user of users)
          scopes.push({ 'x-api-key': await team.verifiedKey(), 'x-user-token': await team.userToken(user) });
        const followers = scopes.map((headers) => new FollowedList(team, headers));
        for (const [index, follower] of followers.entries())
          await follower.open(transport, servers[index % 2] ?? url);
        const chats: string[] = [];
        for (const { type, index } of actions) {
          const chat = chats[index % (chats.length || 1)];
          const follower = followers[index % followers.length];
          if (type === 'create') chats.push((await team.makeChat({ userId: users[index % 2] ?? '' })).id);
          else if (type === 'disconnect') await follower?.close();
          else if (type === 'reconnect') {
            await follower?.close();
            await follower?.open(transport, servers[index % 2] ?? url);
          } else if (chat && type === 'send') await team.send(chat, `message ${index}`);
          else if (chat && type === 'rename')
            await team.rest('PATCH', `/chat/${chat}`, { body: { title: `Title ${index}` } });
          else if (chat) await team.rest('DELETE', `/chat/${chat}`);
        }
        for (const [index, follower] of followers.entries()) {
          await follower.close();
          await follower.open(transport, servers[(index + 1) % 2] ?? url);
        }
        await showsTheList(followers);
        for (const follower of followers) await follower.close();
      }),
      { numRuns: 4 },
    );
  }, 240_000);
});

test('a user receives no event of another user’s chats', async () => {
  const team = await makeTeam();
  const headers = { 'x-api-key': await team.verifiedKey(), 'x-user-token': await team.userToken('ann') };
  const follower = new FollowedList(team, headers);
  await follower.open('rest', replica.url);
  await expect.poll(() => follower.events.length).toBe(1);
  const other = await team.makeChat({ userId: 'bob' });
  await team.send(other.id, 'Hi');
  await team.rest('DELETE', `/chat/${other.id}`);
  const own = await team.makeChat({ userId: 'ann' });
  await expect.poll(() => follower.shown.has(own.id), { timeout: 20_000 }).toBe(true);
  expect(JSON.stringify(follower.events)).not.toContain(other.id);
});

test('the chats of a guest appear in the list of the user who claims them', async () => {
  const team = await makeTeam();
  const guest = await team.makeGuest();
  const { body: chat } = await team.rest<Chat>('POST', '/chat', {
    headers: { 'x-api-key': await team.guestKey(), 'x-user-token': guest.token },
    body: { agentId: team.agent.id },
  });
  const headers = { 'x-api-key': await team.guestKey(), 'x-user-token': await team.userToken('ann') };
  const follower = new FollowedList(team, headers);
  await follower.open('rest', replica.url);
  await expect.poll(() => follower.events.length).toBe(1);
  const { status } = await team.rest('POST', '/guest/claim', { headers, body: { guestToken: guest.token } });
  expect(status).toBeLessThan(300);
  await expect.poll(() => [...follower.shown.keys()], { timeout: 20_000 }).toEqual([chat.id]);
});

test('a deletion that a crash interrupts is told when it is finished', async () => {
  const team = await makeTeam();
  const chat = await team.makeChat();
  const follower = new FollowedList(team, { 'x-api-key': team.secretKey });
  await follower.open('rest', url);
  await expect.poll(() => follower.shown.has(chat.id)).toBe(true);
  await mongo.database.stores.chats.markDeleted({ team: team.id }, chat.id);
  await expect.poll(() => follower.shown.has(chat.id), { timeout: 60_000, interval: 200 }).toBe(false);
}, 90_000);

test('a cursor that is too old or that no server issued begins with a list to read again', async () => {
  const team = await makeTeam();
  for (const lastEventId of ['nonsense', '99999999999999', String(Date.now() - 60 * 60_000)]) {
    const stream = await openStream(url, 'GET', '/chat/events', {
      key: team.secretKey,
      query: { lastEventId },
    });
    opened.push(stream);
    const [first] = await stream.take(1);
    expect(JSON.parse(first?.data ?? '')).toEqual({ type: 'list-changed' });
    expect(Math.abs(Number(first?.id) - Date.now())).toBeLessThan(60_000);
  }
});

describe.each(transports)('following a list and a chat with one stream over %s', (transport) => {
  test('the stream has the events of both, and continues after any of them', async () => {
    const team = await makeTeam();
    const [chat, other] = [await team.makeChat(), await team.makeChat()];
    const follow = async (input: Record<string, string>) => {
      const example = { operationId: 'followChats', procedure: 'chat.followAll' } as const;
      const stream = await requestStream(transport, example, input, {
        url,
        headers: { 'x-api-key': team.secretKey },
      });
      opened.push(stream);
      return stream;
    };
    const typesUntil = async (stream: OpenStream, ...types: readonly string[]) => {
      const left = new Set(types);
      const events: { type: string; id: string | undefined }[] = [];
      while (left.size > 0) {
        const event = await stream.next();
        if (!event) throw new Error(`the stream ended before ${[...left]}`);
        if (event.event !== undefined) continue;
        const { type } = JSON.parse(event.data) as { type: string };
        events.push({ type, id: event.id });
        left.delete(type);
      }
      return events;
    };

    const first = await follow({ chatId: chat.id });
    await typesUntil(first, 'list-followed', 'chat-followed');
    await team.send(chat.id, 'Hi');
    const received = await typesUntil(first, 'message-accepted', 'answer-ended', 'list-chat');
    first.close();
    expect(received.filter(({ type }) => type === 'message-accepted')).toHaveLength(1);

    // After the last event neither part begins again, and what happened meanwhile follows.
    await team.send(chat.id, 'Hi again');
    const again = await follow({ chatId: chat.id, lastEventId: received.at(-1)?.id ?? '' });
    const later = await typesUntil(again, 'message-accepted', 'answer-ended', 'list-chat');
    again.close();
    expect(later.map(({ type }) => type)).not.toContain('list-followed');
    expect(later.map(({ type }) => type)).not.toContain('chat-followed');

    // The part of an id before the tilde continues the list beside another chat.
    const [list = ''] = (later.at(-1)?.id ?? '').split('~');
    const beside = await follow({ chatId: other.id, lastEventId: list });
    const types = (await typesUntil(beside, 'chat-followed')).map(({ type }) => type);
    expect(types).not.toContain('list-followed');
    expect(types).not.toContain('list-changed');

    await team.rest('DELETE', `/chat/${other.id}`);
    await typesUntil(beside, 'chat-deleted', 'list-chat-removed');
    await team.makeChat();
    await typesUntil(beside, 'list-chat');
  }, 120_000);

  test('a chat that the caller does not reach is not found', async () => {
    const [team, stranger] = [await makeTeam(), await makeTeam()];
    const { id: chatId } = await stranger.makeChat();
    const headers = { 'x-api-key': team.secretKey };
    const example = { operationId: 'followChats', procedure: 'chat.followAll' } as const;
    const stream = await requestStream(transport, example, { chatId }, { url, headers });
    opened.push(stream);
    const { apiError } = await apiErrorAt(transport, stream);
    expect(apiError?.code).toBe('chat_not_found');
  });
});
