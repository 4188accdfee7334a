import { describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import { ask, doors } from './support/doors.ts';
import { operations } from './support/operations.ts';

/*
 * A column that someone adds to a collection, today or in a year, is in no answer until the contract names it.
 */

const CANARY = 'canary-column';
const COLLECTIONS = ['teams', 'keys', 'agents', 'chats', 'turns'];

const { url, makeTeam, mongo, startReplica } = await startHarness();
const team = await makeTeam({ systemPrompt: `${CANARY} prompt`, model: `${CANARY}-model` });
const chat = await team.makeChat({ userId: 'user_1', metadata: { plan: 'pro' } });
await team.send(chat.id, 'hello');
// A process that has not seen these documents before, and remembers none of them.
const replica = await startReplica();

test('the collections are all there are: a new one has to be thought of here', async () => {
  const found = (await mongo.raw.collections()).map(({ collectionName }) => collectionName);
  expect(found.toSorted()).toEqual(COLLECTIONS.toSorted());
});

describe('columns added by hand to every document, and to what is inside', () => {
  const columns = {
    secret: CANARY,
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

  test.each(Object.keys(operations).flatMap((name) => doors.map((door) => ({ name, door }))))(
    '$name at $door shows none of them',
    async ({ name, door }) => {
      await plant();
      const valid = (await operations[name]?.validInput(team)) ?? {};
      // What reads a chat reads the one with messages.
      const input = 'chatId' in valid && name !== 'chat.delete' ? { ...valid, chatId: chat.id } : valid;
      await plant();
      for (const baseUrl of [url, replica.url]) {
        const about = { url: baseUrl, headers: { 'x-api-key': team.publishableKey } };
        const answer = await ask(door, name, input, about);
        expect(JSON.stringify(answer)).not.toMatch(
          /canary|__v|toolCalls|usage|lease|token|textBytes|sequence/i,
        );
        if (name !== 'chat.delete') expect(answer.refusal).toBeUndefined();
      }
    },
  );

  test('refusals show none of them either', async () => {
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

test('nothing in an answer tells of keys, prompts or models', async () => {
  const paths = ['/agent', '/chat', `/chat/${chat.id}`, `/chat/${chat.id}/message`];
  for (const path of paths) {
    const { text } = await team.rest('GET', path);
    expect(text).not.toMatch(/sk_live|pk_live|canary|systemPrompt|temperature/);
  }
});
