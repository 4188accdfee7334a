import { AxeBuilder } from '@axe-core/playwright';
import { createGate } from '@parley/agent/testing';
import type { Chat } from '@parley/contract';
import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { startBed, type Visit, type VisitOptions } from './support/bed.ts';
import { EmbeddingPage, pageWithTag, strictPolicy } from './support/embedding-page.ts';
import { startForeignSite } from './support/foreign-page.ts';

/*
 * The chat in pages of other sites, on another host and with a policy that only allows this server.
 */

const bed = await startBed();
const { team, url, model } = bed;
const pages: Record<string, { html: string; image?: string; headers?: Record<string, string> }> = {};
const site = await startForeignSite(pages);
/** Another host name, because browsers treat another port as the same site. */
const shop = site.origin.replace('127.0.0.1', 'shop.localhost');

async function makeKey(access: 'guest' | 'verified' | 'open', origins?: string[]): Promise<string> {
  const body = { kind: 'publishable', access, ...(origins && { origins }) };
  return (await team.rest<{ key: string }>('POST', '/key', { body })).body.key;
}

const guestKey = await makeKey('guest', [shop]);
const verifiedKey = await makeKey('verified', [shop]);
const headers = strictPolicy(url);
pages['/guest'] = { html: pageWithTag(url, { key: guestKey }), headers };
pages['/twice'] = {
  html: pageWithTag(url, { key: guestKey }).replace(
    '</body>',
    `<script src="${url}/embed.js" data-key="${guestKey}"></script></body>`,
  ),
  headers,
};
pages['/signed-in'] = {
  html: pageWithTag(url, {
    key: verifiedKey,
    'user-token': 'shopToken',
    title: 'Help',
    position: 'left',
    accent: '#ffd54a',
  }),
  headers,
};
pages['/open'] = { html: pageWithTag(url, { key: await makeKey('open') }), headers };

async function visitShop(path: string, options: VisitOptions = {}): Promise<Visit & { at: EmbeddingPage }> {
  const visit = await bed.visit({ ...options, path: 'about:blank' });
  visit.watch.expectProblem(new RegExp(`^request to ${shop}`));
  await visit.page.goto(shop + path);
  return { ...visit, at: new EmbeddingPage(visit.page) };
}

const chatsOf = async (query: string) =>
  (await team.rest<{ chats: Chat[] }>('GET', `/chat?${query}`)).body.chats;

test('a visitor can chat, and finds the chat again after a reload', async () => {
  const { at, page } = await visitShop('/guest');
  expect(await page.locator('parley-chat iframe').count()).toBe(0);
  await at.open();
  await expect.poll(() => at.chat.message.evaluate((box) => box === document.activeElement)).toBe(true);
  await at.begin('Do you deliver on Sundays?');
  await at.chat.untilAnswer('You said: Do you deliver on Sundays?', 'completed');
  await page.reload();
  await at.open();
  await at.chat.untilAnswer('You said: Do you deliver on Sundays?', 'completed');
  await at.frame.getByRole('button', { name: 'New chat' }).click();
  await at.frame.getByRole('heading', { name: 'What would you like to talk about?' }).waitFor();
  const [chat] = await chatsOf('search=Sundays');
  expect(chat?.userId).toMatch(/^guest_/);
});

longTest('uses the token of the page, and requests another when it has expired', async () => {
  const { at, context, watch } = await visitShop('/guest');
  watch.expectProblem(/status of 401/);
  const asked: (string | undefined)[] = [];
  const over = await team.userToken('user_42', -60);
  await context.exposeFunction('shopToken', async (rejected?: string) => {
    asked.push(rejected);
    return rejected === undefined ? over : team.userToken('user_42');
  });
  await at.page.goto(`${shop}/signed-in`);
  await at.page.getByRole('button', { name: 'Open: Help' }).waitFor();
  await at.open();
  await at.begin('Where is my order?');
  await at.chat.untilAnswer('You said: Where is my order?', 'completed');
  expect((await chatsOf('userId=user_42')).map(({ title }) => title)).toEqual(['Where is my order?']);
  expect(asked).toContain(over);
  const accent = await at.frame
    .locator('html')
    .evaluate((html) => getComputedStyle(html).getPropertyValue('--accent'));
  expect(accent).toBe('#ffd54a');
});

longTest('clears the chat when another user signs in', async () => {
  const { at, context, watch } = await visitShop('/guest');
  // The new user requests the open chat once, and is rejected.
  watch.expectProblem(/status of 404/);
  let user = 'user_50';
  await context.exposeFunction('shopToken', () => team.userToken(user));
  await at.page.goto(`${shop}/signed-in`);
  await at.open();
  await at.begin('Mine alone');
  await at.chat.untilAnswer('You said: Mine alone', 'completed');
  user = 'user_51';
  await at.page.evaluate((key) => {
    const { Parley } = window as unknown as { Parley: { embed(options: object): { userChanged(): void } } };
    Parley.embed({ key }).userChanged();
  }, verifiedKey);
  await at.frame.getByRole('heading', { name: 'What would you like to talk about?' }).waitFor();
  await at.frame.getByRole('button', { name: 'Show chats' }).click();
  await at.frame.getByText('Your chats will appear here.').waitFor();
  expect(await at.frame.getByText('Mine alone').count()).toBe(0);
});

longTest('a guest who signs in keeps their chats', async () => {
  const { at, context } = await visitShop('/guest');
  await at.open();
  await at.begin('Asked as a guest');
  await at.chat.untilAnswer('You said: Asked as a guest', 'completed');
  await context.exposeFunction('shopToken', () => team.userToken('user_43'));
  pages['/guest-signed-in'] = {
    html: pageWithTag(url, { key: guestKey, 'user-token': 'shopToken' }),
    headers,
  };
  await at.page.goto(`${shop}/guest-signed-in`);
  await at.open();
  await at.chat.untilAnswer('You said: Asked as a guest', 'completed');
  await expect.poll(async () => (await chatsOf('userId=user_43')).length).toBe(1);
});

test('the embedded chat can be opened and closed by keyboard, also on a phone, and shows a new answer', async () => {
  const { at, page } = await visitShop('/guest', { isPhone: true });
  await at.bubble.focus();
  await page.keyboard.press('Enter');
  await at.chat.message.waitFor();
  const panel = page.locator('parley-chat iframe');
  await expect.poll(() => panel.boundingBox()).toEqual({ x: 0, y: 0, ...page.viewportSize() });

  const gate = createGate();
  model.replyTo('Slowly, please', async (call) => {
    call.text('It took');
    await gate.released;
    call.text(' a while.');
    call.finish();
  });
  await at.begin('Slowly, please');
  await at.chat.untilAnswer('It took');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Open: Chat' }).waitFor();
  await expect.poll(() => at.bubble.evaluate((button) => button.matches(':focus'))).toBe(true);
  gate.release();
  await page.getByRole('button', { name: 'Open: Chat, new answer' }).click();
  await at.chat.untilAnswer('It took a while.', 'completed');
  await at.frame.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Open: Chat', exact: true }).waitFor();
});

longTest('two script tags create one chat, which can be removed', async () => {
  const { at, page } = await visitShop('/twice');
  await at.open();
  expect(await page.locator('parley-chat').count()).toBe(1);
  await page.evaluate((key) => {
    const { Parley } = window as unknown as { Parley: { embed(options: object): { destroy(): void } } };
    Parley.embed({ key }).destroy();
  }, guestKey);
  expect(await page.locator('parley-chat').count()).toBe(0);
});

longTest('ignores messages of other windows', async () => {
  const { at, page } = await visitShop('/guest');
  await at.open();
  await page.evaluate(() => {
    for (const data of [{ parley: 'ready' }, { type: 'close' }, { parley: 'init' }])
      window.postMessage(data, '*');
  });
  // The frame only accepts messages from the page's port.
  await page.locator('parley-chat iframe').evaluate((frame: HTMLIFrameElement, server) => {
    frame.contentWindow?.postMessage({ type: 'user-changed' }, server);
  }, url);
  await at.begin('Still here?');
  await at.chat.untilAnswer('You said: Still here?', 'completed');
});

describe('a key that does not work', () => {
  const SENTENCE = 'This chat isn’t available, because its key doesn’t work on this page.';

  test('the chat says so on a page that the key does not list, and logs the reason', async () => {
    const visit = await bed.visit({ path: 'about:blank' });
    visit.watch.expectProblem(/^request to|the key does not work on/);
    const reason = visit.page.waitForEvent('console', (line) => line.text().includes(site.origin));
    await visit.page.goto(`${site.origin}/guest`);
    const at = new EmbeddingPage(visit.page);
    await at.bubble.click();
    await at.frame.getByRole('heading', { name: SENTENCE }).waitFor();
    await reason;
    const { violations } = await new AxeBuilder({ page: visit.page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    await at.frame.getByRole('button', { name: 'Close' }).click();
    await visit.page.getByRole('button', { name: 'Open: Chat' }).waitFor();
  });

  test('the chat says so in the language of the page if there is no such key', async () => {
    pages['/wrong-german'] = { html: pageWithTag(url, { key: 'pk_live_wrong', lang: 'de' }), headers };
    const { at, watch } = await visitShop('/wrong-german');
    watch.expectProblem(/the key does not work on/);
    await at.page.getByRole('button', { name: 'Öffnen: Chat' }).click();
    await at.frame.getByText('Dieser Chat ist nicht verfügbar, weil sein Schlüssel').waitFor();
    await at.page.keyboard.press('Escape');
    await at.page.getByRole('button', { name: 'Öffnen: Chat' }).waitFor();
  });

  test('a page that pretends to be a listed one is stopped by the policy', async () => {
    const visit = await bed.visit({ path: 'about:blank' });
    visit.watch.expectProblem(/^request to|frame-ancestors|chat not loaded|chrome-error/);
    await visit.page.clock.install();
    await visit.page.route(`${url}/embed?*`, (route) => {
      const asked = new URL(route.request().url());
      asked.searchParams.set('origin', shop);
      return route.fulfill({ status: 302, headers: { location: asked.href } });
    });
    await visit.page.goto(`${site.origin}/guest`);
    const at = new EmbeddingPage(visit.page);
    const rejected = visit.page.waitForEvent('console', (line) => /frame-ancestors/.test(line.text()));
    await at.bubble.click();
    await rejected;
    await visit.page.clock.fastForward(20_000);
    await visit.page.getByText('The chat can’t open here.').waitFor();
    expect(await visit.page.locator('parley-chat iframe').count()).toBe(0);
  });
});

test('the title, greeting, starters, picture and language come from attributes', async () => {
  pages['/dressed'] = {
    html: pageWithTag(url, {
      key: guestKey,
      title: 'Ask us',
      lang: 'de',
      greeting: 'Wie können wir helfen?',
      starters: 'Wo ist mein Paket? | Liefern Sie sonntags?',
      avatar: `${shop}/face.svg`,
    }),
    headers,
  };
  pages['/face.svg'] = {
    html: '',
    image: '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>',
  };
  const { at, page } = await visitShop('/dressed');
  await page.getByRole('button', { name: 'Öffnen: Ask us' }).click();
  await at.frame.getByRole('heading', { name: 'Wie können wir helfen?' }).waitFor();
  expect(await at.frame.locator('html').getAttribute('lang')).toBe('de');
  const picture = at.frame.locator('main img');
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(8);
  expect(
    await at.frame.getByRole('list', { name: 'Vorschläge' }).getByRole('button').allInnerTexts(),
  ).toEqual(['Wo ist mein Paket?', 'Liefern Sie sonntags?']);
  await at.frame.getByRole('button', { name: 'Liefern Sie sonntags?' }).click();
  await at.frame.getByText('You said: Liefern Sie sonntags?').waitFor();
});

longTest('the chat goes on when the page replaces its body', async () => {
  const { at, page } = await visitShop('/guest');
  await at.open();
  await at.begin('Stay here');
  await at.chat.untilAnswer('You said: Stay here', 'completed');
  await at.chat.message.fill('Half a sent');
  await page.evaluate(() => {
    const body = document.createElement('body');
    body.append('Another page');
    document.body.replaceWith(body);
  });
  await at.chat.message.press('End');
  await page.keyboard.type('ence');
  expect(await at.chat.message.inputValue()).toBe('Half a sentence');
  await at.chat.message.press('Enter');
  await at.chat.untilAnswer('You said: Half a sentence', 'completed');

  // A page that removes the chat too gets it back.
  await page.evaluate(() => document.querySelector('parley-chat')?.remove());
  await at.chat.untilAnswer('You said: Half a sentence', 'completed');
});

longTest('an open chat is open again on the next page of the site, a closed one is not', async () => {
  const { at, page } = await visitShop('/guest');
  await at.open();
  await at.begin('Come along');
  await at.chat.untilAnswer('You said: Come along', 'completed');
  await page.goto(`${shop}/twice`);
  await at.chat.untilAnswer('You said: Come along', 'completed');
  await page.getByRole('button', { name: 'Close: Chat' }).click();
  await page.goto(`${shop}/guest`);
  await page.getByRole('button', { name: 'Open: Chat' }).waitFor();
  expect(await page.locator('parley-chat iframe').count()).toBe(0);
});

longTest('an open key shows an explanation and no chats, because it would reach all of them', async () => {
  const { at, watch } = await visitShop('/open');
  watch.expectProblem(/status of 403/);
  await at.open();
  await at.frame.getByText('Guests can’t chat here').waitFor();
});

describe('the server', () => {
  const policyOf = async (path: string) =>
    (await fetch(url + path)).headers.get('content-security-policy')?.match(/frame-ancestors ([^;]*)/)?.[1];

  test.each([
    ['the key’s origins', async () => guestKey, () => shop],
    ['every page, where the key names none', () => makeKey('guest'), () => '*'],
    ['no page, for a secret key', async () => team.secretKey, () => "'none'"],
    ['no page, for a key that is none', async () => 'pk_live_wrong', () => "'none'"],
  ])('allows the frame in %s', async (_name, key, framers) => {
    expect(await policyOf(`/embed?key=${await key()}`)).toBe(framers());
  });

  test('allows no frame of a chat to a page that the key does not list, and one picture of another site', async () => {
    const ask = async (query: Record<string, string>) => {
      const response = await fetch(`${url}/embed?${new URLSearchParams({ key: guestKey, ...query })}`);
      return { policy: response.headers.get('content-security-policy') ?? '', text: await response.text() };
    };
    const refused = await ask({ origin: 'https://evil.example' });
    expect(refused.policy).toContain('frame-ancestors *');
    const chat = await ask({ origin: shop });
    expect(refused.text).toContain('data-refused');
    expect(chat.text).not.toContain('data-refused');
    expect(chat.policy).not.toContain('frame-ancestors *');
    const allowed = await ask({ origin: shop, avatar: 'https://cdn.example/a;b,c.png?x=1' });
    expect(allowed.policy).toContain(`frame-ancestors ${shop}`);
    expect(allowed.policy).toContain("img-src 'self' data: https://cdn.example/a%3Bb%2Cc.png;");
    for (const avatar of ['javascript:alert(1)', 'nothing', "https://a.example' *"]) {
      expect((await ask({ origin: shop, avatar })).policy).toMatch(
        /img-src 'self' data:(?: https:\/\/\S+)?;/,
      );
    }
  });

  longTest('serves no page without a key or with two keys', async () => {
    expect(await policyOf('/embed')).toBe("'none'");
    expect(await policyOf(`/embed?key=${guestKey}&key=${guestKey}`)).toBe("'none'");
  });

  longTest('serves no page for a revoked key', async () => {
    const { body } = await team.rest<{ id: string; key: string }>('POST', '/key', {
      body: { kind: 'publishable', access: 'guest', origins: [shop] },
    });
    expect(await policyOf(`/embed?key=${body.key}`)).toBe(shop);
    await team.rest('DELETE', `/key/${body.id}`);
    await expect.poll(() => policyOf(`/embed?key=${body.key}`)).toBe("'none'");
  });

  test('serves the script to every page, with a short cache time', async () => {
    const response = await fetch(`${url}/embed.js`);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/javascript; charset=utf-8',
    ]);
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect((await fetch(`${url}/embed.js`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${url}/embed.html`)).status).toBe(404);
  });
});

test.each(casesOfForm([{ isDark: false }, { isDark: true }], 2))(
  'axe finds no problems in the embedded chat: %o',
  async (look) => {
    const { at, page } = await visitShop('/guest', look);
    await at.open();
    await at.begin('Hello');
    await at.chat.untilAnswer('You said: Hello', 'completed');
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
  },
);
