import { scripts } from '@parley/agent/testing';
import { mintId } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { describe, expect, test, vi } from 'vitest';
import { startHarness } from './harness.ts';
import { headersFor, operations } from './support/operations.ts';
import { requestStream } from './support/streams.ts';
import { ask, transports } from './support/transports.ts';

/* A field that is added to a collection is in no response until the contract names it. */

const CANARY = 'canary-column';
const shownNowhere = /canary|__v|toolCalls|usage|lease|token|textBytes|sequence/i;
/** The request asks for a guest's token. */
const withToken = /canary|__v|toolCalls|usage|lease|textBytes|sequence/i;
/** Fields of budgets and sums of usage are the input of some operations. */
const named = (name: string) =>
  name === 'usage.list' ? /"(usage|inputTokens|outputTokens)":/g : /"(tokensPerDay|tokensPerDayPerUser)":/g;
const COLLECTIONS = [
  'teams',
  'keys',
  'agents',
  'chats',
  'chatChanges',
  'turns',
  'turnLog',
  'requestCounts',
  'usage',
  'budgets',
  'guests',
  'signingSecrets',
  'auditLog',
  'deletions',
  'feedback',
  'searchEntries',
  'files',
  'fileStorage',
  'fileContents.files',
  'fileContents.chunks',
  'servers',
  'migrations',
];
/** These collections may be empty here, and no procedure returns their documents. */
const MAY_BE_EMPTY = ['leases', 'encryption', 'userStatuses', 'serverKeys', 'visitorExchanges'];

const { url, makeTeam, model, mongo, startReplica } = await startHarness();
const team = await makeTeam({ systemPrompt: `${CANARY} prompt`, model: `${CANARY}-model` });
const chat = await team.makeChat({ userId: 'user_1', metadata: { plan: 'pro' } });
await mongo.database.stores.teams.update({ team: team.id }, { tokensPerDay: 1_000_000_000 });
const { body: answered } = await team.send(chat.id, 'hello');
await team.rest('PUT', `/chat/${chat.id}/message/${answered.id}/feedback`, { body: { rating: 'up' } });
await vi.waitFor(async () => expect(await mongo.raw.collection('usage').countDocuments()).toBe(1), 10_000);
// An answer runs during the whole test, so that it has a log.
model.replyTo('never finished', scripts.neverEnding('so far'));
const unfinished = await team.makeChat();
const running = { content: 'never finished', role: 'user', wait: false };
const { id: runningId } = (
  await team.rest<{ id: string }>('POST', `/chat/${unfinished.id}/message`, { body: running })
).body;
await vi.waitFor(async () => expect(await mongo.raw.collection('turnLog').countDocuments()).toBe(1));
await mongo.database.stores.requestCounts.add([{ subject: `key:${mintId('key')}`, minute: 1, count: 1 }]);
await team.makeFile();
await team.makeGuest();
await team.userToken();
await team.rest('DELETE', '/user/nobody');
await team.rest('POST', '/key', { body: { kind: 'publishable', access: 'open' } });
// A process that has not read these documents before and has none in its caches.
const replica = await startReplica();

test('every collection is considered here', async () => {
  const found = (await mongo.raw.collections()).map(({ collectionName }) => collectionName);
  expect(found.toSorted()).toEqual([...COLLECTIONS, ...MAY_BE_EMPTY].toSorted());
});

describe('fields that are added by hand to every stored document', () => {
  const columns = {
    note: CANARY,
    hash2: CANARY,
    internal: { note: CANARY, list: [CANARY] },
    __v: CANARY,
    ownerEmail: CANARY,
    errorDetail: CANARY,
  };

  async function plant(): Promise<void> {
    for (const name of COLLECTIONS) {
      const { matchedCount } = await mongo.raw.collection(name).updateMany({}, { $set: columns });
      expect(matchedCount).toBeGreaterThan(0);
    }
    const inside = {
      'messages.$[].secret': CANARY,
      'messages.$[].toolCalls': [CANARY],
      'usage.$[].secret': CANARY,
    };
    await mongo.raw.collection('turns').updateMany({}, { $set: inside });
    await mongo.raw.collection('agents').updateMany({}, { $set: { 'versions.$[].secret': CANARY } });
  }

  test.each(
    casesOfForm(
      Object.keys(operations).flatMap((name) => transports.map((transport) => ({ name, transport }))),
      7,
    ),
  )('$name over $transport returns none of the added fields', async ({ name, transport }) => {
    await plant();
    const valid = (await operations[name]?.validInput(team)) ?? {};
    // Operations that read a chat get the one with messages.
    const readsChat = ['chat.get', 'message.list', 'message.create'].includes(name);
    const input = readsChat ? { ...valid, chatId: chat.id } : valid;
    await plant();
    for (const baseUrl of [url, replica.url]) {
      const about = { url: baseUrl, headers: await headersFor(team, name) };
      const answer = await ask(transport, name, input, about);
      const shown = JSON.stringify(answer).replace(named(name), '"":');
      // Their responses mention tokens.
      const speaksOfTokens = ['guest.create', 'tokenIssuer.delete', 'audit.list'].includes(name);
      expect(shown).not.toMatch(speaksOfTokens ? withToken : shownNowhere);
      // Operations that work only once have succeeded by now.
      if (
        ![
          'chat.delete',
          'file.delete',
          'message.retry',
          'message.delete',
          'signingSecret.revoke',
          'tokenIssuer.delete',
          'agent.update',
          'agent.delete',
        ].includes(name)
      )
        expect(answer.apiError).toBeUndefined();
    }
  });

  const streamed = (['streamMessage', 'streamChat', 'followChat'] as const).flatMap((operationId) =>
    transports
      .filter((transport) => transport === 'rest' || operationId !== 'streamChat')
      .map((transport) => ({ operationId, transport })),
  );
  test.each(casesOfForm(streamed, 3))(
    '$operationId over $transport emits none of the added fields',
    async ({ operationId, transport }) => {
      await plant();
      const procedure = operationId === 'followChat' ? 'chat.follow' : 'message.follow';
      const names = operationId === 'streamMessage' ? { messageId: runningId } : {};
      for (const baseUrl of [url, replica.url]) {
        const about = { url: baseUrl, headers: { 'x-api-key': team.publishableKey } };
        const input = { chatId: unfinished.id, ...names };
        const stream = await requestStream(transport, { operationId, procedure }, input, about);
        const events = await stream.until(({ data }) => data.includes('so far'));
        expect(JSON.stringify(events)).not.toMatch(shownNowhere);
        stream.close();
      }
    },
  );

  test('errors have none of the added fields', async () => {
    await plant();
    const answers = [
      await team.rest('GET', '/chat/nope'),
      await team.rest('POST', '/chat', { body: { agentId: 'nope' } }),
      await team.rest('GET', '/chat?limit=x'),
      await team.send(chat.id, ''),
      await team.rest('GET', '/chat', { key: 'nope' }),
    ];
    for (const { text } of answers) expect(text).not.toContain('canary');
  });
});

test('no response mentions keys, prompts or models', async () => {
  const paths = ['/agent', '/chat', `/chat/${chat.id}`, `/chat/${chat.id}/message`];
  for (const path of paths) {
    const { text } = await team.rest('GET', path);
    expect(text).not.toMatch(/sk_live|pk_live|canary|systemPrompt|temperature/);
  }
});
