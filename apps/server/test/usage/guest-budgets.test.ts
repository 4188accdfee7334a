import { signUserToken } from '@parley/api';
import type { Chat, Team as TeamView } from '@parley/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import type { Team } from '../harness.ts';
import { requestSession, startWithPage } from '../web/support.ts';

/* Guests share the budgets of the networks that create them and that they send from: anyone can become another guest. */

const PUBLIC = { host: 'chat.example', origin: 'https://chat.example' };
const {
  team: pageTeam,
  pageKey,
  makeTeam,
  rest,
  mongo,
  url,
} = await startWithPage(
  { audience: 'everyone' },
  { trustProxy: parseTrustProxy('loopback'), publicUrls: [PUBLIC.origin] },
);

/** The budget of a user, and so of an address. */
const BUDGET = 3_000;
const limited = async (team: Team) => {
  await team.rest<TeamView>('PATCH', '/team', { body: { tokensPerDayPerUser: BUDGET } });
  return team;
};
const makeLimitedTeam = async () => limited(await makeTeam());

/** Sends a message in a new chat as a user with this token, from this address. */
async function sendAs(team: Team, token: string, address: string, key?: string) {
  const headers = { 'x-user-token': token, 'x-forwarded-for': address };
  const apiKey = key ?? (await team.guestKey());
  const body = { agentId: team.agent.id };
  const { body: chat } = await rest<Chat>('POST', '/chat', { key: apiKey, headers, body });
  return rest('POST', `/chat/${chat.id}/message`, {
    key: apiKey,
    headers,
    body: { content: 'hello', role: 'user' },
  });
}

/** The outcome of a message: `answered`, or the sentence of the error. */
async function outcomeOf(...send: Parameters<typeof sendAs>): Promise<string> {
  const { status, apiError } = await sendAs(...send);
  return status === 200 ? 'answered' : `${apiError.code}: ${apiError.message}`;
}

const addressBudgets = (team: Team) => ({ _id: { $regex: `^${team.id}/address/` } as never });
const countBudgets = (team: Team) => mongo.raw.collection('budgets').countDocuments(addressBudgets(team));

/** Uses up tokens of every address that guests of this team have used. */
async function spendOfAddresses(team: Team, tokens: number): Promise<void> {
  const { matchedCount } = await mongo.raw
    .collection('budgets')
    .updateMany(addressBudgets(team), { $inc: { spent: tokens } });
  expect(matchedCount).toBeGreaterThan(0);
}

const OF_THE_SENDER = /^budget_exhausted: .*all guests of your address: /;
const OF_THE_CREATOR = /^budget_exhausted: .*all guests of the address at which you became a guest: /;

describe('the network that sends', () => {
  test('guests who were created at many addresses and send from one share one budget', async () => {
    const team = await makeLimitedTeam();
    const guests = await Promise.all([21, 22, 23].map((last) => team.makeGuest(`203.0.113.${last}`)));
    const [first, second, third] = guests.map(({ token }) => token);
    expect(await outcomeOf(team, String(first), '203.0.113.7')).toBe('answered');
    await spendOfAddresses(team, BUDGET);
    expect(await outcomeOf(team, String(second), '203.0.113.7')).toMatch(OF_THE_SENDER);
    expect(await outcomeOf(team, String(third), '203.0.113.9')).toBe('answered');
  });

  test('verified users do not spend the budget of their address', async () => {
    const team = await makeLimitedTeam();
    const { token } = await team.makeGuest('203.0.113.8');
    expect(await outcomeOf(team, token, '203.0.113.8')).toBe('answered');
    await spendOfAddresses(team, BUDGET);
    expect(await outcomeOf(team, token, '203.0.113.8')).toMatch(OF_THE_SENDER);
    expect(await outcomeOf(team, await team.userToken('ann'), '203.0.113.8')).toBe('answered');
  });

  test('the guests of an IPv6 /48 share four times the budget of one address', async () => {
    const team = await makeLimitedTeam();
    const send = async (address: string) => outcomeOf(team, (await team.makeGuest(address)).token, address);
    expect(await send('2001:db8:7:1::1')).toBe('answered');
    await spendOfAddresses(team, BUDGET);
    expect(await send('2001:db8:7:1::2')).toMatch(OF_THE_SENDER);
    expect(await send('2001:db8:7:2::1')).toBe('answered');
    await spendOfAddresses(team, 3 * BUDGET);
    expect(await send('2001:db8:7:3::1')).toMatch(OF_THE_SENDER);
    expect(await send('2001:db8:8:1::1')).toBe('answered');
  });

  test('anonymous users spend no address’s budget when the team’s servers call for them', async () => {
    const team = await makeLimitedTeam();
    const life = { seconds: 600, isAnonymous: true };
    const { token } = await signUserToken(mongo.database.stores, team.id, 'visitor_1', life);
    expect(await outcomeOf(team, token, '203.0.113.10', team.secretKey)).toBe('answered');
    expect(await countBudgets(team)).toBe(0);
    expect(await outcomeOf(team, token, '203.0.113.10')).toBe('answered');
    expect(await countBudgets(team)).toBe(1);
  });
});

describe('the network that created the guest', () => {
  test('guests who were created at one address and send from many share one budget', async () => {
    const team = await makeLimitedTeam();
    const [first, second] = [await team.makeGuest('203.0.113.30'), await team.makeGuest('203.0.113.30')];
    expect(await outcomeOf(team, first.token, '203.0.113.31')).toBe('answered');
    await spendOfAddresses(team, BUDGET);
    expect(await outcomeOf(team, first.token, '203.0.113.32')).toMatch(OF_THE_CREATOR);
    expect(await outcomeOf(team, second.token, '203.0.113.33')).toMatch(OF_THE_CREATOR);
    const elsewhere = await team.makeGuest('203.0.113.34');
    expect(await outcomeOf(team, elsewhere.token, '203.0.113.35')).toBe('answered');
  });

  test('an address has one budget for the guests it creates and for those who send from it', async () => {
    const team = await makeLimitedTeam();
    const [creates, sends] = [await team.makeGuest('203.0.113.40'), await team.makeGuest('203.0.113.41')];
    expect(await outcomeOf(team, creates.token, '203.0.113.42')).toBe('answered');
    await spendOfAddresses(team, BUDGET);
    expect(await outcomeOf(team, sends.token, '203.0.113.40')).toMatch(OF_THE_SENDER);
  });

  test('a message from the address that created the guest counts once', async () => {
    const team = await makeLimitedTeam();
    const { token } = await team.makeGuest('203.0.113.50');
    expect(await outcomeOf(team, token, '203.0.113.50')).toBe('answered');
    expect(await countBudgets(team)).toBe(1);
    const [turn] = await mongo.raw.collection('turns').find({ team: team.id }).toArray();
    const [{ inputTokens, outputTokens }] = turn?.['usage'] ?? [{}];
    const spent = async () =>
      (await mongo.raw.collection('budgets').findOne(addressBudgets(team)))?.['spent'];
    await expect.poll(spent).toBe(inputTokens + outputTokens);
  });

  test('guests who were created in an IPv6 /48 share four times the budget of one address, wherever they send from', async () => {
    const team = await makeLimitedTeam();
    const send = async (network: number, from: string) =>
      outcomeOf(team, (await team.makeGuest(`2001:db8:9:${network}::1`)).token, from);
    expect(await send(1, '203.0.113.60')).toBe('answered');
    await spendOfAddresses(team, BUDGET);
    expect(await send(1, '203.0.113.61')).toMatch(OF_THE_CREATOR);
    expect(await send(2, '203.0.113.62')).toBe('answered');
    await spendOfAddresses(team, 3 * BUDGET);
    expect(await send(3, '203.0.113.63')).toMatch(OF_THE_CREATOR);
  });

  test('a guest of one /64 who sends from another /64 of the same /48 counts for that /48 once', async () => {
    const team = await makeLimitedTeam();
    const { token } = await team.makeGuest('2001:db8:a:1::1');
    expect(await outcomeOf(team, token, '2001:db8:a:2::1')).toBe('answered');
    expect(await countBudgets(team)).toBe(3);
  });

  test('a message takes tokens of all networks or of none', async () => {
    const team = await makeLimitedTeam();
    const { token } = await team.makeGuest('203.0.113.70');
    expect(await outcomeOf(team, token, '203.0.113.70')).toBe('answered');
    await spendOfAddresses(team, BUDGET);
    const spent = async () => {
      const budgets = await mongo.raw.collection('budgets').find(addressBudgets(team)).toArray();
      return budgets.map((budget) => budget['spent']).toSorted((one, other) => one - other);
    };
    expect(await outcomeOf(team, token, '203.0.113.71')).toMatch(OF_THE_CREATOR);
    const [sender, creator] = await spent();
    expect(sender).toBe(0);
    expect(creator).toBeGreaterThanOrEqual(BUDGET);
  });

  test('a guest of a version that stored no network counts for the address that it sends from', async () => {
    const team = await makeLimitedTeam();
    const { token, userId } = await team.makeGuest('203.0.113.80');
    await mongo.raw.collection('guests').updateOne({ _id: userId as never }, { $unset: { network: 1 } });
    expect(await outcomeOf(team, token, '203.0.113.81')).toBe('answered');
    expect(await countBudgets(team)).toBe(1);
  });

  test('a verified user who claimed a guest spends no address’s budget, and the network is forgotten', async () => {
    const team = await makeLimitedTeam();
    const guest = await team.makeGuest('203.0.113.90');
    const stored = () => mongo.raw.collection('guests').findOne({ _id: guest.userId as never });
    expect(await stored()).toHaveProperty('network');
    const token = await team.userToken('bea');
    const claimed = await rest('POST', '/guest/claim', {
      key: await team.guestKey(),
      headers: { 'x-user-token': token },
      body: { guestToken: guest.token },
    });
    expect(claimed.status).toBe(200);
    expect(await outcomeOf(team, token, '203.0.113.90')).toBe('answered');
    expect(await countBudgets(team)).toBe(0);
    expect(await stored()).not.toHaveProperty('network');
  });

  test('no address can be read from the stored guest and the stored budgets, nor that two guests share one', async () => {
    const team = await makeLimitedTeam();
    const guests = [await team.makeGuest('203.0.113.95'), await team.makeGuest('203.0.113.95')];
    expect(await outcomeOf(team, String(guests[0]?.token), '203.0.113.96')).toBe('answered');
    const stored = await mongo.raw.collection('guests').find({ team: team.id }).toArray();
    expect(new Set(stored.map((guest) => guest['network'])).size).toBe(2);
    const budgets = await mongo.raw.collection('budgets').find(addressBudgets(team)).toArray();
    const text = JSON.stringify([stored, budgets]);
    for (const part of ['203.0.113', Buffer.from('203.0.113.95').toString('base64url')])
      expect(text).not.toContain(part);
  });
});

describe('the visitors of the chat page', () => {
  /** The session of a browser with this cookie, at this address. */
  async function visit(address: string, cookie?: string) {
    const headers = { ...PUBLIC, 'x-forwarded-for': address, ...(cookie !== undefined && { cookie }) };
    const session = await requestSession(url, headers);
    expect(session.status).toBe(200);
    const { userToken = '', userId = '' } = session.body as { userToken?: string; userId?: string };
    return { token: userToken, userId, cookie: session.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '' };
  }

  beforeEach(async () => {
    await mongo.raw.collection('budgets').deleteMany(addressBudgets(pageTeam));
    await limited(pageTeam);
  });

  test('a visitor’s budget also counts against the address of their first visit, on every later visit', async () => {
    const first = await visit('203.0.113.100');
    const moved = await visit('203.0.113.101', first.cookie);
    expect(moved.userId).toBe(first.userId);
    const again = await visit('203.0.113.102', moved.cookie);
    expect(again.userId).toBe(first.userId);
    expect(await outcomeOf(pageTeam, again.token, '203.0.113.103', pageKey)).toBe('answered');
    expect(await countBudgets(pageTeam)).toBe(2);
    await spendOfAddresses(pageTeam, BUDGET);
    const other = await visit('203.0.113.100');
    expect(await outcomeOf(pageTeam, other.token, '203.0.113.104', pageKey)).toMatch(OF_THE_CREATOR);
  });

  test('a cookie without its network is another visitor', async () => {
    const { cookie, userId } = await visit('203.0.113.110');
    const [kind, day, secret, ...more] = cookie.split('.');
    const without = await visit('203.0.113.111', [kind, day, secret, more.at(-1)].join('.'));
    expect(without.userId).not.toBe(userId);
    const other = (await visit('203.0.113.112')).cookie.split('.').slice(3, -1);
    const exchanged = await visit('203.0.113.111', [kind, day, secret, ...other, more.at(-1)].join('.'));
    expect(exchanged.userId).not.toBe(userId);
  });

  test('a token with a network that this server did not encrypt counts for the address that sends it', async () => {
    for (const network of ['wifi', 'a..b.c.d', 'x'.repeat(500)]) {
      const life = { seconds: 600, isAnonymous: true, network };
      const { token } = await signUserToken(mongo.database.stores, pageTeam.id, 'visitor_2', life);
      expect(await outcomeOf(pageTeam, token, '203.0.113.120', pageKey)).toBe('answered');
      expect(await countBudgets(pageTeam)).toBe(1);
    }
  });
});
