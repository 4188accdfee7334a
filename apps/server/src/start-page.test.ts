import { mintId, openKeyWarning } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import type { StartCredentials } from './first-start.ts';
import { type StartFacts, startPage } from './start-page.ts';

const credentials = {
  url: 'http://127.0.0.1:3000',
  mongodbUri: 'mongodb://127.0.0.1:27017/',
  teamId: mintId('team'),
  agentId: mintId('agent'),
  publishableKey: 'pk_live_canary',
  guestKey: 'pk_live_canaryOfVisitors',
  secretKey: 'sk_live_canary',
  webKey: 'pk_live_canaryOfTheChatPage',
};

const page = (start: StartCredentials, more: Partial<StartFacts> = {}) =>
  startPage({
    version: '1.2.3',
    url: 'http://127.0.0.1:3000',
    chat: 'served',
    database: 'embedded',
    model: 'm1',
    start,
    credentialsPath: '.data/credentials.json',
    isTerminal: true,
    ...more,
  });

test('the start page shows version, address, database and model', () => {
  const text = page(
    { kind: 'known', credentials },
    {
      database: 'at db.example',
      model: 'gpt-x',
    },
  );
  for (const part of ['1.2.3', 'http://127.0.0.1:3000', 'at db.example', 'gpt-x', '/docs/reference']) {
    expect(text).toContain(part);
  }
});

test('the start page begins with the chat page, if there is one', () => {
  const links = (more: Partial<StartFacts>) =>
    page({ kind: 'known', credentials }, more)
      .split('\n')
      .filter((line) => /^ {2}(?:Chat|API reference) /.test(line))
      .map((line) => line.trim().replace(/ {2,}/, ': '));
  const reference = 'API reference: http://127.0.0.1:3000/docs/reference';
  expect(links({})).toEqual(['Chat: http://127.0.0.1:3000/', reference]);
  expect(links({ chat: 'not built' })).toEqual([expect.stringContaining('npm run build'), reference]);
  expect(links({ chat: undefined })).toEqual([reference]);
});

describe('the start page', () => {
  test('shows the keys at the start that created them, with their purposes and a command that works', () => {
    const text = page({ kind: 'made', credentials });
    expect(text).toContain(credentials.publishableKey);
    expect(text).toMatch(/guest key +pk_live_canaryOfVisitors +for pages with visitors/);
    expect(text).toContain(`-H 'x-api-key: ${credentials.secretKey}'`);
    expect(text).toContain(`{"agentId": "${credentials.agentId}"}`);
  });

  test('shows no keys when its output is stored in a log', () => {
    const text = page({ kind: 'made', credentials }, { isTerminal: false });
    expect(text).not.toContain('canary');
    expect(text).toContain('.data/credentials.json');
    expect(text).toContain('Made for you');
    expect(text).toContain('guestKey is for pages with visitors');
  });

  test('shows no keys at a later start', () => {
    const text = page({ kind: 'known', credentials });
    expect(text).not.toContain('canary');
    expect(text).toContain('.data/credentials.json');
  });

  test('warns about a key of the chat page that reaches all chats, and about no other', () => {
    expect(page({ kind: 'known', credentials }, { isChatKeyOpen: true })).toContain(
      `WEB_PUBLISHABLE_KEY names an open key. ${openKeyWarning}`,
    );
    expect(page({ kind: 'known', credentials })).not.toContain('WEB_PUBLISHABLE_KEY');
    expect(page({ kind: 'known', credentials }, { isChatKeyOpen: true, chat: undefined })).not.toContain(
      'WEB_PUBLISHABLE_KEY',
    );
  });

  test('names TRUST_PROXY if other machines reach the server and no proxy is trusted', () => {
    expect(page({ kind: 'known', credentials }, { needsTrustProxy: true })).toContain('set TRUST_PROXY');
    expect(page({ kind: 'known', credentials })).not.toContain('TRUST_PROXY');
  });

  test('names the commands that create new keys if the keys are elsewhere', () => {
    const teamId = mintId('team');
    const text = page({ kind: 'elsewhere', teamId });
    expect(text).toContain(`key create --team ${teamId} --kind secret`);
    expect(text).toContain(`key create --team ${teamId} --kind publishable --access guest`);
  });
});
