import { expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { rest as restOf } from '../support/client.ts';

/* Unfinished answers at a time, over all servers. */

const { makeTeam, model, mongo, startReplica, url } = await startHarness({
  turnLimits: { team: 8, user: 2 },
});
const replica = await startReplica();

/** Begins an answer in a chat of its own, and does not wait for it. */
async function begin(team: Team, baseUrl = url, headers: Record<string, string> = {}) {
  const userId = headers['x-user-token'] === undefined ? {} : { userId: 'ann' };
  const { id } = await team.makeChat(userId);
  return restOf(baseUrl, 'POST', `/chat/${id}/message`, {
    key: team.secretKey,
    headers,
    body: { content: 'held', role: 'user', wait: false },
  });
}

const unfinishedOf = (team: Team) =>
  mongo.raw.collection('turns').countDocuments({ team: team.id, status: { $in: ['queued', 'generating'] } });

test('a team has exactly its number of unfinished answers on one server', async () => {
  const team = await makeTeam();
  const gate = model.hold();
  for (let index = 0; index < 8; index++) expect((await begin(team)).status).toBe(200);
  const rejected = await begin(team);
  expect([rejected.status, rejected.apiError.code]).toEqual([429, 'too_many_turns']);
  expect(rejected.apiError.message).toContain('Your team has 8');
  expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await unfinishedOf(team)).toBe(8);
  gate.release();
  await expect.poll(() => unfinishedOf(team), { timeout: 10_000 }).toBe(0);
  await expect.poll(async () => (await begin(team)).status, { timeout: 10_000 }).toBe(200);
});

test('a team has at most an eighth more unfinished answers on two servers', async () => {
  const team = await makeTeam();
  const gate = model.hold();
  let letIn = 0;
  for (let index = 0; index < 20; index++) {
    if ((await begin(team, index % 2 ? url : replica.url)).status === 200) letIn++;
  }
  expect(letIn).toBeGreaterThanOrEqual(8);
  expect(letIn).toBeLessThanOrEqual(9);
  gate.release();
});

test('a team can set its own limit', async () => {
  const team = await makeTeam();
  await team.rest('PATCH', '/team', { body: { concurrentTurns: 2 } });
  const gate = model.hold();
  const statuses = [];
  for (let index = 0; index < 4; index++) statuses.push((await begin(team)).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  gate.release();
});

test('a user has a lower limit and does not use up that of other users', async () => {
  const team = await makeTeam();
  const ann = { 'x-user-token': await team.userToken('ann') };
  const gate = model.hold();
  const statuses = [];
  for (let index = 0; index < 4; index++) statuses.push((await begin(team, url, ann)).status);
  expect(statuses).toEqual([200, 200, 429, 429]);
  expect((await begin(team)).status).toBe(200);
  gate.release();
});

test('a repeated request does not count as a further answer', async () => {
  const team = await makeTeam();
  await team.rest('PATCH', '/team', { body: { concurrentTurns: 1 } });
  const { id } = await team.makeChat();
  const gate = model.hold();
  const send = () =>
    team.rest('POST', `/chat/${id}/message`, {
      headers: { 'idempotency-key': 'one' },
      body: { content: 'held', role: 'user', wait: false },
    });
  expect((await send()).status).toBe(200);
  expect((await send()).status).toBe(200);
  expect((await begin(team)).status).toBe(429);
  gate.release();
});

test('one idempotency key in several chats is several requests, and each answer counts', async () => {
  const team = await makeTeam();
  const ann = { 'x-user-token': await team.userToken('ann'), 'idempotency-key': 'same' };
  const gate = model.hold();
  const ofUser = [];
  for (let index = 0; index < 4; index++) ofUser.push((await begin(team, url, ann)).status);
  expect(ofUser).toEqual([200, 200, 429, 429]);
  await team.rest('PATCH', '/team', { body: { concurrentTurns: 3 } });
  const ofTeam = [];
  for (let index = 0; index < 3; index++) {
    ofTeam.push((await begin(team, url, { 'idempotency-key': 'other' })).status);
  }
  expect(ofTeam).toEqual([200, 429, 429]);
  gate.release();
});
