import type { Chat, NewGuest } from '@parley/contract';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { startForeignSite } from './support/foreign-page.ts';

/*
 * A page's scripts have its key and its user's token. These tests try every operation of the API with them,
 * using the browser's own `fetch`, in the chat page and in a page of another site.
 */

const bed = await startBed();
const { team, url } = bed;
const site = await startForeignSite();

/** The credentials and the targets of a script. */
interface Loot {
  readonly url: string;
  readonly key: string;
  /** The token of the page's user; null for none. */
  readonly token: string | null;
  readonly ownChat: string;
  readonly foreignChat: string;
  readonly foreignUser: string;
  readonly agentId: string;
  readonly team: string;
}

type Outcome = Readonly<Record<string, string>>;

/**
 * Runs in the page. Returns the result of each attempt as `status code`; for a list, whose chats it
 * contained.
 */
async function attack(loot: Loot): Promise<Outcome> {
  const outcome: Record<string, string> = {};
  const ask = async (method: string, path: string, body?: object, token = loot.token) => {
    const response = await fetch(loot.url + path, {
      method,
      headers: {
        'x-api-key': loot.key,
        ...(token !== null && { 'x-user-token': token }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    let answer: { code?: string; chats?: { id: string }[] } = {};
    try {
      answer = JSON.parse(text);
    } catch {
      // No content.
    }
    return { status: response.status, code: answer.code, chats: answer.chats?.map(({ id }) => id), text };
  };
  const attempt = async (name: string, ...request: Parameters<typeof ask>) => {
    const { status, code, chats } = await ask(...request);
    const shown = chats && (chats.includes(loot.foreignChat) ? 'shows all' : 'shows own');
    outcome[name] = [status, code ?? shown].filter((part) => part !== undefined).join(' ');
  };
  const base64 = (value: object) =>
    btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const soon = Math.floor(Date.now() / 1_000) + 600;
  const claims = base64({ sub: loot.foreignUser, aud: loot.team, exp: soon });
  const message = { content: 'from the hostile page', role: 'user', wait: false };

  await attempt('reads its own chat', 'GET', `/chat/${loot.ownChat}`);
  await attempt('lists the chats', 'GET', '/chat');
  await attempt("lists another user's chats", 'GET', `/chat?userId=${loot.foreignUser}`);
  await attempt("reads another user's chat", 'GET', `/chat/${loot.foreignChat}`);
  await attempt("reads another user's messages", 'GET', `/chat/${loot.foreignChat}/message`);
  await attempt("writes in another user's chat", 'POST', `/chat/${loot.foreignChat}/message`, message);
  await attempt('makes a chat for another user', 'POST', '/chat', {
    agentId: loot.agentId,
    userId: loot.foreignUser,
  });
  await attempt("renames another user's chat", 'PATCH', `/chat/${loot.foreignChat}`, { title: 'taken' });
  await attempt('lists the keys', 'GET', '/key');
  await attempt('makes a secret key', 'POST', '/key', { kind: 'secret' });
  await attempt('makes an agent', 'POST', '/agent', { name: 'Mallory', type: 'support' });
  await attempt('makes a signing secret', 'POST', '/signing-secret', {});
  await attempt('leaves the token out', 'GET', '/chat', undefined, null);
  const unsigned = `${base64({ alg: 'none', typ: 'JWT' })}.${claims}.`;
  await attempt('forges a token without a signature', 'GET', '/chat', undefined, unsigned);
  const signed = `${base64({ alg: 'HS256' })}.${claims}.${base64({ no: 'signature' })}`;
  await attempt('forges a token with a signature', 'GET', '/chat', undefined, signed);
  const [head, , signature] = loot.token?.split('.') ?? [];
  const swapped = `${head ?? ''}.${claims}.${signature ?? ''}`;
  await attempt("puts another user into its own user's token", 'GET', '/chat', undefined, swapped);
  await attempt("gives another user's id as a token", 'GET', '/chat', undefined, loot.foreignUser);
  await attempt("deletes another user's chat", 'DELETE', `/chat/${loot.foreignChat}`);
  return outcome;
}

const INVALID = '401 user_token_invalid';
const FORGED: Outcome = {
  'forges a token without a signature': INVALID,
  'forges a token with a signature': INVALID,
  "puts another user into its own user's token": INVALID,
  "gives another user's id as a token": INVALID,
};
const NO_ADMINISTRATION: Outcome = {
  'lists the keys': '403 secret_key_needed',
  'makes a secret key': '403 secret_key_needed',
  'makes an agent': '403 secret_key_needed',
  'makes a signing secret': '403 secret_key_needed',
};
/** The results with a user token, for every kind of key: access to the user's own chats only. */
const OWN_CHATS: Outcome = {
  'reads its own chat': '200',
  'lists the chats': '200 shows own',
  "lists another user's chats": '403 user_not_allowed',
  "reads another user's chat": '404 chat_not_found',
  "reads another user's messages": '404 chat_not_found',
  "writes in another user's chat": '404 chat_not_found',
  'makes a chat for another user': '403 user_not_allowed',
  "renames another user's chat": '404 chat_not_found',
  "deletes another user's chat": '404 chat_not_found',
  ...NO_ADMINISTRATION,
  ...FORGED,
};

/** The expected results by kind of key: with the user's token, and with the key alone. */
const TABLE: Readonly<Record<'verified' | 'guest' | 'open', { withToken: Outcome; keyAlone: Outcome }>> = {
  verified: {
    withToken: { ...OWN_CHATS, 'leaves the token out': '401 user_token_needed' },
    keyAlone: nothing('401 user_token_needed'),
  },
  guest: {
    withToken: { ...OWN_CHATS, 'leaves the token out': '401 user_token_needed' },
    keyAlone: nothing('401 user_token_needed'),
  },
  open: {
    withToken: { ...OWN_CHATS, 'leaves the token out': '200 shows all' },
    // The operations that the warning of open keys names.
    keyAlone: {
      'reads its own chat': '200',
      'lists the chats': '200 shows all',
      "lists another user's chats": '200 shows all',
      "reads another user's chat": '200',
      "reads another user's messages": '200',
      "writes in another user's chat": '200',
      'makes a chat for another user': '200',
      "renames another user's chat": '200',
      "deletes another user's chat": '204',
      'leaves the token out': '200 shows all',
      ...NO_ADMINISTRATION,
      ...FORGED,
    },
  },
};

function nothing(refused: string): Outcome {
  const names = Object.keys(OWN_CHATS).filter((name) => !(name in FORGED) && !(name in NO_ADMINISTRATION));
  return {
    ...Object.fromEntries([...names, 'leaves the token out'].map((name) => [name, refused])),
    ...NO_ADMINISTRATION,
    ...FORGED,
  };
}

/** Creates a key of that kind, a user with a chat, and a chat of another user. */
async function prepare(kind: keyof typeof TABLE): Promise<Loot> {
  const keys = { verified: team.verifiedKey, guest: team.guestKey, open: async () => team.publishableKey };
  const key = await keys[kind]();
  const guest = kind === 'guest' ? await team.makeGuest() : undefined;
  const user = guest?.userId ?? 'mallory';
  const victim: NewGuest | undefined = kind === 'guest' ? await team.makeGuest() : undefined;
  const foreignUser = victim?.userId ?? 'alice';
  const [own, foreign]: Chat[] = await Promise.all([
    team.makeChat({ userId: user }),
    team.makeChat({ userId: foreignUser }),
  ]);
  return {
    url,
    key,
    token: guest?.token ?? (await team.userToken(user)),
    ownChat: own?.id ?? '',
    foreignChat: foreign?.id ?? '',
    foreignUser,
    agentId: team.agent.id,
    team: team.id,
  };
}

const isThere = async (chatId: string) => (await team.rest('GET', `/chat/${chatId}`)).status === 200;

/** Prints the results for readers of the test output. */
function print(title: string, outcome: Outcome): void {
  const lines = Object.entries(outcome).map(([name, end]) => `  ${name.padEnd(46)} ${end}`);
  process.stdout.write(`\n${[title, ...lines].join('\n')}\n`);
}

async function openForeignPage(): Promise<Page> {
  const visit = await bed.visit({ path: 'about:blank' });
  // The browser logs rejected requests as errors, and the site is another host.
  visit.watch.expectProblem(/Failed to load resource|blocked by CORS/);
  visit.watch.expectProblem(new RegExp(`request to ${site.origin}`));
  const page = await visit.context.newPage();
  await page.goto(site.origin);
  return page;
}

describe.each(['verified', 'guest', 'open'] as const)(
  'a page of another site with a key that is %s',
  (kind) => {
    test.each(['withToken', 'keyAlone'] as const)('%s', async (how) => {
      const loot = await prepare(kind);
      const page = await openForeignPage();
      const outcome = await page.evaluate(attack, how === 'withToken' ? loot : { ...loot, token: null });
      print(`${kind} key, ${how === 'withToken' ? "with its user's token" : 'alone'}`, outcome);
      expect(outcome).toEqual(TABLE[kind][how]);
      expect(await isThere(loot.foreignChat)).toBe(TABLE[kind][how]["deletes another user's chat"] !== '204');
    });
  },
);

test('a script in the chat page reaches only the chats of its user', async () => {
  const visit = await bed.visit();
  visit.watch.expectProblem(/Failed to load resource/);
  const ownChat = await visit.screen.begin('Hello');
  await visit.screen.untilAnswer('You said: Hello', 'completed');
  const foreign = await team.makeChat({ userId: 'alice' });
  // The session of the page: same cookie, same origin.
  const session = await visit.page.evaluate(async () => {
    const response = await fetch('/web/session', { method: 'POST' });
    return (await response.json()) as { publishableKey: string; userToken: string };
  });
  const loot: Loot = {
    ...{ url, agentId: team.agent.id, team: team.id, ownChat },
    ...{ foreignChat: foreign.id, foreignUser: 'alice' },
    ...{ key: session.publishableKey, token: session.userToken },
  };
  const outcome = await visit.page.evaluate(attack, loot);
  print('the chat page, with its session', outcome);
  expect(outcome).toEqual(TABLE.verified.withToken);
  expect(await isThere(foreign.id)).toBe(true);
  expect(await visit.page.evaluate(() => document.cookie)).toBe('');
});

test('a page of another origin cannot read why its request was rejected', async () => {
  const { body } = await team.rest<{ key: string }>('POST', '/key', {
    body: { kind: 'publishable', access: 'guest', origins: ['https://shop.example'] },
  });
  const page = await openForeignPage();
  const seen = await page.evaluate(
    ([address, key]) =>
      fetch(`${address}/guest`, { method: 'POST', headers: { 'x-api-key': key ?? '' } }).then(
        ({ status }) => String(status),
        () => 'nothing',
      ),
    [url, body.key],
  );
  expect(seen).toBe('nothing');
});
