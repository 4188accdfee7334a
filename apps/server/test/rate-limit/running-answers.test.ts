import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseTrustProxy } from '../../src/gate/client-address.ts';
import { startHarness, type Team } from '../harness.ts';
import { rest as restOf } from '../support/client.ts';
import { openStream } from '../support/event-stream.ts';

/* The places for running answers of a process and of an address, the wait for them, and the reserved ones. */

const bounds = {
  runningTurnsMax: 10,
  waitingTurnsMax: 10,
  runningPerAddressMax: 2,
  waitingPerAddressMax: 3,
};
const { makeTeam, model, mongo, url, composition, trpc, startReplica } = await startHarness({
  bounds,
  turnLimits: { team: 0, user: 4 },
  trustProxy: parseTrustProxy('loopback'),
});

const PATIENCE = { timeout: 20_000 };

afterEach(async () => {
  vi.useRealTimers();
  await expect.poll(() => composition.turns.running + composition.turns.waiting, PATIENCE).toBe(0);
});

interface Sender {
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
}

let addresses = 0;
const newAddress = () => `198.51.100.${++addresses}`;

async function guestAt(team: Team, address = newAddress()): Promise<Sender> {
  const { token } = await team.makeGuest();
  return { key: await team.guestKey(), headers: { 'x-user-token': token, 'x-forwarded-for': address } };
}

async function verifiedAt(team: Team, address: string, user: string): Promise<Sender> {
  const headers = { 'x-user-token': await team.userToken(user), 'x-forwarded-for': address };
  return { key: await team.verifiedKey(), headers };
}

/** Creates a chat and returns the path of its messages. */
async function messagesOf(team: Team, sender: Sender, baseUrl = url): Promise<string> {
  const body = { agentId: team.agent.id };
  const { body: chat } = await restOf<{ id: string }>(baseUrl, 'POST', '/chat', { ...sender, body });
  return `/chat/${chat.id}/message`;
}

/** Sends a message in a new chat without waiting for its answer. */
async function send(team: Team, sender: Sender, baseUrl = url) {
  const path = await messagesOf(team, sender, baseUrl);
  return restOf(baseUrl, 'POST', path, { ...sender, body: { content: 'held', role: 'user', wait: false } });
}

async function sendMany(team: Team, senders: readonly Sender[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const sender of senders) statuses.push((await send(team, sender)).status);
  return statuses;
}

const guestsAt = (team: Team, count: number, address?: string) =>
  Promise.all(Array.from({ length: count }, () => guestAt(team, address ?? newAddress())));

async function statusesOf(team: Team): Promise<Record<string, number>> {
  const turns = await mongo.raw.collection('turns').find({ team: team.id }).toArray();
  const counts: Record<string, number> = {};
  for (const { status } of turns) counts[String(status)] = (counts[String(status)] ?? 0) + 1;
  return counts;
}

const ok = (count: number) => Array.from({ length: count }, () => 200);

describe('an address of guests', () => {
  test('an address has its limits of running and waiting messages, then gets 429, and all accepted ones are answered', async () => {
    const team = await makeTeam();
    const gate = model.hold();
    const guests = await guestsAt(team, 6, '203.0.113.1');
    expect(await sendMany(team, guests.slice(0, 5))).toEqual(ok(5));
    expect(await statusesOf(team)).toEqual({ generating: 2, queued: 3 });
    const rejected = await send(team, guests[5] ?? { key: '' });
    expect([rejected.status, rejected.apiError.code]).toEqual([429, 'too_many_turns']);
    expect(Number(rejected.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await statusesOf(team)).toEqual({ generating: 2, queued: 3 });
    gate.release();
    await expect.poll(() => statusesOf(team), PATIENCE).toEqual({ completed: 5 });
  });

  test('an address at its limit does not delay another address, the team or a verified user at the same address', async () => {
    const team = await makeTeam();
    const gate = model.hold();
    const hostile = await guestsAt(team, 5, '203.0.113.2');
    expect(await sendMany(team, hostile)).toEqual(ok(5));
    const others = [
      await guestAt(team),
      { key: team.secretKey },
      await verifiedAt(team, '203.0.113.2', 'ann'),
    ];
    expect(await sendMany(team, others)).toEqual(ok(3));
    expect(await statusesOf(team)).toEqual({ generating: 5, queued: 3 });
    gate.release();
    await expect.poll(() => statusesOf(team), PATIENCE).toEqual({ completed: 8 });
  });

  test('an address has one limit over all teams', async () => {
    const [one, two] = [await makeTeam(), await makeTeam()];
    const gate = model.hold();
    expect(await sendMany(one, await guestsAt(one, 2, '203.0.113.3'))).toEqual(ok(2));
    expect(await sendMany(two, await guestsAt(two, 1, '203.0.113.3'))).toEqual(ok(1));
    expect(await statusesOf(two)).toEqual({ queued: 1 });
    gate.release();
    await expect.poll(() => statusesOf(two), PATIENCE).toEqual({ completed: 1 });
  });

  test('an address is stored as a hash while a message is unfinished', async () => {
    const team = await makeTeam();
    const gate = model.hold();
    await send(team, await guestAt(team, '203.0.113.4'));
    const find = () => mongo.raw.collection('turns').findOne({ team: team.id });
    const running = await find();
    expect(running?.['origin'].networks).toHaveLength(1);
    expect(JSON.stringify(running)).not.toContain('203.0.113');
    gate.release();
    await expect.poll(async () => (await find())?.['status'], PATIENCE).toBe('completed');
    expect((await find())?.['origin']).toEqual({ isPrivileged: false });
  });
});

describe('a server without free places', () => {
  test('a full server lets visitors wait, keeps a fifth for secret keys and verified users, then returns 503', async () => {
    const team = await makeTeam();
    const gate = model.hold();
    expect(await sendMany(team, await guestsAt(team, 16))).toEqual(ok(16));
    expect(await statusesOf(team)).toEqual({ generating: 8, queued: 8 });
    const visitor = await send(team, await guestAt(team));
    expect([visitor.status, visitor.apiError.code]).toEqual([503, 'overloaded']);
    expect(Number(visitor.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);

    const privileged = [
      { key: team.secretKey },
      await verifiedAt(team, newAddress(), 'ben'),
      { key: team.secretKey },
      await verifiedAt(team, newAddress(), 'cat'),
    ];
    expect(await sendMany(team, privileged)).toEqual(ok(4));
    expect(await statusesOf(team)).toEqual({ generating: 10, queued: 10 });
    const server = await send(team, { key: team.secretKey });
    expect([server.status, server.apiError.code]).toEqual([503, 'overloaded']);
    const path = await messagesOf(team, { key: team.secretKey });
    const chatId = path.split('/')[2] ?? '';
    await expect(
      trpc(team.secretKey).message.create.mutate({ chatId, content: 'held', role: 'user', wait: false }),
    ).rejects.toMatchObject({ data: { httpStatus: 503, apiError: { code: 'overloaded' } } });
    gate.release();
    await expect.poll(() => statusesOf(team), PATIENCE).toEqual({ completed: 20 });
  });

  test('a waiting message is answered to a waiting request and to a stream, and its key repeats it', async () => {
    const team = await makeTeam();
    const gate = model.hold();
    expect(await sendMany(team, await guestsAt(team, 8))).toEqual(ok(8));
    const [waiting, streaming, repeating] = await guestsAt(team, 3);
    if (!waiting || !streaming || !repeating) throw new Error('no guests');

    const answer = restOf<{ content: string }>(url, 'POST', await messagesOf(team, waiting), {
      ...waiting,
      body: { content: 'waits', role: 'user' },
    });
    const stream = await openStream(url, 'POST', await messagesOf(team, streaming), {
      ...streaming,
      headers: { ...streaming.headers, accept: 'text/event-stream' },
      body: { content: 'streams', role: 'user' },
    });
    expect(stream.status).toBe(200);

    const path = await messagesOf(team, repeating);
    const headers = { ...repeating.headers, 'idempotency-key': 'once' };
    const body = { content: 'repeats', role: 'user', wait: false };
    const repeat = () => restOf<{ id: string }>(url, 'POST', path, { ...repeating, headers, body });
    const first = await repeat();
    expect(first.status).toBe(200);
    // From here no further message of a visitor may wait.
    await expect.poll(() => composition.turns.waiting, PATIENCE).toBe(3);
    expect(await sendMany(team, await guestsAt(team, 5))).toEqual(ok(5));
    expect((await send(team, await guestAt(team))).status).toBe(503);
    const second = await repeat();
    expect([second.status, second.body.id]).toEqual([200, first.body.id]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');

    gate.release();
    expect((await answer).status).toBe(200);
    const events = await stream.rest();
    expect(events.map(({ data }) => data).join('\n')).toContain('text-delta');
    await expect.poll(() => statusesOf(team), PATIENCE).toEqual({ completed: 16 });
  });
});

test('a server runs `RUNNING_ANSWERS_MAX` answers, lets as many messages wait, then returns 503', async () => {
  // `RUNNING_ANSWERS_MAX` sets this bound alone.
  const small = await startHarness({ bounds: { runningTurnsMax: 2 } });
  const team = await small.makeTeam();
  const gate = small.model.hold();
  const sent = [];
  for (let count = 0; count < 5; count++) {
    sent.push(await send(team, { key: team.secretKey }, small.url));
  }
  expect(sent.map(({ status }) => status)).toEqual([...ok(4), 503]);
  expect(sent.at(-1)?.apiError.code).toBe('overloaded');
  const { turns } = small.composition;
  expect([turns.running, turns.waiting]).toEqual([2, 2]);
  gate.release();
  await expect.poll(() => turns.running + turns.waiting, PATIENCE).toBe(0);
});

test('visitors of a team with a limit leave a fifth of it to the team’s servers', async () => {
  const team = await makeTeam();
  await team.rest('PATCH', '/team', { body: { concurrentTurns: 5 } });
  const gate = model.hold();
  const statuses = await sendMany(team, await guestsAt(team, 5));
  expect(statuses).toEqual([200, 200, 200, 200, 429]);
  expect((await send(team, { key: team.secretKey })).status).toBe(200);
  expect((await send(team, { key: team.secretKey })).status).toBe(429);
  gate.release();
});

test('the fifth unfinished message of a user gets 429, also when many are sent in parallel', async () => {
  const team = await makeTeam();
  const gate = model.hold();
  const ann = await verifiedAt(team, newAddress(), 'ann');
  const sent = await Promise.all(Array.from({ length: 12 }, () => send(team, ann)));
  expect(sent.filter(({ status }) => status === 200)).toHaveLength(4);
  expect(new Set(sent.filter(({ status }) => status !== 200).map(({ apiError }) => apiError.code))).toEqual(
    new Set(['too_many_turns']),
  );
  gate.release();
});

describe('a server on which no turn has ended', () => {
  /** The assumed duration of a turn. */
  const FIRST_DURATION_SECONDS = 8;

  test('`Retry-After` of a team with one running answer is the duration of a turn, and of an address with two half of it', async () => {
    // The age of the running turns must not exceed the assumed duration on a busy machine.
    vi.useFakeTimers({ toFake: ['performance'] });
    const replica = await startReplica({ bounds });
    const gate = model.hold();
    const waitOf = ({ status, apiError, headers }: Awaited<ReturnType<typeof send>>) => [
      ...[status, apiError.code, Number(headers.get('retry-after'))],
    ];

    const team = await makeTeam();
    await team.rest('PATCH', '/team', { body: { concurrentTurns: 1 } });
    const server = { key: team.secretKey };
    expect((await send(team, server, replica.url)).status).toBe(200);
    const one = waitOf(await send(team, server, replica.url));
    expect(one).toEqual([429, 'too_many_turns', FIRST_DURATION_SECONDS]);

    const other = await makeTeam();
    const guests = await guestsAt(other, 6, '203.0.113.5');
    for (const guest of guests.slice(0, 5)) expect((await send(other, guest, replica.url)).status).toBe(200);
    const two = waitOf(await send(other, guests[5] ?? { key: '' }, replica.url));
    expect(two).toEqual([429, 'too_many_turns', FIRST_DURATION_SECONDS / 2]);
    gate.release();
    await expect.poll(() => replica.composition.turns.running, PATIENCE).toBe(0);
    await expect.poll(() => replica.composition.turns.waiting, PATIENCE).toBe(0);
  });
});
