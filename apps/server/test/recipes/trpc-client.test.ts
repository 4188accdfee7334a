import { readFileSync } from 'node:fs';
import { type ChatEvent, formatChatCursor, parseChatCursor } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { createClient } from './trpc-client.ts';

const { makeTeam, model, url } = await startHarness({
  bounds: { tickMs: 20 },
  streamTimes: { checkEveryMs: 100, firstCheckMs: 50 },
});

test('the recipe prints the tested client', () => {
  const recipe = readFileSync(new URL('../../../../docs/recipes/trpc.md', import.meta.url), 'utf8');
  const client = readFileSync(new URL('trpc-client.ts', import.meta.url), 'utf8');
  const blocks = [...recipe.matchAll(/^```ts trpc-client\.ts\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(blocks).toEqual([client]);
});

test('a subscription of the stock client continues with another token, without gaps and repeats', async () => {
  const team = await makeTeam();
  const { id: chatId } = await team.makeChat({ userId: 'user_1' });
  const asked: boolean[] = [];
  // Half a minute between clocks is allowed, so the first token works for some seconds more.
  const tokens = [await team.userToken('user_1', -26)];
  const client = createClient({
    url: `${url}/trpc`,
    apiKey: await team.guestKey(),
    userToken: async (isOver) => {
      asked.push(isOver);
      if (isOver) tokens.push(await team.userToken('user_1'));
      return tokens.at(-1) ?? '';
    },
  });
  const received: { id: string; data: ChatEvent }[] = [];
  let failure: unknown;
  const subscription = client.chat.follow.subscribe(
    { chatId },
    { onData: (event) => received.push(event), onError: (error) => (failure = error) },
  );
  const types = () => received.map(({ data }) => data.type);
  await expect.poll(types, { timeout: 10_000 }).toEqual(['chat-followed']);
  const gate = model.hold();
  await team.rest('POST', `/chat/${chatId}/message`, {
    body: { content: 'hello', role: 'user', wait: false },
  });
  await expect.poll(types, { timeout: 10_000 }).toContain('answer-started');
  await expect.poll(() => asked, { timeout: 15_000 }).toEqual([false, true]);
  gate.release();
  await expect.poll(types, { timeout: 10_000 }).toContain('answer-ended');
  subscription.unsubscribe();
  expect(types().filter((type) => type !== 'answer-delta')).toEqual([
    'chat-followed',
    'message-accepted',
    'answer-started',
    'answer-ended',
  ]);
  const text = received.map(({ data }) => (data.type === 'answer-delta' ? data.text : '')).join('');
  expect(text).toBe('You said: hello');
  expect(received.every(({ id }) => formatChatCursor(parseChatCursor(id) ?? ({} as never)) === id)).toBe(
    true,
  );
  expect(failure).toBeUndefined();
});
