import { randomUUID } from 'node:crypto';
import type { AppRouter } from '@parley/api';
import type { ChatList, ChatWithMessages, MessageList } from '@parley/contract';
import { limits, mintId } from '@parley/contract';
import { createTRPCClient, httpBatchLink, httpBatchStreamLink } from '@trpc/client';
import { beforeAll, expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { walkPages } from '../support/walk-pages.ts';

const { makeTeam, mongo, url } = await startHarness();
const CHATS = 1_500;
const TURNS = 4_000;

interface Stored {
  readonly _id: string;
}
interface StoredTurn extends Stored {
  readonly answerId: string;
  readonly sequence: number;
  readonly messages: readonly { readonly id: string; readonly role: string; readonly content: string }[];
}

let team: Team;
let longChat: string;
let chatIds: string[];

/** More chats than a response holds, and a chat whose messages are a large list. */
beforeAll(async () => {
  team = await makeTeam();
  const { raw } = mongo;
  const metadata = { note: 'ä"\\ '.repeat(2_000) };
  const { id } = await team.makeChat({ metadata });
  const chats = raw.collection<Stored>('chats');
  const chat = await chats.findOne({ _id: id });
  if (!chat) throw new Error('the chat was not stored');
  const copies = Array.from({ length: CHATS - 1 }, () => ({ ...chat, _id: mintId('chat') as string }));
  await chats.insertMany(copies);
  chatIds = [id, ...copies.map(({ _id }) => _id)].sort().reverse();

  longChat = id;
  await team.send(id, 'hello');
  const turns = raw.collection<StoredTurn>('turns');
  const turn = await turns.findOne({ chat: id });
  if (!turn) throw new Error('the turn was not stored');
  await turns.insertMany(
    Array.from({ length: TURNS - 1 }, (_, index) => {
      const answerId = mintId('message');
      const messages = turn.messages.map((message) => ({
        ...message,
        id: message.role === 'user' ? mintId('message') : answerId,
        content: `${index} ${'long text "with marks" '.repeat(40)}`,
      }));
      const _id = turn._id.replace(/_.*/, `_${randomUUID().replaceAll('-', '')}`);
      return { ...turn, _id, answerId, messages, sequence: turn.sequence + 1 + index };
    }),
  );
});

test('a list of chats ends at 16 MiB of answer, and its cursor leads on to the rest', async () => {
  const sizes: number[] = [];
  const pages = await walkPages(async (cursor) => {
    const { text, body } = await team.rest<ChatList>('GET', '/chat', {
      query: { ...(cursor && { cursor }) },
    });
    sizes.push(Buffer.byteLength(text));
    return { items: body.chats.map(({ id }) => id), nextCursor: body.nextCursor };
  });
  expect(pages.flat()).toEqual(chatIds);
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThan(limits.largeAnswerBytesMax + 1_000);
  // The first page is as large as a page can be.
  expect(sizes[0]).toBeGreaterThan(limits.largeAnswerBytesMax - 50_000);
});

test('a large list is the same through REST, tRPC, its batches and its streamed batches', async () => {
  const byRest = (await team.rest<ChatList>('GET', '/chat')).body;
  expect(byRest.chats.length).toBeGreaterThan(1_000);
  expect(await team.trpc.chat.list.query({})).toEqual(byRest);
  for (const link of [httpBatchLink, httpBatchStreamLink]) {
    const client = createTRPCClient<AppRouter>({
      links: [link({ url: `${url}/trpc`, headers: { 'x-api-key': team.secretKey } })],
    });
    const [agents, chats, page, missing] = await Promise.all([
      client.agent.list.query({}),
      client.chat.list.query({}),
      client.message.list.query({ chatId: longChat, limit: 100 }),
      client.chat.get.query({ chatId: mintId('chat') }).catch((error: Error) => error),
    ]);
    expect(agents.agents).toHaveLength(1);
    expect(chats).toEqual(byRest);
    expect(page.messages).toHaveLength(100);
    expect(missing).toBeInstanceOf(Error);
    const large = await Promise.allSettled([
      client.message.list.query({ chatId: longChat }),
      client.message.list.query({ chatId: longChat }),
    ]);
    const [whole] = large.flatMap((one) => (one.status === 'fulfilled' ? [one.value.messages] : []));
    const [rejected] = large.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(whole).toHaveLength(2 * TURNS);
    expect(rejected).toContain('A batch may read one list of more than 1 MiB.');
  }
});

test('a chat with a large list of messages is answered complete, and pages of the list add up to it', async () => {
  const { body: chat } = await team.rest<ChatWithMessages>('GET', `/chat/${longChat}`);
  const { body: list } = await team.rest<MessageList>('GET', `/chat/${longChat}/message`);
  expect(chat.messages).toHaveLength(2 * TURNS);
  expect(list.messages).toEqual(chat.messages);
  expect(list.nextCursor).toBeUndefined();
  const pages = await walkPages(async (cursor) => {
    const query = { limit: '1000', ...(cursor && { cursor }) };
    const { body } = await team.rest<MessageList>('GET', `/chat/${longChat}/message`, { query });
    return { items: body.messages, nextCursor: body.nextCursor };
  });
  expect(pages.flat()).toEqual(chat.messages);
});

test('clients that do not read their large answers keep no other client from its own', async () => {
  const key = { 'x-api-key': team.secretKey };
  const silent = await Promise.all(
    Array.from({ length: limits.largeAnswersUnsentMax + 4 }, () => fetch(`${url}/chat`, { headers: key })),
  );
  const { body } = await team.rest<ChatList>('GET', '/chat');
  expect(body.chats.length).toBeGreaterThan(1_000);
  // The connections that read the longest were closed, so their responses end in the middle.
  const texts = await Promise.allSettled(silent.map((response) => response.text()));
  const cut = texts.filter(({ status }) => status === 'rejected');
  expect(cut.length).toBeGreaterThanOrEqual(silent.length - limits.largeAnswersUnsentMax);
});

test('a client that disconnects while its list is read or sent leaves its place to the next one', async () => {
  for (let round = 0; round < 5; round++) {
    const controller = new AbortController();
    const aborted = [1, 2, 3].map(() =>
      fetch(`${url}/chat`, { headers: { 'x-api-key': team.secretKey }, signal: controller.signal }).then(
        (response) => response.text(),
      ),
    );
    setTimeout(() => controller.abort(), 20 * round);
    await Promise.allSettled(aborted);
  }
  expect((await team.rest<ChatList>('GET', '/chat')).status).toBe(200);
});

/** A guest with many chats, and the headers of their requests. */
async function guestWithChats(count: number): Promise<Record<string, string>> {
  const { token, userId } = await team.makeGuest();
  const chats = mongo.raw.collection<Stored>('chats');
  const chat = await chats.findOne({ _id: longChat });
  if (!chat) throw new Error('the chat was not stored');
  const ofGuest = () => ({ ...chat, _id: mintId('chat') as string, user: userId });
  await chats.insertMany(Array.from({ length: count }, ofGuest));
  return { 'x-api-key': await team.guestKey(), 'x-user-token': token };
}

test("a guest who asks for their large list many times at once gets 429, and everybody else's lists are answered", async () => {
  const [hostile, other] = [await guestWithChats(400), await guestWithChats(200)];
  const rejected = Promise.withResolvers<void>();
  const asking = Array.from({ length: 50 }, async () => {
    const answer = await team.rest('GET', '/chat', { key: undefined, headers: hostile });
    if (answer.status !== 200) rejected.resolve();
    return answer;
  });
  await rejected.promise;
  const lists = await Promise.all([
    team.rest<ChatList>('GET', '/chat', { key: undefined, headers: other }),
    team.rest<ChatList>('GET', '/chat'),
  ]);
  expect(lists.map(({ status }) => status)).toEqual([200, 200]);
  expect(lists[0].body.chats).toHaveLength(200);
  const answers = await Promise.all(asking);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(2);
  for (const { status, apiError, headers } of answers.filter((answer) => answer.status !== 200)) {
    expect([status, apiError.code, headers.get('retry-after')]).toEqual([429, 'too_many_lists', '2']);
  }
});
