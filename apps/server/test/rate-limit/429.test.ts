import { mintId } from '@parley/contract';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { startHarness } from '../harness.ts';
import { ask, transports } from '../support/transports.ts';

const { makeTeam, url, rest, model, startReplica } = await startHarness({
  rateLimits: { publishable: 5, secret: 0 },
});

// The clock stays in the middle of one minute, so that no test crosses into the next. It is a past one, because all later ids
// of a process follow those of the future.
vi.useFakeTimers({ toFake: ['Date'], now: Math.floor(Date.now() / 60_000) * 60_000 - 570_000 });
afterAll(() => void vi.useRealTimers());

const headersOf = (response: { headers: Headers }) =>
  ['limit', 'remaining', 'reset'].map((name) => response.headers.get(`x-ratelimit-${name}`));

/** Sends requests until the limit is reached. */
async function useUp(key: string): Promise<void> {
  for (;;) {
    const { status } = await rest('GET', '/agent', { key });
    if (status === 429) return;
  }
}

describe('a key with a limit', () => {
  test('a key with a limit gets what is left with every response, and 429 when nothing is', async () => {
    const { publishableKey: key } = await makeTeam();
    const first = await rest('GET', '/agent', { key });
    const [limit, remaining, reset] = headersOf(first).map(Number);
    expect([limit, remaining]).toEqual([5, 4]);
    expect(Number(reset) * 1_000 - Date.now()).toBe(30_000);
    const missing = await rest('GET', `/chat/${mintId('chat')}`, { key });
    expect([missing.status, ...headersOf(missing).slice(0, 2)]).toEqual([404, '5', '3']);
    await useUp(key);
    const rejected = await rest('GET', '/agent', { key });
    expect([rejected.status, rejected.apiError.code]).toEqual([429, 'rate_limited']);
    expect(rejected.headers.get('retry-after')).toBe('30');
    expect(headersOf(rejected).slice(0, 2)).toEqual(['5', '0']);
  });

  test.each(transports)('a key beyond its limit gets 429 over %s with the same code', async (transport) => {
    const { publishableKey: key } = await makeTeam();
    await useUp(key);
    const answer = await ask(transport, 'agent.list', {}, { url, headers: { 'x-api-key': key } });
    expect([answer.status, answer.apiError?.code]).toEqual([429, 'rate_limited']);
  });

  test('a stream of a key beyond its limit returns 429', async () => {
    const team = await makeTeam();
    const { id } = await team.makeChat();
    await useUp(team.publishableKey);
    const answer = await rest('GET', `/chat/${id}/events`, { key: team.publishableKey });
    expect([answer.status, answer.apiError.code]).toEqual([429, 'rate_limited']);
  });

  test('a tRPC subscription of a key beyond its limit returns 429', async () => {
    const team = await makeTeam();
    const { id } = await team.makeChat();
    await useUp(team.publishableKey);
    const input = encodeURIComponent(JSON.stringify({ chatId: id }));
    const headers = { 'x-api-key': team.publishableKey, accept: 'text/event-stream' };
    const response = await fetch(`${url}/trpc/chat.follow?input=${input}`, { headers });
    expect(await response.text()).toMatch(/event: serialized-error\ndata: .*"rate_limited"/);
  });

  test('a repeated request beyond the limit gets 429 as JSON and as a stream, and can be repeated later', async () => {
    const team = await makeTeam();
    const { id } = await team.makeChat();
    const send = (headers: Record<string, string> = {}) =>
      rest('POST', `/chat/${id}/message`, {
        key: team.publishableKey,
        headers: { 'idempotency-key': 'one', ...headers },
        body: { content: 'once', role: 'user' },
      });
    const first = await send();
    await useUp(team.publishableKey);
    const calls = model.calls().length;
    for (const headers of [{}, { accept: 'text/event-stream' }]) {
      const again = await send(headers);
      expect([again.status, again.apiError.code]).toEqual([429, 'rate_limited']);
      expect(again.headers.get('idempotent-replayed')).toBeNull();
    }
    vi.setSystemTime(Date.now() + 60_000);
    const later = await send();
    expect([later.body, later.headers.get('idempotent-replayed')]).toEqual([first.body, 'true']);
    expect(model.calls().length).toBe(calls);
  });

  test('the headers of the IETF draft say the same, and a page can read them', async () => {
    const { publishableKey: key } = await makeTeam();
    const { headers } = await rest('GET', '/agent', { key });
    expect(headers.get('ratelimit')).toBe('"key";r=4;t=30');
    expect(headers.get('ratelimit-policy')).toBe('"key";q=5;w=60');
    expect(headers.get('access-control-expose-headers')).toContain('ratelimit, ratelimit-policy');
  });

  test('a key shares its limit with its successors', async () => {
    const team = await makeTeam();
    const old = await team.trpc.key.create.mutate({ kind: 'publishable', access: 'open' });
    await useUp(old.key);
    const rolled = await team.trpc.key.roll.mutate({ keyId: old.id });
    expect((await rest('GET', '/agent', { key: rolled.key })).status).toBe(429);
  });
});

test('a key without a limit gets no such headers', async () => {
  const { secretKey: key } = await makeTeam();
  for (let request = 0; request < 20; request++) {
    const answer = await rest('GET', '/agent', { key });
    expect([answer.status, ...headersOf(answer)]).toEqual([200, null, null, null]);
  }
});

test('one limit holds for all servers together', async () => {
  const replica = await startReplica();
  const { publishableKey } = await makeTeam();
  await useUp(publishableKey);
  let letIn = 0;
  const ask = async () => {
    const { status } = await fetch(`${replica.url}/agent`, { headers: { 'x-api-key': publishableKey } });
    if (status === 200) letIn++;
    return status;
  };
  await expect.poll(ask, { interval: 250 }).toBe(429);
  expect(letIn).toBeLessThan(5);
});
