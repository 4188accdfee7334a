import { expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { startHarness } from '../harness.ts';
import { rest as restOf } from '../support/client.ts';

/* The test has its own file, because a second server also takes turns that wait on the first. */

const bounds = { runningTurnsMax: 10, waitingTurnsMax: 10, runningPerAddressMax: 2, waitingPerAddressMax: 3 };
const { makeTeam, model, mongo, startReplica, url } = await startHarness({
  bounds,
  trustProxy: parseTrustProxy('loopback'),
});

test('an address has at most an eighth more running answers on two servers, and all are answered', async () => {
  const team = await makeTeam();
  const replica = await startReplica({ bounds });
  const key = await team.guestKey();
  const count = (status: string) => mongo.raw.collection('turns').countDocuments({ team: team.id, status });
  const gate = model.hold();
  for (let index = 0; index < 5; index++) {
    const baseUrl = index % 2 ? url : replica.url;
    const { token } = await team.makeGuest();
    const headers = { 'x-user-token': token, 'x-forwarded-for': '203.0.113.5' };
    const body = { agentId: team.agent.id };
    const chat = await restOf<{ id: string }>(baseUrl, 'POST', '/chat', { key, headers, body });
    const sent = await restOf(baseUrl, 'POST', `/chat/${chat.body.id}/message`, {
      key,
      headers,
      body: { content: 'held', role: 'user', wait: false },
    });
    expect(sent.status).toBe(200);
  }
  const generating = await count('generating');
  expect(generating).toBeGreaterThanOrEqual(2);
  expect(generating).toBeLessThanOrEqual(3);
  expect(generating + (await count('queued'))).toBe(5);
  gate.release();
  await expect.poll(() => count('completed'), { timeout: 20_000 }).toBe(5);
});
