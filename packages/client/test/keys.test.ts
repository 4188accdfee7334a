import { describe, expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { toParleyError } from '../src/index.ts';
import { openClient } from './support/open-client.ts';
import { expectShowsList, isAtRest } from './support/shown.ts';

const { makeTeam, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();

/** A source of these keys, with a record of its calls. */
function sourceOf(...keys: readonly string[]) {
  const asked: (string | undefined)[] = [];
  const source = async (refused?: string) => {
    asked.push(refused);
    return keys[Math.min(asked.length, keys.length) - 1] ?? '';
  };
  return { asked, source };
}

describe('a rejected key', () => {
  test('a rejected key is renewed once for all concurrent requests, which are then repeated', async () => {
    const { asked, source } = sourceOf('pk_live_old', team.publishableKey);
    const { parley, line } = openClient({ url, apiKey: source });
    const { id: chatId } = await team.makeChat();
    const chats = await Promise.all([
      parley.trpc.chat.get.query({ chatId, withMessages: false }),
      parley.trpc.chat.create.mutate({ agentId: team.agent.id }),
      parley.trpc.agent.list.query({}),
    ]);
    expect(chats[0].id).toBe(chatId);
    expect(asked).toEqual([undefined, 'pk_live_old']);
    expect(line.requests.map(({ headers }) => headers.get('x-api-key')).toSorted()).toEqual(
      ['pk_live_old', 'pk_live_old', team.publishableKey, team.publishableKey].toSorted(),
    );
    await parley.trpc.agent.list.query({});
    expect(asked).toHaveLength(2);
  });

  test('a rejected key is renewed for a stream', async () => {
    const { asked, source } = sourceOf('pk_live_old', team.publishableKey);
    const client = openClient({ url, apiKey: source });
    const { chatId } = await team.answered();
    const open = client.open(chatId);
    await open.until(({ connection }) => connection === 'live');
    await expectShowsList(team, chatId, await open.until(isAtRest(2)));
    expect(asked).toEqual([undefined, 'pk_live_old']);
  });

  test('a rejected key is reported if the renewed key is rejected too', async () => {
    const { asked, source } = sourceOf('pk_live_old', 'pk_live_older');
    const { parley, line } = openClient({ url, apiKey: source });
    const error = await parley.trpc.agent.list.query({}).catch(toParleyError);
    expect(error).toMatchObject({ code: 'unauthorized', status: 401, requestId: expect.any(String) });
    expect(asked).toEqual([undefined, 'pk_live_old']);
    expect(line.requests).toHaveLength(2);
  });
});

describe('a source of keys that fails', () => {
  test('a source of keys that fails is called again by the next request, and its message is reported', async () => {
    let isSignedIn = false;
    const apiKey = async () => {
      if (!isSignedIn) throw new Error('Sign in first.');
      return team.publishableKey;
    };
    const { parley } = openClient({ url, apiKey });
    expect(await parley.trpc.agent.list.query({}).catch(toParleyError)).toMatchObject({
      code: 'unauthorized',
      message: 'Sign in first.',
    });
    isSignedIn = true;
    expect((await parley.trpc.agent.list.query({})).agents).toHaveLength(1);
  });

  test('a source of keys that fails with a network error is retried, and messages wait for it', async () => {
    let failures = 0;
    const apiKey = async () => {
      if (failures++ < 2) throw new TypeError('fetch failed');
      return team.publishableKey;
    };
    const client = openClient({ url, apiKey });
    const { id: chatId } = await team.makeChat();
    client.parley.outbox.send({ chatId, content: 'keyless for now' });
    const [send] = await client.untilSend(chatId, ([first]) => first?.state.kind === 'waiting');
    expect(send?.state).toMatchObject({ error: { code: 'network' } });
    await client.untilSend(chatId, ([first]) => first?.state.kind === 'accepted');
  });
});

test('no request contains a key in its URL', async () => {
  const client = openClient({ url, apiKey: team.publishableKey });
  const { id: chatId } = await team.makeChat();
  const open = client.open(chatId);
  const key = client.parley.outbox.send({ chatId, content: 'hello' });
  await open.until(isAtRest(2));
  const paths = client.line.requests.map(({ path }) => decodeURIComponent(path)).join('\n');
  expect(paths).toContain('chat.follow');
  expect(paths).not.toContain(team.publishableKey);
  expect(paths).not.toContain(key);
});
