import { type Eraser, finishDeletions } from '@parley/api';
import type { Chat } from '@parley/contract';
import { expect, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { everythingButMarkersIn, everythingIn } from '../support/everything.ts';

/* After the deletion of a team no document of any collection, also of later ones, has its id or data. */

const { makeTeam, mongo, composition } = await startHarness();
const eraser: Eraser = {
  deletions: mongo.database.stores.deletions,
  dropChat: composition.turns.dropChat,
};
const CANARY = 'canary-team';

test('a deleted team’s keys stop within seconds, all its data is removed, and other teams keep theirs', async () => {
  const team = await makeTeam({ name: CANARY, systemPrompt: CANARY });
  const other = await makeTeam({ name: 'Other' });
  const kept = await other.answered();
  const { id: chatId } = await team.makeChat({ userId: CANARY, metadata: { CANARY } });
  await team.send(chatId, CANARY);
  const guest = await team.makeGuest();
  const headers = { 'x-user-token': guest.token, 'idempotency-key': CANARY };
  const body = { agentId: team.agent.id };
  const own = await team.rest<Chat>('POST', '/chat', { key: await team.guestKey(), headers, body });
  await team.userToken(CANARY);
  await team.rest('POST', '/key', { body: { kind: 'publishable', access: 'open', name: CANARY } });
  await team.rest('DELETE', '/user/nobody');
  await mongo.database.stores.deletions.begin({ team: team.id }, `${CANARY} pending`);

  await mongo.database.stores.deletions.beginTeam(team.id);
  await Promise.all([finishDeletions(eraser), finishDeletions(eraser)]);
  await vi.waitFor(
    async () => {
      expect((await team.rest('GET', '/agent')).apiError.code).toBe('unauthorized');
    },
    { timeout: 10_000, interval: 100 },
  );

  // The last pass finds data that a process wrote because it still had the key in memory.
  await mongo.database.stores.chats.create({ team: team.id }, { agent: team.agent.id, agentType: 't' });
  await finishDeletions(eraser, undefined, new Date(Date.now() + 60_000));
  const left = await everythingIn(mongo.raw);
  for (const trace of [team.id, CANARY, guest.userId, team.agent.id]) expect(left).not.toContain(trace);
  const leftOfChats = await everythingButMarkersIn(mongo.raw);
  for (const trace of [chatId, own.body.id]) expect(leftOfChats).not.toContain(trace);
  expect((await other.rest('GET', `/chat/${kept.chatId}`)).status).toBe(200);
  expect(await mongo.database.stores.deletions.listPending(10)).toEqual([]);
});
