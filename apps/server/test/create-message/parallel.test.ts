import { describe, expect, test } from 'vitest';
import { startHarness } from '../harness.ts';
import { rest } from '../support/client.ts';
import { storedTurns } from '../support/stored-turns.ts';

const { makeTeam, model, mongo, url, startReplica } = await startHarness({ bounds: { leaseMs: 3_000 } });
const replica = await startReplica({ bounds: { leaseMs: 3_000 } });
const team = await makeTeam();

/** Sends through alternating servers and checks each response against the OpenAPI document. */
const sendTo = (baseUrl: string, chatId: string, content: string) =>
  rest<{ content: string; userMessageId: string; id: string }>(baseUrl, 'POST', `/chat/${chatId}/message`, {
    key: team.secretKey,
    body: { content, role: 'user' },
  });

describe('parallel messages to one chat', () => {
  test.each([
    ['one server', [url, url]],
    ['two servers', [url, replica.url]],
  ])(
    'each parallel message over %s is answered once, in one order with a dense sequence',
    async (_, [first = '', second = '']) => {
      for (let round = 0; round < 5; round++) {
        const chat = await team.makeChat();
        const contents = Array.from({ length: 6 }, (__, index) => `round ${round}, message ${index}`);
        const answers = await Promise.all(
          contents.map((content, index) => sendTo(index % 2 === 0 ? first : second, chat.id, content)),
        );
        expect(answers.map(({ status }) => status)).toEqual(contents.map(() => 200));
        expect(answers.map(({ body }) => body.content)).toEqual(
          contents.map((content) => `You said: ${content}`),
        );

        const turns = await storedTurns(mongo.raw, chat.id);
        expect(turns.map(({ sequence }) => sequence)).toEqual(contents.map((__, index) => index + 1));
        expect(turns.map(({ messages }) => messages[0]?.content).toSorted()).toEqual(contents.toSorted());
        for (const { body } of answers) {
          const turn = turns.find(({ messages }) => messages[0]?.id === body.userMessageId);
          expect(turn?.messages[1]).toMatchObject({ id: body.id, content: body.content });
        }
      }
    },
  );

  test('each parallel message is answered with all earlier messages in its context and no later one', async () => {
    const chat = await team.makeChat();
    const contents = ['a', 'b', 'c', 'd'];
    await Promise.all(contents.map((content) => sendTo(url, chat.id, content)));
    const order = (await storedTurns(mongo.raw, chat.id)).map(({ messages }) => messages[0]?.content ?? '');
    for (const [index, content] of order.entries()) {
      const call = await model.callTo(content);
      const asked = call.body.messages
        .filter(({ role }) => role === 'user')
        .map((message) => message.content);
      expect(asked).toEqual(order.slice(0, index + 1));
    }
  });

  test('the model is not called for the next message during an answer', async () => {
    const chat = await team.makeChat();
    const gate = model.hold();
    const first = sendTo(url, chat.id, 'only me');
    await model.callTo('only me');
    const second = sendTo(replica.url, chat.id, 'not yet');
    await expect.poll(() => storedTurns(mongo.raw, chat.id)).toHaveLength(2);
    expect(model.calls().some(({ message }) => message === 'not yet')).toBe(false);
    gate.release();
    expect((await first).body.content).toBe('You said: only me');
    expect((await second).body.content).toBe('You said: not yet');
  });
});

test('chats do not wait for each other', async () => {
  const [busy, free] = [await team.makeChat(), await team.makeChat()];
  model.replyTo('never answered', () => undefined);
  const waiting = sendTo(url, busy.id, 'never answered').catch((error: unknown) => error);
  await model.callTo('never answered');
  const answers = await Promise.all([...'abcdefgh'].map((content) => sendTo(url, free.id, content)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  await team.rest('DELETE', `/chat/${busy.id}`);
  expect(await waiting).toMatchObject({ status: 404 });
});
