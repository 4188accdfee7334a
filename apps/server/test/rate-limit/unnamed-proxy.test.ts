import { limits } from '@parley/contract';
import { longTest } from '@parley/embedded/testing/form';
import { describe, expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { type Harness, startHarness, type Team } from '../harness.ts';
import { openStream } from '../support/event-stream.ts';

/*
 * Forwarding headers from a peer that TRUST_PROXY does not name are either those of a proxy or forged. They never remove a
 * bound of the address.
 */

const options = {
  bounds: { runningPerAddressMax: 1, waitingPerAddressMax: 1 },
  turnLimits: { team: 0, user: 4 },
  streamLimits: { perAddress: 1 },
} as const;
/** Running and waiting messages of one address. */
const OF_ADDRESS = 2;
const FORGED = Array.from({ length: 40 }, (_, index) => `198.51.100.${index + 1}`);

/** Each message comes from a different guest, in a chat of its own. */
async function sendFrom({ rest }: Harness, team: Team, forwardedFor: string) {
  const key = await team.guestKey();
  const proxy = { 'x-forwarded-for': forwardedFor };
  const { body: guest } = await rest<{ token: string }>('POST', '/guest', { key, headers: proxy, body: {} });
  const headers = { ...proxy, 'x-user-token': guest.token };
  const body = { agentId: team.agent.id };
  const { body: chat } = await rest<{ id: string }>('POST', '/chat', { key, headers, body });
  const message = { content: 'hello', role: 'user', wait: false };
  return rest('POST', `/chat/${chat.id}/message`, { key, headers, body: message });
}

async function statusesOf(harness: Harness, forwarded: readonly string[]) {
  const team = await harness.makeTeam();
  const gate = harness.model.hold();
  const statuses: number[] = [];
  for (const one of forwarded) statuses.push((await sendFrom(harness, team, one)).status);
  gate.release();
  const { turns } = harness.composition;
  await expect.poll(() => turns.running + turns.waiting).toBe(0);
  return statuses;
}

async function openStreams({ url }: Harness, team: Team, forwarded: readonly string[]) {
  const { id } = await team.makeChat();
  let open = 0;
  for (const one of forwarded) {
    const headers = { 'x-api-key': team.publishableKey, 'x-forwarded-for': one };
    const stream = await openStream(url, 'GET', `/chat/${id}/events`, { headers });
    if (stream.status === 200) open++;
  }
  return open;
}

const accepted = (statuses: readonly number[]) => statuses.filter((status) => status === 200).length;

describe('while no proxy is trusted', async () => {
  const harness = await startHarness(options);

  test('an unnamed proxy has eight times the running and waiting messages of an address', async () => {
    const max = OF_ADDRESS * limits.unnamedProxyFactor;
    expect(accepted(await statusesOf(harness, FORGED))).toBeLessThanOrEqual(max);
  });

  test('one visitor behind an unnamed proxy has the limits of one address', async () => {
    expect(accepted(await statusesOf(harness, Array(4).fill('203.0.113.1')))).toBe(OF_ADDRESS);
  });

  test('an unnamed proxy has eight times the open streams of an address', async () => {
    const team = await harness.makeTeam();
    expect(await openStreams(harness, team, FORGED)).toBe(limits.unnamedProxyFactor);
  });

  longTest('all guests behind an unnamed proxy have eight times the budget of one guest', async () => {
    const team = await harness.makeTeam();
    await team.rest('PATCH', '/team', { body: { tokensPerDayPerUser: 100_000 } });
    const send = async (forwardedFor: string) => {
      const sent = await sendFrom(harness, team, forwardedFor);
      await expect.poll(() => harness.composition.turns.running).toBe(0);
      return sent;
    };
    for (const one of FORGED) expect((await send(one)).status).toBe(200);
    const ofShares = { _id: { $regex: `^${team.id}/address/` } as never };
    const used = { $inc: { spent: 100_000 } };
    const { matchedCount } = await harness.mongo.raw.collection('budgets').updateMany(ofShares, used);
    expect(matchedCount).toBe(limits.unnamedProxyFactor);
    expect((await send('192.0.2.99')).apiError.code).toBe('budget_exhausted');
  });
});

describe('while another proxy is trusted', async () => {
  const harness = await startHarness({ ...options, trustProxy: parseTrustProxy('192.0.2.1') });

  test('a client of the private network that forwards has the limits of one address', async () => {
    expect(accepted(await statusesOf(harness, FORGED.slice(0, 6)))).toBe(OF_ADDRESS);
    expect(await openStreams(harness, await harness.makeTeam(), FORGED.slice(0, 6))).toBe(1);
  });
});
