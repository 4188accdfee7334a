import { createGate, scripts } from '@parley/agent/testing';
import type { AppRouter } from '@parley/api';
import type { AnswerEvent, ChatEvent } from '@parley/contract';
import { startTcpProxy } from '@parley/db/testing';
import { TRPCClientError } from '@trpc/client';
import { afterAll, describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness } from './harness.ts';
import { ChatView } from './support/chat-view.ts';
import { subscriptionClient } from './support/subscriptions.ts';

/* The stock tRPC client follows answers and chats: it reconnects by itself and continues after its last event. */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, url, log, startReplica } = await startHarness(BOUNDS);
const replica = await startReplica(BOUNDS);
const team = await makeTeam();
const proxies = await Promise.all(
  [url, replica.url].map((base) => startTcpProxy(Number(new URL(base).port))),
);
afterAll(() => {
  for (const proxy of proxies) proxy.stop();
});
const [here = '', there = ''] = proxies.map(({ port }) => `http://127.0.0.1:${port}`);
/** Cuts all connections. */
const cut = () => {
  for (const proxy of proxies) proxy.cut();
};

const listed = async (chatId: string) => (await team.trpc.message.list.query({ chatId })).messages;

const PIECES = ['Once ', 'upon 🙂', ' a\u2028time', '\r\n', 'there', ' was.'];

/** An answer whose next piece is written on request. */
async function answerOnDemand(content: string) {
  const { id: chatId } = await team.makeChat();
  const gates = PIECES.map(() => createGate());
  model.replyTo(content, async (call) => {
    for (const [index, piece] of PIECES.entries()) {
      await gates[index]?.released;
      call.text(piece);
    }
    call.finish();
  });
  const { body } = await team.send(chatId, content, { body: { content, role: 'user', wait: false } });
  let next = 0;
  const answer = { chatId, messageId: body.id } as OneAnswer;
  return { answer, write: () => gates[next++]?.release() };
}

/** Subscribes, and calls `onEvent` with all events so far after each one, until the end. */
function follow(
  client: ReturnType<typeof subscriptionClient>['client'],
  answer: OneAnswer,
  onEvent: (events: readonly AnswerEvent[]) => void = () => undefined,
): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  return new Promise((resolve, reject) => {
    client.message.follow.subscribe(answer, {
      onData: ({ data }) => {
        events.push(data);
        onEvent(events);
      },
      onError: reject,
      onComplete: () => resolve(events),
    });
  });
}

function textOf(events: readonly AnswerEvent[]): string {
  return events.reduce((text, event) => {
    if (event.type === 'snapshot') return event.text;
    return event.type === 'text-delta' ? text + event.text : text;
  }, '');
}

describe('a subscription of an answer', () => {
  test('a subscription receives the answer from start to end and completes', async () => {
    const { answer, write } = await answerOnDemand('received in full');
    const { client, connections } = subscriptionClient([url], team.publishableKey);
    const events = await follow(client, answer, () => write());
    const [question, stored] = await listed(answer.chatId);
    expect(events.at(0)).toEqual({
      type: 'start',
      messageId: answer.messageId,
      userMessageId: question?.id,
    });
    expect(events.at(1)).toEqual({ type: 'text-start' });
    expect(events.at(-2)).toEqual({ type: 'text-end' });
    const end = { type: 'end', status: 'completed', finishReason: 'stop', createdAt: stored?.createdAt };
    expect(events.at(-1)).toEqual(end);
    expect(textOf(events)).toBe(PIECES.join(''));
    expect(stored?.content).toBe(PIECES.join(''));
    expect(connections()).toBe(1);
  });

  test.each([
    ['one server', [here]],
    ['two servers in turn', [here, there]],
  ] as [string, [string, ...string[]]][])(
    'a subscription that is cut after every event continues on %s, and its parts add up to the stored answer',
    async (what, urls) => {
      const { answer, write } = await answerOnDemand(`cut: ${what}`);
      const { client, connections } = subscriptionClient(urls, team.secretKey);
      const events = await follow(client, answer, (soFar) => {
        if (soFar.at(-1)?.type !== 'end') cut();
        write();
      });
      expect(textOf(events)).toBe(PIECES.join(''));
      expect((await listed(answer.chatId))[1]?.content).toBe(PIECES.join(''));
      expect(connections()).toBeGreaterThan(2);
      // No event is repeated, and no text is taken back.
      const types = events.map(({ type }) => type);
      expect(types.filter((type) => type !== 'text-delta')).toEqual([
        'start',
        'text-start',
        'text-end',
        'end',
      ]);
    },
  );

  test('a subscription on a server that shuts down continues on another one by itself', async () => {
    const leaving = await startReplica(BOUNDS);
    const { answer, write } = await answerOnDemand('moves on');
    const { client, connections } = subscriptionClient([leaving.url, url], team.secretKey);
    let isDrained = false;
    const events = await follow(client, answer, (soFar) => {
      write();
      if (soFar.at(-1)?.type !== 'text-delta' || isDrained) return;
      isDrained = true;
      void leaving.composition.close(0);
    });
    expect(isDrained).toBe(true);
    expect(textOf(events)).toBe(PIECES.join(''));
    expect(connections()).toBe(2);
  });

  test('a subscription of a stopped or failed answer ends with its status', async () => {
    const { client } = subscriptionClient([url], team.secretKey);
    const failed = await team.failed();
    expect((await follow(client, failed)).at(-1)).toEqual({
      type: 'end',
      status: 'failed',
      errorCode: 'model_key_refused',
    });
    const { id: chatId } = await team.makeChat();
    model.replyTo('stop me', scripts.neverEnding('kept'));
    const content = { content: 'stop me', role: 'user', wait: false };
    const { body } = await team.send(chatId, 'stop me', { body: content });
    const answer = { chatId, messageId: body.id } as OneAnswer;
    const events = await follow(client, answer, (soFar) => {
      if (soFar.at(-1)?.type === 'text-delta') void team.trpc.message.cancel.mutate(answer);
    });
    expect(textOf(events)).toBe('kept');
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'stopped' });
  });

  test('an answer continues when its subscription is closed', async () => {
    const { answer, write } = await answerOnDemand('left alone');
    const { client } = subscriptionClient([url], team.secretKey);
    const disconnected = log.next(
      ({ msg, route }) => msg === 'client disconnected' && String(route).startsWith('/trpc'),
    );
    const started = new Promise<{ unsubscribe(): void }>((resolve) => {
      const subscription = client.message.follow.subscribe(answer, { onData: () => resolve(subscription) });
    });
    (await started).unsubscribe();
    await disconnected;
    for (const _ of PIECES) write();
    await expect.poll(async () => (await listed(answer.chatId))[1]?.content).toBe(PIECES.join(''));
  });
});

describe('errors of subscriptions', () => {
  const apiErrorOf = async (following: Promise<unknown>) => {
    const error = await following.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TRPCClientError);
    // This checks the types that the compiler derives.
    const { data, message } = error as TRPCClientError<AppRouter>;
    expect(message).toBe(data?.apiError.message);
    return data?.apiError;
  };

  test('an error before the first event ends the subscription with its envelope', async () => {
    const { chatId, messageId } = await team.answered();
    const { client } = subscriptionClient([url], team.secretKey);
    const missing = await apiErrorOf(follow(client, { chatId, messageId: 'msg_x' }));
    expect(missing).toMatchObject({
      error: 'Not Found',
      code: 'message_not_found',
      requestId: expect.stringMatching(/^req_/),
    });
    const unauthorized = subscriptionClient([url], 'sk_live_nobody');
    expect(await apiErrorOf(follow(unauthorized.client, { chatId, messageId }))).toMatchObject({
      code: 'unauthorized',
    });
    const invalid = { chatId, messageId, unknown: 1 };
    expect(await apiErrorOf(follow(client, invalid))).toMatchObject({
      code: 'invalid_input',
      issues: [{ path: 'unknown' }],
    });
  });

  test('a deletion of the chat ends the subscription with an error', async () => {
    const { answer, write } = await answerOnDemand('deleted within');
    const { client } = subscriptionClient([url], team.secretKey);
    const following = follow(client, answer, (events) => {
      if (events.at(-1)?.type === 'text-delta') void team.rest('DELETE', `/chat/${answer.chatId}`);
    });
    write();
    expect(await apiErrorOf(following)).toMatchObject({ code: 'chat_not_found' });
  });
});

describe('a subscription of a chat', () => {
  test.each([
    ['one server', [here]],
    ['two servers in turn', [here, there]],
  ] as [string, [string, ...string[]]][])(
    'a subscription of a chat continues after every cut on %s and shows the list',
    async (what, urls) => {
      const { id: chatId } = await team.makeChat();
      const { client, connections } = subscriptionClient(urls, team.secretKey);
      const view = new ChatView();
      const events: ChatEvent[] = [];
      const contents = ['one', 'two 🙂', 'three'].map((content) => `${content}, ${what}`);
      const done = new Promise<void>((resolve, reject) => {
        client.chat.follow.subscribe(
          { chatId },
          {
            onStarted: () => void (events.length === 0 && team.send(chatId, contents[0] ?? '')),
            onData: ({ data }) => {
              events.push(data);
              view.apply(data);
              cut();
              if (data.type !== 'answer-ended') return;
              const ended = events.filter(({ type }) => type === 'answer-ended').length;
              if (ended === contents.length) resolve();
              else void team.send(chatId, contents[ended] ?? '');
            },
            onError: reject,
          },
        );
      });
      await done;
      expect(view.messages).toEqual(await listed(chatId));
      expect(view.messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(
        contents,
      );
      expect(connections()).toBeGreaterThan(3);
      expect(events.some(({ type }) => type === 'chat-snapshot')).toBe(false);
    },
  );

  test('a subscription of a chat that is deleted says so and completes', async () => {
    const { id: chatId } = await team.makeChat();
    const { client } = subscriptionClient([replica.url], team.secretKey);
    const events: ChatEvent[] = [];
    await new Promise<void>((resolve, reject) => {
      client.chat.follow.subscribe(
        { chatId },
        {
          onStarted: () => void team.rest('DELETE', `/chat/${chatId}`),
          onData: ({ data }) => events.push(data),
          onError: reject,
          onComplete: resolve,
        },
      );
    });
    expect(events).toEqual([{ type: 'chat-followed' }, { type: 'chat-deleted' }]);
  });
});
