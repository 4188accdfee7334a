import { expect } from 'vitest';
import { requestSession } from '../../../apps/server/test/web/support.ts';
import { chatOf, contentsOf, type Server, type UpgradeScenario, type World } from '../scenario.ts';

/** A browser's cookies, by their names. */
export type Cookies = Map<string, string>;

/** Opens a session of the chat page, as a browser with these cookies does, and keeps what it is given. */
export async function visit(server: Server, cookies: Cookies) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const { status, body, headers } = await requestSession(server.url, cookie === '' ? {} : { cookie });
  expect(status).toBe(200);
  for (const line of headers.getSetCookie()) {
    const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split('=');
    if (value === '') cookies.delete(name);
    else cookies.set(name, value);
  }
  const { userId, userToken } = body as { userId: string; userToken: string };
  return { userId, headers: { 'x-user-token': userToken } };
}

/** A server of each version with the chat page, let in with one key. */
async function startPages({ current, start }: World) {
  const { body } = await current.call('POST', '/key', { body: { kind: 'publishable', access: 'verified' } });
  const key: string = body.key;
  const [oldPage, newPage] = await Promise.all([
    start('old', { pageKey: key }),
    start('current', { pageKey: key }),
  ]);
  return { key, oldPage, newPage };
}

export const visitors: readonly UpgradeScenario[] = [
  {
    name: 'a visitor of the old version keeps their user id and chats at this one, which exchanges their cookie once',
    fields: ['team', 'user', 'secretHash', 'exchangedAt'].map((name) => `visitorExchanges.${name}`),
    async run(world) {
      const { raw } = world;
      const { key, oldPage, newPage } = await startPages(world);
      const browser: Cookies = new Map();
      const before = await visit(oldPage, browser);
      const stolen = new Map(browser);
      const chat = await chatOf(oldPage, 'scenario/of-a-visitor', {}, { key, headers: before.headers });

      const after = await visit(newPage, browser);
      expect(after.userId).toBe(before.userId);
      expect([...browser.keys()]).toEqual(['parley_visitor']);
      const { body } = await newPage.call('GET', `/chat/${chat.id}/message`, { key, headers: after.headers });
      expect(body.messages).toHaveLength(2);
      expect(await contentsOf(newPage, chat.id)).toHaveLength(2);
      expect((await visit(newPage, browser)).userId).toBe(before.userId);

      // The old cookie was the user id, which others may know. A minute after the exchange it proves nothing.
      await raw
        .collection('visitorExchanges')
        .updateOne({ user: before.userId }, { $set: { exchangedAt: new Date(Date.now() - 120_000) } });
      expect((await visit(newPage, stolen)).userId).not.toBe(before.userId);
      expect((await visit(newPage, browser)).userId).toBe(before.userId);
    },
  },
  {
    name: 'a visitor of this version is a new one at the old version, and themselves again at this one',
    async run(world) {
      const { oldPage, newPage } = await startPages(world);
      const browser: Cookies = new Map();
      const first = await visit(newPage, browser);
      const elsewhere = await visit(oldPage, browser);
      expect(elsewhere.userId).not.toBe(first.userId);
      expect((await visit(oldPage, browser)).userId).toBe(elsewhere.userId);
      expect([...browser.keys()].toSorted()).toEqual(['parley_user', 'parley_visitor']);
      expect((await visit(newPage, browser)).userId).toBe(first.userId);
    },
  },
];
