import { scripts } from '@parley/agent/testing';
import type { ChatWithMessages, Message, MessageList } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { type OneAnswer, startHarness, type Team } from '../harness.ts';
import type { RestRequest } from '../support/client.ts';

const { makeTeam, rest, model } = await startHarness();
const team = await makeTeam();
const other = await makeTeam();

const pathOf = ({ chatId, messageId }: OneAnswer) => `/chat/${chatId}/message/${messageId}/feedback`;
const rate = (answer: OneAnswer, body: object, request: RestRequest = {}, by: Team = team) =>
  by.rest('PUT', pathOf(answer), { body, ...request });
const listed = async ({ chatId }: OneAnswer, request: RestRequest = {}, by: Team = team) =>
  (await by.rest<MessageList>('GET', `/chat/${chatId}/message`, request)).body.messages;
const feedbackIn = (messages: readonly Message[]) => messages.map(({ feedback }) => feedback);

/** The request of a user, with their token. */
async function asUser(userId: string, by: Team = team): Promise<RestRequest> {
  return { key: await by.guestKey(), headers: { 'x-user-token': await by.userToken(userId) } };
}

describe('feedback', () => {
  test('feedback is returned, and listed with its answer alone', async () => {
    const answer = await team.answered();
    const rating = { rating: 'down', comment: 'Too long.\n🙂' };
    const { status, body } = await rate(answer, rating);
    expect([status, body]).toEqual([200, rating]);
    expect(feedbackIn(await listed(answer))).toEqual([undefined, rating]);
    const { body: chat } = await team.rest<ChatWithMessages>('GET', `/chat/${answer.chatId}`);
    expect(feedbackIn(chat.messages)).toEqual([undefined, rating]);
    expect(chat).not.toHaveProperty('hasFeedback');
  });

  test('new feedback replaces the rating and the comment', async () => {
    const answer = await team.answered();
    await rate(answer, { rating: 'down', comment: 'Too long.' });
    await rate(answer, { rating: 'up' });
    expect(feedbackIn(await listed(answer))).toEqual([undefined, { rating: 'up' }]);
  });

  test('feedback that is taken back is listed no longer, and taking it back again has no effect', async () => {
    const answer = await team.answered();
    await rate(answer, { rating: 'up' });
    for (let repetition = 0; repetition < 2; repetition++) {
      const { status, text } = await team.rest('DELETE', pathOf(answer));
      expect([status, text]).toEqual([204, '']);
      expect(feedbackIn(await listed(answer))).toEqual([undefined, undefined]);
    }
  });

  test('the user and the team have their own feedback, and all callers for the team share theirs', async () => {
    const own = team.withChatsOf('ann');
    const { id: chatId } = await own.makeChat();
    const messageId = (await own.send(chatId, 'hello')).body.id;
    const answer = { chatId, messageId };
    const ann = await asUser('ann');
    await rate(answer, { rating: 'down', comment: 'Ann’s comment' }, ann);
    await rate(answer, { rating: 'up' });
    expect(feedbackIn(await listed(answer, ann))[1]).toEqual({ rating: 'down', comment: 'Ann’s comment' });
    const open = { key: team.publishableKey };
    expect(feedbackIn(await listed(answer, open))[1]).toEqual({ rating: 'up' });
    await team.rest('DELETE', pathOf(answer), open);
    expect(feedbackIn(await listed(answer))[1]).toBeUndefined();
    expect(feedbackIn(await listed(answer, ann))[1]).toEqual({ rating: 'down', comment: 'Ann’s comment' });
  });

  test('feedback follows the chats of a guest to the user who claims them', async () => {
    const guest = await team.makeGuest();
    const key = await team.guestKey();
    const asGuest = { key, headers: { 'x-user-token': guest.token } };
    const { body: chat } = await team.rest<{ id: OneAnswer['chatId'] }>('POST', '/chat', {
      ...asGuest,
      body: { agentId: team.agent.id },
    });
    const { body } = await team.send(chat.id, 'hello', asGuest);
    const answer = { chatId: chat.id, messageId: body.id };
    await rate(answer, { rating: 'up', comment: 'As a guest' }, asGuest);
    const claimer = await asUser('claimer');
    await team.rest('POST', '/guest/claim', { ...claimer, body: { guestToken: guest.token } });
    expect(feedbackIn(await listed(answer, claimer))[1]).toEqual({ rating: 'up', comment: 'As a guest' });
    await rate(answer, { rating: 'down' }, claimer);
    expect(feedbackIn(await listed(answer, claimer))[1]).toEqual({ rating: 'down' });
  });

  test('a stopped answer with text can be rated', async () => {
    const { id: chatId } = await team.makeChat();
    model.replyTo('rated when stopped', scripts.neverEnding('so far'));
    const stream = await team.stream(chatId, 'rated when stopped');
    await stream.until(({ data }) => data.includes('so far'));
    const [question] = await listed({ chatId, messageId: 'msg_' });
    const answer = { chatId, messageId: question?.answerId ?? expect.unreachable() };
    await team.trpc.message.cancel.mutate(answer);
    expect((await rate(answer, { rating: 'up' })).status).toBe(200);
    expect(feedbackIn(await listed(answer))[1]).toEqual({ rating: 'up' });
  });

  test('ten requests at once leave the feedback of one of them', async () => {
    const answer = await team.answered();
    const comments = Array.from({ length: 10 }, (_, index) => `comment ${index}`);
    const answers = await Promise.all(comments.map((comment) => rate(answer, { rating: 'up', comment })));
    expect(answers.map(({ status }) => status)).toEqual(comments.map(() => 200));
    const [, message] = await listed(answer);
    expect(comments).toContain(message?.feedback?.comment);
  });

  test('pages of a list, in both orders, contain the feedback on their answers', async () => {
    const { id: chatId } = await team.makeChat();
    for (const content of ['one', 'two', 'three']) {
      const { body } = await team.send(chatId, content);
      await rate({ chatId, messageId: body.id }, { rating: 'up', comment: content });
    }
    for (const order of ['asc', 'desc']) {
      const comments: unknown[] = [];
      for (let cursor: string | undefined; ; ) {
        const query = { order, limit: '2', ...(cursor !== undefined && { cursor }) };
        const { body } = await team.rest<MessageList>('GET', `/chat/${chatId}/message`, { query });
        comments.push(...body.messages.flatMap(({ feedback }) => (feedback ? [feedback.comment] : [])));
        cursor = body.nextCursor;
        if (cursor === undefined) break;
      }
      const all = ['one', 'two', 'three'];
      expect(comments).toEqual(order === 'asc' ? all : all.toReversed());
    }
  });

  test('another team sees none of it', async () => {
    const answer = await team.answered();
    await rate(answer, { rating: 'up' });
    const { status } = await rest('GET', `/chat/${answer.chatId}/message`, { key: other.secretKey });
    expect(status).toBe(404);
  });
});

describe('usage by agent version', () => {
  interface Sum {
    readonly agentId: string;
    readonly agentVersion?: number;
    readonly turns: number;
    readonly feedback: { readonly up: number; readonly down: number };
  }
  const versionsOf = async (by: Team, query: Record<string, string> = {}, key = by.secretKey) =>
    (
      await by.rest<{ usage: Sum[]; nextCursor?: string }>('GET', '/usage', {
        key,
        query: { groupBy: 'agentVersion', ...query },
      })
    ).body;
  const shortOf = ({ usage }: { usage: readonly Sum[] }) =>
    usage.map(({ agentId, agentVersion, turns, feedback }) => [
      ...[agentId, agentVersion, turns],
      ...[feedback.up, feedback.down],
    ]);

  test('usage by agent version counts answers and ratings of each version, page by page', async () => {
    const own = await makeTeam();
    const second = await own.makeAgent();
    const answer = async (agentId: string) => {
      const { id: chatId } = await own.makeChat({ agentId });
      return { chatId, messageId: (await own.send(chatId, 'hello')).body.id };
    };
    const answers = [await answer(own.agent.id), await answer(own.agent.id)];
    await own.rest('PUT', `/agent/${own.agent.id}`, {
      body: { name: 'Ada', type: 'support', systemPrompt: 'Be short.' },
    });
    answers.push(await answer(own.agent.id), await answer(second.id));
    const ratings = ['up', 'down', 'down', 'up'];
    for (const [index, one] of answers.entries()) await rate(one, { rating: ratings[index] }, {}, own);
    await rate(answers[2] ?? expect.unreachable(), { rating: 'up' }, {}, own);
    const expected = [
      [own.agent.id, 1, 2, 1, 1],
      [own.agent.id, 2, 1, 1, 0],
      [second.id, 1, 1, 1, 0],
    ];
    await expect.poll(async () => shortOf(await versionsOf(own)), { timeout: 10_000 }).toEqual(expected);

    const paged: unknown[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await versionsOf(own, { limit: '1', ...(cursor !== undefined && { cursor }) });
      paged.push(...shortOf(page));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(paged).toEqual(expected);

    const { body } = await own.rest<{ key: string }>('POST', '/key', {
      body: { kind: 'secret', scopes: ['usage:read'], agentIds: [second.id] },
    });
    expect(shortOf(await versionsOf(own, {}, body.key))).toEqual(expected.slice(2));
    expect(await versionsOf(await makeTeam())).toMatchObject({ usage: [] });
    expect(await versionsOf(own, { from: '2026-01-01', to: '2026-01-02' })).toMatchObject({ usage: [] });
  });

  test('feedback of a deleted chat counts no longer, while its answers do', async () => {
    const own = await makeTeam();
    const answer = await own.answered();
    await rate(answer, { rating: 'up' }, {}, own);
    await own.rest('DELETE', `/chat/${answer.chatId}`);
    await expect
      .poll(async () => shortOf(await versionsOf(own)), { timeout: 10_000 })
      .toEqual([[own.agent.id, 1, 1, 0, 0]]);
  });
});
