import { ApiError } from '@parley/contract';
import { expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { openClient } from './support/open-client.ts';
import { expectShowsList, isAtRest } from './support/shown.ts';

let noModel: ApiError | undefined = new ApiError('model_loading', { detail: '42 of 93 MB are here.' });
const harness = await startHarness({
  bounds: { tickMs: 20 },
  endpoint: () => {
    if (noModel) throw noModel;
    return { baseUrl: harness.model.baseUrl, apiKey: 'k', model: 'm1' };
  },
});
const team = await harness.makeTeam();

test('a message waits for the Retry-After time while the model is loading, and is then sent', async () => {
  const client = openClient({ url: harness.url, apiKey: team.publishableKey });
  const { id: chatId } = await team.makeChat();
  const open = client.open(chatId);
  const before = Date.now();
  client.parley.outbox.send({ chatId, content: 'first words' });
  client.parley.outbox.send({ chatId, content: 'more of them' });
  const [send] = await client.untilSend(chatId, ([first]) => first?.state.kind === 'waiting');
  const { state } = send ?? {};
  if (state?.kind !== 'waiting') throw new Error('the message does not wait');
  expect(state.error).toMatchObject({ code: 'model_loading', retryAfterMs: 5_000, status: 503 });
  expect(state.error.message).toContain('42 of 93 MB');
  expect(state.retryAt).toBeGreaterThanOrEqual(before + 5_000);
  noModel = undefined;
  await expectShowsList(team, chatId, await open.until(isAtRest(4)));
  expect(Date.now()).toBeGreaterThanOrEqual(state.retryAt - 50);
  expect(client.line.to('message.create')).toHaveLength(3);
});

test('a waiting message can be sent at once or discarded, and does not block the next one', async () => {
  noModel = new ApiError('model_not_configured');
  const client = openClient({ url: harness.url, apiKey: team.publishableKey });
  const { id: chatId } = await team.makeChat();
  const [first = '', second = ''] = ['one', 'two'].map((content) =>
    client.parley.outbox.send({ chatId, content }),
  );
  await client.untilSend(chatId, ([send]) => send?.state.kind === 'waiting');
  expect(client.parley.outbox.discard(first)).toBe('one');
  await client.untilSend(chatId, ([send]) => send?.state.kind === 'waiting');
  noModel = undefined;
  client.parley.outbox.resend(second);
  const open = client.open(chatId);
  await expectShowsList(team, chatId, await open.until(isAtRest(2)));
  expect(client.line.to('message.create')).toHaveLength(3);
});
