import { ApiError } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { rest } from '../support/client.ts';
import { storedTurns } from '../support/stored-turns.ts';

let noModel: ApiError | undefined;
const harness = await startHarness({
  bounds: { leaseMs: 900 },
  endpoint: () => {
    if (noModel) throw noModel;
    return { baseUrl: harness.model.baseUrl, apiKey: 'k', model: 'm1' };
  },
});
const { makeTeam, model, mongo, startReplica } = harness;
const team = await makeTeam();

describe('without a model', () => {
  test.each([
    ['model_not_configured', '60', undefined],
    ['model_loading', '5', '42 of 93 MB are here.'],
  ] as const)(
    'a message returns 503 %s with Retry-After %s and stores nothing',
    async (code, seconds, detail) => {
      const chat = await team.makeChat();
      noModel = new ApiError(code, detail ? { detail } : {});
      const { status, apiError, headers } = await team.send(chat.id, 'hello');
      noModel = undefined;
      expect(status).toBe(503);
      expect(apiError.code).toBe(code);
      expect(headers.get('retry-after')).toBe(seconds);
      if (detail) expect(apiError.message).toContain(detail);
      expect(apiError).not.toHaveProperty('messageId');
      expect(await storedTurns(mongo.raw, chat.id)).toEqual([]);
      expect((await team.send(chat.id, 'hello')).status).toBe(200);
    },
  );

  test('all other operations work without a model', async () => {
    noModel = new ApiError('model_not_configured');
    const chat = await team.makeChat();
    expect((await team.rest('GET', `/chat/${chat.id}`)).status).toBe(200);
    expect((await team.rest('GET', '/chat')).status).toBe(200);
    noModel = undefined;
  });
});

describe('while the server shuts down', () => {
  test("a waiting request returns 503 draining with the answer's id, and another server returns that answer", async () => {
    const replica = await startReplica({ bounds: { leaseMs: 900 } });
    const send = (chatId: string, content: string) =>
      rest(replica.url, 'POST', `/chat/${chatId}/message`, {
        key: team.secretKey,
        body: { content, role: 'user' },
      });
    const chat = await team.makeChat();
    model.reply((call) => call.text('never finished'));
    const waiting = send(chat.id, 'hand me over');
    const call = await model.callTo('hand me over');
    const queued = send(chat.id, 'me too');
    await expect.poll(() => storedTurns(mongo.raw, chat.id)).toHaveLength(2);

    const drained = replica.composition.turns.drain(0);
    const answers = await Promise.all([waiting, queued]);
    for (const { status, apiError, headers } of answers) {
      expect(status).toBe(503);
      expect(apiError).toMatchObject({ code: 'draining', messageId: expect.stringMatching(/^msg_/) });
      expect(headers.get('retry-after')).toBe('2');
    }
    await call.aborted;
    await drained;

    const rejected = await send((await team.makeChat()).id, 'too late');
    expect(rejected).toMatchObject({ status: 503, apiError: { code: 'draining' } });
    expect(rejected.apiError).not.toHaveProperty('messageId');
    const ready = await rest(replica.url, 'GET', '/readyz');
    expect(ready).toMatchObject({ status: 503, apiError: { code: 'draining' } });
    expect((await rest(replica.url, 'GET', '/healthz')).status).toBe(200);
    expect((await rest(replica.url, 'GET', '/chat', { key: team.secretKey })).status).toBe(200);

    const list = () => team.trpc.message.list.query({ chatId: chat.id });
    await expect.poll(async () => (await list()).messages.length, { timeout: 20_000 }).toBe(4);
    const { messages } = await list();
    expect(messages.map(({ content }) => content)).toEqual([
      'hand me over',
      'You said: hand me over',
      'me too',
      'You said: me too',
    ]);
    expect([messages[1]?.id, messages[3]?.id]).toEqual(answers.map(({ apiError }) => apiError.messageId));
    const turns = await storedTurns(mongo.raw, chat.id);
    // A hand-over is no crash, so no turn was taken over.
    expect(turns).toMatchObject([{ takeovers: 0 }, { takeovers: 0 }]);
  });
});
