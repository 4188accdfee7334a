import type { Chat, MessageList, Team as TeamView } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness, type Team } from '../harness.ts';
import { rest as restOf } from '../support/client.ts';

/* Budgets: the tokens of a day are reserved before the model is called. */

const { makeTeam, rest, model, mongo, url, startReplica } = await startHarness();
const { budgets } = mongo.database.stores;
const replica = await startReplica();

const today = () => new Date().toISOString().slice(0, 10);
const setTeam = (team: Team, body: object) => team.rest<TeamView>('PATCH', '/team', { body });
const spend = (team: Team, subject: string, tokens: number) =>
  budgets.reserve({ team: team.id }, { subject, day: today(), tokens }, 1_000_000_000);
const spentOf = async (subject: string): Promise<number | undefined> => {
  const found = await mongo.raw.collection('budgets').findOne({ _id: `${subject}/${today()}` as never });
  return found?.['spent'];
};
const contentsOf = async (team: Team, { id }: Pick<Chat, 'id'>) =>
  (await team.rest<MessageList>('GET', `/chat/${id}/message`)).body.messages.map(({ content }) => content);

test('at most one of 100 parallel requests at 99 % of a budget exceeds it', async () => {
  const team = await makeTeam();
  await setTeam(team, { tokensPerDay: 100_000 });
  await spend(team, team.id, 99_000);
  const chats = await Promise.all(Array.from({ length: 100 }, () => team.makeChat()));
  const calls = model.calls().length;
  const gate = model.hold();
  let rejected = 0;
  const sends = chats.map(async ({ id }, index) => {
    const answer = await restOf(index % 2 ? url : replica.url, 'POST', `/chat/${id}/message`, {
      key: team.secretKey,
      body: { content: 'hello', role: 'user' },
    });
    if (answer.status === 429) rejected++;
    return answer;
  });
  // The model holds the accepted request until all others were rejected, so that it returns nothing of its
  // reservation meanwhile.
  await expect.poll(() => rejected, { timeout: 30_000 }).toBe(99);
  gate.release();
  const answers = await Promise.all(sends);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { status, apiError, headers } of answers) {
    if (status === 200) continue;
    expect([status, apiError.code]).toEqual([429, 'budget_exhausted']);
    expect(apiError.message).toContain('your team');
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(24 * 60 * 60);
  }
  expect(model.calls()).toHaveLength(calls + 1);
  expect(await mongo.raw.collection('turns').countDocuments({ team: team.id })).toBe(1);
});

describe('the rules of budgets', () => {
  test('a budget gets back the unused part of a reservation and pays the used part', async () => {
    const team = await makeTeam();
    await setTeam(team, { tokensPerDay: 100_000 });
    await team.answered();
    const [turn] = await mongo.raw.collection('turns').find({ team: team.id }).toArray();
    const [{ inputTokens, outputTokens }] = turn?.['usage'] ?? [{}];
    await expect.poll(() => spentOf(team.id), { timeout: 10_000 }).toBe(inputTokens + outputTokens);
    expect(inputTokens + outputTokens).toBeGreaterThan(0);
  });

  test('a key’s budget holds for the key and its successors', async () => {
    const team = await makeTeam();
    const { body: made } = await team.rest<{ id: string; key: string; tokensPerDay: number }>(
      'POST',
      '/key',
      { body: { kind: 'secret', tokensPerDay: 5_000 } },
    );
    expect(made.tokensPerDay).toBe(5_000);
    const chat = await team.makeChat();
    await spend(team, made.id, 5_000);
    const send = (key: string) => team.send(chat.id, 'hello', keyed(key));
    const rejected = await send(made.key);
    expect([rejected.status, rejected.apiError.code]).toEqual([429, 'budget_exhausted']);
    expect(rejected.apiError.message).toContain('this key');
    const { body: rolled } = await team.rest<{ key: string }>('POST', `/key/${made.id}/roll`);
    expect((await send(rolled.key)).status).toBe(429);
    expect((await send(team.secretKey)).status).toBe(200);
  });

  test('a null removes a key’s budget, and a key cannot raise its own', async () => {
    const team = await makeTeam();
    const { body: made } = await team.rest<{ id: string; key: string }>('POST', '/key', {
      body: { kind: 'secret', tokensPerDay: 5_000 },
    });
    const more = await rest('PATCH', `/key/${made.id}`, { key: made.key, body: { tokensPerDay: 6_000 } });
    expect([more.status, more.apiError.code]).toEqual([403, 'key_beyond_yours']);
    const none = await rest('PATCH', `/key/${made.id}`, { key: made.key, body: { tokensPerDay: null } });
    expect(none.status).toBe(403);
    const other = await rest<{ tokensPerDay: number }>('POST', '/key', {
      key: made.key,
      body: { kind: 'secret' },
    });
    expect([other.status, other.body.tokensPerDay]).toEqual([200, 5_000]);
    const ofTeam = await rest('PATCH', '/team', { key: made.key, body: { tokensPerDay: null } });
    expect([ofTeam.status, ofTeam.apiError.code]).toEqual([403, 'key_beyond_yours']);
    const { body } = await team.rest('PATCH', `/key/${made.id}`, { body: { tokensPerDay: null } });
    expect(body).not.toHaveProperty('tokensPerDay');
  });

  test('a user’s budget holds for their chats, for every sender', async () => {
    const team = await makeTeam();
    await setTeam(team, { tokensPerDayPerUser: 1_000 });
    const gate = model.hold();
    const [ann, again, ben] = [
      await team.makeChat({ userId: 'ann' }),
      await team.makeChat({ userId: 'ann' }),
      await team.makeChat({ userId: 'ben' }),
    ];
    const first = team.send(ann.id, 'one');
    await model.callTo('one');
    const rejected = await team.send(again.id, 'two');
    expect([rejected.status, rejected.apiError.code]).toEqual([429, 'budget_exhausted']);
    expect(rejected.apiError.message).toContain('this user');
    const headers = { 'x-user-token': await team.userToken('ann') };
    const asThemselves = await team.send(again.id, 'three', { headers });
    expect(asThemselves.status).toBe(429);
    const other = team.send(ben.id, 'four');
    await model.callTo('four');
    gate.release();
    expect([(await first).status, (await other).status]).toEqual([200, 200]);
    expect(await contentsOf(team, again)).toEqual([]);
  });

  test('a user’s budget holds in an existing chat as in a new one', async () => {
    const team = await makeTeam();
    const [goesOn, other] = [await team.makeChat({ userId: 'ann' }), await team.makeChat({ userId: 'ann' })];
    expect((await team.send(goesOn.id, 'first')).status).toBe(200);
    await setTeam(team, { tokensPerDayPerUser: 1_000 });
    const gate = model.hold();
    const held = team.send(other.id, 'held');
    await model.callTo('held');
    const rejected = await team.send(goesOn.id, 'second');
    expect([rejected.status, rejected.apiError.code]).toEqual([429, 'budget_exhausted']);
    gate.release();
    expect((await held).status).toBe(200);
  });

  test('a reservation takes all of its tokens or none', async () => {
    const team = await makeTeam();
    const { body: made } = await team.rest<{ id: string; key: string }>('POST', '/key', {
      body: { kind: 'secret', tokensPerDay: 50_000 },
    });
    await setTeam(team, { tokensPerDay: 10 });
    await spend(team, team.id, 10);
    const chat = await team.makeChat();
    expect((await team.send(chat.id, 'hello', keyed(made.key))).status).toBe(429);
    await expect.poll(() => spentOf(made.id)).toBe(0);
  });

  test('a repeated request reserves nothing and is answered', async () => {
    const team = await makeTeam();
    const chat = await team.makeChat();
    await setTeam(team, { tokensPerDay: 100_000 });
    const send = () => team.send(chat.id, 'once', { headers: { 'idempotency-key': 'once' } });
    const first = await send();
    await spend(team, team.id, 100_000);
    const again = await send();
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await team.send(chat.id, 'twice')).status).toBe(429);
  });

  test('parallel requests with one key reserve once', async () => {
    const team = await makeTeam();
    const chat = await team.makeChat();
    await setTeam(team, { tokensPerDay: 1_000 });
    const gate = model.hold();
    const sends = Array.from({ length: 10 }, () =>
      team.send(chat.id, 'same', { headers: { 'idempotency-key': 'same' } }),
    );
    await model.callTo('same');
    gate.release();
    const answers = await Promise.all(sends);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  test('a retry and a stream are rejected too', async () => {
    const team = await makeTeam();
    const failed = await team.failed();
    await setTeam(team, { tokensPerDay: 1 });
    await spend(team, team.id, 1);
    const retried = await team.rest('POST', `/chat/${failed.chatId}/message/${failed.messageId}/retry`);
    expect([retried.status, retried.apiError.code]).toEqual([429, 'budget_exhausted']);
    const streamed = await team.send(failed.chatId, 'hello', { headers: { accept: 'text/event-stream' } });
    expect([streamed.status, streamed.apiError.code]).toEqual([429, 'budget_exhausted']);
  });

  test('the reservation of a chat that is deleted before its answer is given back', async () => {
    const team = await makeTeam();
    await setTeam(team, { tokensPerDay: 100_000 });
    const chat = await team.makeChat();
    const gate = model.hold();
    const first = team.send(chat.id, 'first');
    await model.callTo('first');
    const waiting = [first, team.send(chat.id, 'second')];
    await expect.poll(() => spentOf(team.id)).toBeGreaterThan(2_000);
    await team.rest('DELETE', `/chat/${chat.id}`);
    await Promise.all(waiting);
    gate.release();
    // The tokens that the first answer had used until then are counted.
    await expect.poll(() => spentOf(team.id), { timeout: 10_000 }).toBeLessThan(100);
  });
});

/** `team.send` uses its secret key unless another one is given. */
function keyed(key: string) {
  return { key };
}

describe('the settings of a team', () => {
  test('secret keys read and change the team field by field', async () => {
    const team = await makeTeam();
    const { body: before } = await team.rest<TeamView>('GET', '/team');
    expect(before).toEqual({ id: team.id, name: 'Team', createdAt: expect.any(String) });
    await setTeam(team, { tokensPerDay: 5, concurrentTurns: 6, name: 'Other' });
    const { body: changed } = await setTeam(team, { tokensPerDay: null, tokensPerDayPerUser: 7 });
    expect(changed).toEqual({ ...before, name: 'Other', concurrentTurns: 6, tokensPerDayPerUser: 7 });
    expect((await team.rest<TeamView>('GET', '/team')).body).toEqual(changed);
  });

  test.each([
    ['a budget of nothing', { tokensPerDay: 0 }],
    ['half a token', { tokensPerDay: 1.5 }],
    ['no name', { name: null }],
    ['a bound of nothing', { concurrentTurns: 0 }],
    ['an unknown field', { plan: 'pro' }],
  ])('a team with %s is rejected', async (_, body) => {
    const { status, apiError } = await setTeam(await makeTeam(), body).then((answer) => ({
      status: answer.status,
      apiError: answer.apiError,
    }));
    expect([status, apiError.code]).toEqual([400, 'invalid_input']);
  });
});
