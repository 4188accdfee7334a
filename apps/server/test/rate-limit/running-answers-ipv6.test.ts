import { expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { startHarness } from '../harness.ts';
import { rest as restOf } from '../support/client.ts';

const { makeTeam, model, mongo, url } = await startHarness({
  bounds: { runningTurnsMax: 40, waitingTurnsMax: 40, runningPerAddressMax: 1, waitingPerAddressMax: 5 },
  trustProxy: parseTrustProxy('loopback'),
});

test('the addresses of an IPv6 /48 share four times the limit of a /64', async () => {
  const team = await makeTeam();
  const key = await team.guestKey();
  const send = async (address: string) => {
    const { token } = await team.makeGuest();
    const headers = { 'x-user-token': token, 'x-forwarded-for': address };
    const chat = await restOf<{ id: string }>(url, 'POST', '/chat', {
      key,
      headers,
      body: { agentId: team.agent.id },
    });
    const body = { content: 'held', role: 'user', wait: false };
    return (await restOf(url, 'POST', `/chat/${chat.body.id}/message`, { key, headers, body })).status;
  };
  const count = (status: string) => mongo.raw.collection('turns').countDocuments({ team: team.id, status });
  const gate = model.hold();
  for (let index = 0; index < 6; index++) expect(await send(`2001:db8:7:${index}::1`)).toBe(200);
  expect([await count('generating'), await count('queued')]).toEqual([4, 2]);
  // Another address in the same /64 as the first.
  expect(await send('2001:db8:7:0:1:2:3:4')).toBe(200);
  expect(await send('2001:db8:8::1')).toBe(200);
  expect([await count('generating'), await count('queued')]).toEqual([5, 3]);
  gate.release();
  await expect.poll(() => count('completed'), { timeout: 20_000 }).toBe(8);
});
