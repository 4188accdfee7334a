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

test('says which version runs where, on what database, with which model', () => {
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

test('the chat comes first, when there is one', () => {
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

describe('keys', () => {
  test('appear at the start that made them, with what each is for and a command that works as it is', () => {
    const text = page({ kind: 'made', credentials });
    expect(text).toContain(credentials.publishableKey);
    expect(text).toMatch(/guest key +pk_live_canaryOfVisitors +for pages with visitors/);
    expect(text).toContain(`-H 'x-api-key: ${credentials.secretKey}'`);
    expect(text).toContain(`{"agentId": "${credentials.agentId}"}`);
  });

  test('do not appear where a log keeps what is written, not even at the start that made them', () => {
    const text = page({ kind: 'made', credentials }, { isTerminal: false });
    expect(text).not.toContain('canary');
    expect(text).toContain('.data/credentials.json');
    expect(text).toContain('Made for you');
    expect(text).toContain('guestKey is for pages with visitors');
  });

  test('appear at no later one', () => {
    const text = page({ kind: 'known', credentials });
    expect(text).not.toContain('canary');
    expect(text).toContain('.data/credentials.json');
  });

  test('of the chat page: one that reaches all chats is named as such, and no other is', () => {
    expect(page({ kind: 'known', credentials }, { isChatKeyOpen: true })).toContain(
      `WEB_PUBLISHABLE_KEY names an open key. ${openKeyWarning}`,
    );
    expect(page({ kind: 'known', credentials })).not.toContain('WEB_PUBLISHABLE_KEY');
    expect(page({ kind: 'known', credentials }, { isChatKeyOpen: true, chat: undefined })).not.toContain(
      'WEB_PUBLISHABLE_KEY',
    );
  });

  test('of a server that others reach without a trusted proxy: it names TRUST_PROXY', () => {
    expect(page({ kind: 'known', credentials }, { needsTrustProxy: true })).toContain('set TRUST_PROXY');
    expect(page({ kind: 'known', credentials })).not.toContain('TRUST_PROXY');
  });

  test('that are lost: the page names the commands that make new ones', () => {
    const teamId = mintId('team');
    const text = page({ kind: 'elsewhere', teamId });
    expect(text).toContain(`key create --team ${teamId} --kind secret`);
    expect(text).toContain(`key create --team ${teamId} --kind publishable --access guest`);
  });
});
