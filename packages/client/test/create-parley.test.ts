import { expect, onTestFinished, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { createParley, isRetryable, toParleyError } from '../src/index.ts';
import { when } from './support/open-client.ts';

const { makeTeam, url } = await startHarness({ bounds: { tickMs: 20 } });
const team = await makeTeam();

test('sends a message and follows its answer outside a browser', async () => {
  const parley = createParley({ url: `${url}/`, apiKey: team.secretKey });
  onTestFinished(() => parley.close());
  const { id: chatId } = await parley.trpc.chat.create.mutate({ agentId: team.agent.id });
  const chat = parley.chats.of(chatId);
  parley.outbox.send({ chatId, content: 'hello' });
  const { entries } = await when(
    (listener) => chat.subscribe(listener),
    () => chat.view(),
    (view) => view.entries.length === 2 && !view.running,
  );
  expect(entries.map(({ content }) => content)).toEqual(['hello', 'You said: hello']);
  expect(parley.isOnline()).toBe(true);
});

test('reports an unreachable server as a retryable network error', async () => {
  const parley = createParley({ url: 'http://127.0.0.1:1', apiKey: team.publishableKey, storage: null });
  onTestFinished(() => parley.close());
  const error = await parley.trpc.agent.list.query({}).catch(toParleyError);
  expect(error).toMatchObject({ code: 'network' });
  expect(toParleyError(error)).toSatisfy(isRetryable);
});
