import { expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { requestSession, startWithPage } from './support.ts';

/* Fifty sessions of the chat page from one address share the limits of one address. */

const SESSIONS = 50;
const publicUrl = 'https://chat.example';
const { url, team, rest, model, mongo, composition } = await startWithPage(
  { audience: 'everyone' },
  {
    publicUrls: [publicUrl],
    trustProxy: parseTrustProxy('loopback'),
    rateLimits: { user: 60, address: 200, newVisitors: 60 },
    bounds: { runningPerAddressMax: 3, waitingPerAddressMax: 4 },
    turnLimits: { team: 0, user: 4 },
  },
);

interface Visitor {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A browser without a cookie, at this address. */
async function newVisitor(address: string): Promise<Visitor> {
  const { status, body } = await requestSession(url, { origin: publicUrl, 'x-forwarded-for': address });
  expect(status).toBe(200);
  const headers = { 'x-user-token': String(body?.['userToken']), 'x-forwarded-for': address };
  return { key: String(body?.['publishableKey']), headers };
}

const visitorsAt = (address: string) =>
  Promise.all(Array.from({ length: SESSIONS }, () => newVisitor(address)));

async function send(visitor: Visitor, wait: boolean) {
  const { body: chat } = await rest<{ id: string }>('POST', '/chat', {
    ...visitor,
    body: { agentId: team.agent.id },
  });
  return rest('POST', `/chat/${chat?.id}/message`, {
    ...visitor,
    body: { content: 'hello', role: 'user', wait },
  });
}

test('the visitors of one address share its requests', async () => {
  const visitors = await visitorsAt('203.0.113.1');
  const statuses: number[] = [];
  for (let round = 0; round < 5; round++) {
    const answers = visitors.map((visitor) => rest('GET', '/agent', visitor));
    statuses.push(...(await Promise.all(answers)).map(({ status }) => status));
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(200);
  expect(statuses.filter((status) => status === 429)).toHaveLength(50);
  expect((await rest('GET', '/agent', await newVisitor('203.0.113.2'))).status).toBe(200);
});

test('the visitors of one address share its running and waiting messages', async () => {
  const visitors = await visitorsAt('203.0.113.3');
  const gate = model.hold();
  const answers = await Promise.all(visitors.map((visitor) => send(visitor, false)));
  const rejected = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
  expect(new Set(rejected.map(({ apiError }) => apiError.code))).toEqual(new Set(['too_many_turns']));
  expect((await send(await newVisitor('203.0.113.4'), false)).status).toBe(200);
  gate.release();
  await expect.poll(() => composition.turns.running + composition.turns.waiting).toBe(0);
});

test('the visitors of one address share the budget of one user', async () => {
  await team.rest('PATCH', '/team', { body: { tokensPerDayPerUser: 100_000 } });
  const [first, second] = await visitorsAt('203.0.113.5');
  if (!first || !second) throw new Error('no visitors');
  expect((await send(first, true)).status).toBe(200);
  const ofAddress = { _id: { $regex: `^${team.id}/address/` } as never };
  const used = { $inc: { spent: 100_000 } };
  expect((await mongo.raw.collection('budgets').updateMany(ofAddress, used)).matchedCount).toBe(1);
  expect((await send(second, true)).apiError.code).toBe('budget_exhausted');
  expect((await send(await newVisitor('203.0.113.6'), true)).status).toBe(200);
});
