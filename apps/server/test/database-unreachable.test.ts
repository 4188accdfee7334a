import { scripts } from '@parley/agent/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';
import { startDatabaseProxy } from './support/database-proxy.ts';
import { headersFor, operations } from './support/operations.ts';
import { storedTurns } from './support/stored-turns.ts';
import { ask, transports } from './support/transports.ts';

/** The longest time that a caller waits for an unreachable database. */
const PATIENCE_MS = 15_000;

const proxy = await startDatabaseProxy();
const { makeTeam, model, mongo, rest, url, log } = await startHarness({
  addressOf: proxy.addressOf,
  bounds: { leaseMs: 2_000 },
});
const team = await makeTeam();

afterEach(async () => {
  proxy.restore();
  await expect.poll(async () => (await rest('GET', '/readyz')).status, { timeout: 20_000 }).toBe(200);
});

describe.each([
  ['refuses connections', () => proxy.cut()],
  ['is silent', () => proxy.silence()],
])('a database that %s', (_, lose) => {
  test('every operation over both transports returns 503 database_unavailable in seconds, and recovers', async () => {
    const inputs = new Map<string, Record<string, unknown>>();
    for (const [name, { validInput }] of Object.entries(operations)) inputs.set(name, await validInput(team));
    const headers = new Map<string, Record<string, string>>();
    for (const name of inputs.keys()) headers.set(name, await headersFor(team, name));
    // Keys and tokens are cached, so that the operation fails and not the lookup of the credentials.
    for (const known of headers.values()) await rest('GET', '/chat', { headers: known });
    lose();
    const started = performance.now();
    const everywhere = transports.flatMap((transport) =>
      [...inputs].map(([name, input]) => ({ transport, name, input })),
    );
    const [ready, alive, ...answers] = await Promise.all([
      rest('GET', '/readyz'),
      rest('GET', '/healthz'),
      ...everywhere.map(async ({ transport, name, input }) => {
        const answer = await ask(transport, name, input, { url, headers: headers.get(name) ?? {} });
        return { transport, name, answer };
      }),
    ]);
    expect(performance.now() - started).toBeLessThan(PATIENCE_MS);
    for (const { name, answer } of answers) {
      expect(answer, name).toMatchObject({ status: 503, apiError: { code: 'database_unavailable' } });
    }
    expect(ready).toMatchObject({ status: 503, apiError: { code: 'database_unavailable' } });
    expect(alive.status).toBe(200);

    proxy.restore();
    await expect.poll(async () => (await rest('GET', '/readyz')).status, { timeout: 20_000 }).toBe(200);
    for (const transport of transports) {
      for (const name of inputs.keys()) {
        const input = (await operations[name]?.validInput(team)) ?? {};
        const answer = await ask(transport, name, input, { url, headers: await headersFor(team, name) });
        expect(answer.apiError).toBeUndefined();
      }
    }
  });
});

test('a key that cannot be looked up returns 503, never 401', async () => {
  const otherTeam = await makeTeam();
  proxy.cut();
  const answer = await otherTeam.rest('GET', '/chat');
  expect(answer).toMatchObject({ status: 503, apiError: { code: 'database_unavailable' } });
  proxy.restore();
  await expect.poll(async () => (await otherTeam.rest('GET', '/chat')).status, { timeout: 20_000 }).toBe(200);
});

test('a short absence of the database during an answer does not affect it', async () => {
  const chat = await team.makeChat();
  const gate = model.hold();
  const sending = team.send(chat.id, 'a blink');
  await model.callTo('a blink');
  proxy.cut();
  gate.release();
  proxy.restore();
  expect((await sending).body).toMatchObject({ content: 'You said: a blink' });
});

test('a turn ends once after the database, which was lost during its answer, is back', async () => {
  const chat = await team.makeChat();
  model.replyTo('a long night', scripts.text('good morning'));
  const gate = model.hold();
  const sending = team.send(chat.id, 'a long night');
  await model.callTo('a long night');
  proxy.cut();
  gate.release();
  await log.next(({ msg }) => msg === 'lease renewal failed');
  proxy.restore();
  const { status, apiError } = await sending;
  if (status !== 200)
    expect(apiError).toMatchObject({ code: 'database_unavailable', messageId: expect.any(String) });
  const turns = () => storedTurns(mongo.raw, chat.id);
  await expect
    .poll(async () => (await turns()).map((turn) => turn.status), { timeout: 30_000 })
    .toEqual(['completed']);
  const [turn] = await turns();
  expect(turn?.messages.map(({ content }) => content)).toEqual(['a long night', 'good morning']);
});

test("no error repeats the driver's message", () => {
  expect(log.all(({ code }) => code === 'internal_error')).toEqual([]);
});
