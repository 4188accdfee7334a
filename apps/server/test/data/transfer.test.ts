import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { answerIdOf, type Chat, type Id, type Metadata, mintId, type TransferLine } from '@parley/contract';
import type { Stores, TurnEnd } from '@parley/db';
import { inScope, openTestDatabase } from '@parley/db/testing';
import type {} from '@parley/embedded/testing';
import fc from 'fast-check';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { exportTeam } from '../../src/transfer/export-team.ts';
import { ImportError, importTeam } from '../../src/transfer/import-team.ts';
import { readLines } from '../../src/transfer/read-lines.ts';
import { startHarness } from '../harness.ts';

/* An export of one database is imported in another, and exported there unchanged. */

const { makeTeam, mongo } = await startHarness();
const other = await openTestDatabase(inject('mongoUri'), 'transfer_target');
const third = await openTestDatabase(inject('mongoUri'), 'transfer_third');
afterAll(() => Promise.all([other.drop(), third.drop()]));

const here = mongo.database.stores;
type Scope = { readonly team: Id<'team'>; readonly user?: string };

async function linesOf(stores: Stores, scope: Scope, withSecrets = true): Promise<TransferLine[]> {
  const lines: TransferLine[] = [];
  for await (const line of exportTeam(stores.transfer, scope, { withSecrets, now: new Date(0) }))
    lines.push(line);
  return lines;
}

async function* texts(lines: readonly (object | string)[]): AsyncGenerator<string> {
  for (const line of lines) yield typeof line === 'string' ? line : JSON.stringify(line);
}

const importInto = (stores: Stores, scope: Scope, lines: readonly (object | string)[]) =>
  importTeam(stores.transfer, scope, texts(lines));

/** Removes the time and the team from the beginning of an export, because they are not part of its content. */
const bodyOf = (lines: readonly TransferLine[]) => lines.slice(1);

const oddTexts = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  fc.constantFrom('$$ROOT', 'a.b', '{"$ref":1}', '🙂'.repeat(20), ' \n\t', '__proto_'),
);
const metadata: fc.Arbitrary<Metadata> = fc.constantFrom<Metadata>(
  { $ref: 'chats', $id: 7, 'a.b': { $gt: '' } },
  { _bsontype: 'ObjectId', id: 'x' },
  { list: [1, 'x', null, { deep: [{}] }] },
  {},
);
const aTurn = fc.record({
  question: oddTexts,
  kind: fc.constantFrom('completed', 'stopped', 'failed', 'empty'),
  text: oddTexts,
  rating: fc.option(
    fc.record({
      rating: fc.constantFrom('up' as const, 'down' as const),
      comment: oddTexts,
    }),
    { nil: undefined },
  ),
});
const aChat = fc.record({
  user: fc.option(oddTexts, { nil: undefined }),
  metadata: fc.option(metadata, { nil: undefined }),
  title: fc.option(oddTexts, { nil: undefined }),
  turns: fc.array(aTurn, { maxLength: 4 }),
  hasOpenTurn: fc.boolean(),
});
const aTeam = fc.record({
  prompts: fc.array(oddTexts, { minLength: 1, maxLength: 3 }),
  retentionDays: fc.option(fc.integer({ min: 1, max: 3_650 }), { nil: undefined }),
  chats: fc.array(aChat, { maxLength: 3 }),
});
type TeamPlan = typeof aTeam extends fc.Arbitrary<infer Plan> ? Plan : never;

/** The models of the first version of each agent. */
const models = [{ provider: 'unknown-there', model: 'm1' }];
const modelsIn = (lines: readonly TransferLine[]) =>
  lines.flatMap((line) =>
    line.type === 'agent' ? line.versions.flatMap((version) => version.models ?? []) : [],
  );

/** Creates the data of a plan through the server's own stores. */
async function live({ prompts, retentionDays, chats }: TeamPlan): Promise<Scope> {
  const scope = { team: mintId('team') };
  const tools = [
    {
      name: 'look',
      description: 'Looks.',
      parameters: { type: 'object', properties: { 'a.$b': {} } },
      url: 'https://example.com/',
      headers: { authorization: 'Bearer tool-secret' },
    },
  ];
  const base = { name: 'Ada', type: 'support', retentionDays };
  const agent = await here.agents.create(scope, { ...base, systemPrompt: prompts[0], models, tools });
  for (const systemPrompt of prompts.slice(1)) {
    await here.agents.update(scope, agent.id, () => ({ ...base, systemPrompt, temperature: 0.5 }));
  }
  for (const { user, metadata: given, title, turns, hasOpenTurn } of chats) {
    const { id: chat } = await here.chats.create(scope, {
      agent: agent.id,
      agentType: 'support',
      ...(user !== undefined && { user }),
      ...(given !== undefined && { metadata: given }),
    });
    if (title !== undefined) await here.chats.update(scope, chat, { title });
    for (const [index, turn] of turns.entries()) {
      const id = await insert(scope, chat, index + 1, turn.question);
      await here.turns.end(scope, id, 'token', endOf(id, turn, agent.id));
      await here.usage.count([id]);
      if (turn.rating) await here.feedback.set(inScope(scope, chat), answerIdOf(id), turn.rating);
    }
    if (hasOpenTurn) await insert(scope, chat, turns.length + 1, 'open');
  }
  return scope;
}

async function insert(
  scope: Scope,
  chat: Id<'chat'>,
  sequence: number,
  content: string,
): Promise<Id<'turn'>> {
  const id = mintId('turn');
  const createdAt = new Date();
  const userMessage = { id: mintId('message'), role: 'user', content, createdAt } as const;
  await here.turns.insert(inScope(scope, chat), {
    ...{ id, chat, sequence, question: { userMessage }, answerId: answerIdOf(id), createdAt },
    lease: { token: 'token', attempt: 1, renewals: 0 },
  });
  return id;
}

function endOf(
  id: Id<'turn'>,
  { kind, text }: TeamPlan['chats'][number]['turns'][number],
  agent: Id<'agent'>,
): TurnEnd {
  const account = { agent, day: '2026-11-25' };
  const shared = {
    account,
    usage: [{ attempt: 1, model: 'm', calls: 1, inputTokens: 2 }],
    textBytes: 7,
    agentVersion: 1,
  };
  const answer = { id: answerIdOf(id), role: 'assistant', content: text, createdAt: new Date() } as const;
  const written = { attempt: 1, text };
  if (kind === 'failed') return { ...shared, status: 'failed', errorCode: 'model_failed', written };
  if (kind === 'empty') return { ...shared, status: 'stopped' };
  if (kind === 'stopped') return { ...shared, status: 'stopped', answer, written };
  return { ...shared, status: 'completed', answer: { ...answer, finishReason: 'length' }, written };
}

test('an imported export is exported again unchanged, and importing it twice changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(aTeam, async (plan) => {
      const scope = await live(plan);
      const lines = await linesOf(here, scope);
      const open = plan.chats.filter(({ hasOpenTurn }) => hasOpenTurn).length;
      expect(lines.at(-1)).toMatchObject({ type: 'end', turnsLeftOut: open });
      expect(modelsIn(lines)).toStrictEqual(models);
      const target = { team: mintId('team') };
      const first = await importInto(other.stores, target, lines);
      const end = { ...lines.at(-1), turnsLeftOut: 0 };
      expect(bodyOf(await linesOf(other.stores, target))).toEqual([...lines.slice(1, -1), end]);
      const again = await importInto(other.stores, target, lines);
      expect(again.alreadyThere).toEqual(first.added);
      expect(again.added).toEqual({ agents: 0, chats: 0, turns: 0, feedback: 0, usage: 0 });
      expect(bodyOf(await linesOf(other.stores, target))).toEqual([...lines.slice(1, -1), end]);
    }),
    { numRuns: 25 },
  );
});

test('a truncated file is rejected with its line, and the next import completes it', async () => {
  const chat = { user: 'u', metadata: {}, title: 'A title', turns: [], hasOpenTurn: false };
  const rating = { rating: 'down', comment: 'c' } as const;
  const turn = { question: 'q', kind: 'completed', text: 'a', rating } as const;
  const scope = await live({
    prompts: ['p'],
    retentionDays: undefined,
    chats: [{ ...chat, turns: [turn, turn] }, chat],
  });
  const lines = await linesOf(here, scope);
  for (let end = 1; end < lines.length; end++) {
    const target = { team: mintId('team') };
    const cut = importInto(third.stores, target, lines.slice(0, end));
    await expect(cut).rejects.toThrow(
      new ImportError(end + 1, 'the export is cut off here: its end is missing.'),
    );
    // No existing chat lacks a turn.
    const stored = bodyOf(await linesOf(third.stores, target)).filter(({ type }) => type !== 'end');
    expect(lines).toEqual(expect.arrayContaining(stored));
    expect(stored.filter(({ type }) => type === 'turn').length % 2).toBe(0);
    await importInto(third.stores, target, lines);
    expect(bodyOf(await linesOf(third.stores, target))).toEqual(bodyOf(lines));
    await third.raw.dropDatabase();
  }
});

test('an imported chat can be read, found and continued like any other', async () => {
  const from = await makeTeam();
  const { id } = await from.makeChat({ userId: 'u1', metadata: { plan: 'pro' } });
  const { body: answer } = await from.send(id, 'The capital of France?');
  const readChat = async () => (await from.rest<Chat>('GET', `/chat/${id}`)).body;
  // The last use is stored in the background.
  await expect.poll(async () => (await readChat()).updatedAt >= answer.createdAt).toBe(true);
  const to = await makeTeam();
  const lines = await linesOf(here, { team: from.id });
  const before = await readChat();
  // Removes everything with tombstones, as in a database that never had the data.
  for (const name of ['chats', 'turns', 'agents', 'usage'])
    await mongo.raw.collection(name).deleteMany({ team: from.id });
  const summary = await importInto(here, { team: to.id }, lines);
  expect(summary.added).toMatchObject({ agents: 1, chats: 1, turns: 1 });
  expect((await to.rest('GET', `/chat/${id}`)).body).toEqual({ ...before, teamId: to.id });
  const found = await to.rest<{ chats: { id: string }[] }>('GET', '/chat?search=capit&userId=u1');
  expect(found.body.chats.map((chat) => chat.id)).toEqual([id]);
  expect((await to.send(id, 'and of Spain?')).status).toBe(200);
  const { body } = await to.rest<{ messages: unknown[] }>('GET', `/chat/${id}/message`);
  expect(body.messages).toHaveLength(4);
});

test('an export of one user has only their chats, and an export has tool secrets only on request', async () => {
  const team = await makeTeam({
    tools: [
      {
        ...{ name: 't', description: 'd', parameters: { type: 'object' }, url: 'https://example.com' },
        headers: { authorization: 'tool-secret' },
      },
    ],
  });
  const own = await team.makeChat({ userId: 'own' });
  await team.makeChat({ userId: 'foreign' });
  const lines = await linesOf(here, { team: team.id, user: 'own' }, false);
  expect(lines.filter(({ type }) => type === 'chat')).toMatchObject([{ id: own.id, userId: 'own' }]);
  expect(lines.filter(({ type }) => type === 'usage')).toEqual([]);
  expect(JSON.stringify(lines)).not.toContain('tool-secret');
  expect(JSON.stringify(lines)).toContain('"headers":{"authorization":null}');
  expect(JSON.stringify(await linesOf(here, { team: team.id }))).toContain('tool-secret');
  const summary = await importInto(third.stores, { team: mintId('team') }, lines);
  expect(summary.headersWithoutValue).toBe(1);
});

test('imported feedback is listed, and feedback that was taken back since stays away when the import is repeated', async () => {
  const from = await makeTeam();
  const { chatId, messageId } = await from.answered();
  const path = `/chat/${chatId}/message/${messageId}/feedback`;
  const rating = { rating: 'up', comment: 'Short and right.' };
  await from.rest('PUT', path, { body: rating });
  const lines = await linesOf(here, { team: from.id });
  const to = await makeTeam();
  for (const name of ['chats', 'turns', 'agents', 'usage', 'feedback'])
    await mongo.raw.collection(name).deleteMany({ team: from.id });
  expect((await importInto(here, { team: to.id }, lines)).added).toMatchObject({ turns: 1, feedback: 1 });
  const listed = async () =>
    (await to.rest<{ messages: { feedback?: object }[] }>('GET', `/chat/${chatId}/message`)).body.messages[1]
      ?.feedback;
  expect(await listed()).toEqual(rating);
  await to.rest('DELETE', path);
  const again = await importInto(here, { team: to.id }, lines);
  expect([again.added.feedback, again.alreadyThere.feedback]).toEqual([0, 1]);
  expect(await listed()).toBeUndefined();
});

test('an export of one user has their feedback, and not that of the team', async () => {
  const team = await makeTeam();
  const { id: chatId } = await team.makeChat({ userId: 'ann' });
  const { body } = await team.send(chatId, 'hello');
  const path = `/chat/${chatId}/message/${body.id}/feedback`;
  const ann = { key: await team.guestKey(), headers: { 'x-user-token': await team.userToken('ann') } };
  await team.rest('PUT', path, { body: { rating: 'up' }, ...ann });
  await team.rest('PUT', path, { body: { rating: 'down' } });
  const feedbackOf = async (scope: Scope) =>
    (await linesOf(here, scope)).flatMap((line) => (line.type === 'feedback' ? [line.by] : []));
  expect(await feedbackOf({ team: team.id })).toEqual(['team', 'user']);
  expect(await feedbackOf({ team: team.id, user: 'ann' })).toEqual(['user']);
});

const feedbackLine: TransferLine = {
  ...{ type: 'feedback', messageId: mintId('message'), by: 'team', rating: 'up', day: '2026-11-25' },
  updatedAt: '2026-11-25T00:00:00.000Z',
};

describe('imports that are rejected', () => {
  const sample = async () => {
    const team = await makeTeam();
    const { id } = await team.makeChat();
    await team.send(id, 'hello');
    return { team, lines: await linesOf(here, { team: team.id }) };
  };
  const apiErrorOf = async (scope: Scope, lines: readonly (object | string)[], stores = third.stores) =>
    importInto(stores, scope, lines).then(
      () => undefined,
      (error: unknown) => (error instanceof ImportError ? error.message : error),
    );

  test('an import with an agent or a chat of another team is rejected with its line', async () => {
    const { lines } = await sample();
    const otherTeam = await makeTeam();
    expect(await apiErrorOf({ team: otherTeam.id }, lines, here)).toMatch(/^Line 2: .*another team/);
    const [begin, ...rest] = lines;
    const chats = rest.filter(({ type }) => type !== 'agent');
    expect(await apiErrorOf({ team: otherTeam.id }, [begin ?? {}, ...chats], here)).toMatch(
      /^Line 2: chat .*another/,
    );
    expect((await otherTeam.rest<{ chats: unknown[] }>('GET', '/chat')).body.chats).toEqual([]);
  });

  test('an import of a chat that has continued differently is rejected with its line', async () => {
    const { team, lines } = await sample();
    const scope = { team: team.id };
    const turn = lines.find(({ type }) => type === 'turn');
    const tail = mintId('turn');
    const changed = lines.map((line) =>
      line === turn ? { ...line, id: tail, answerId: answerIdOf(tail) } : line,
    );
    expect(await apiErrorOf(scope, changed, here)).toMatch(/^Line 3: .* has continued differently/);
  });

  test.each<[string, (lines: TransferLine[]) => (object | string)[], RegExp]>([
    ['a line without JSON', (lines) => [...lines.slice(0, 2), 'not json'], /^Line 3: this is no JSON/],
    [
      'an unknown type',
      (lines) => [...lines.slice(0, 1), { type: 'key' }],
      /^Line 2: this is no line of an export/,
    ],
    ['an unknown field', ([begin, agent]) => [begin ?? {}, { ...agent, team: 'x' }], /^Line 2: [\s\S]*team/],
    [
      'a newer version',
      ([begin]) => [{ ...begin, version: 7, addedLater: 1 }],
      /^Line 1: .*version 7.*newer one/,
    ],
    ['no beginning', (lines) => lines.slice(1), /^Line 1: an export begins/],
    ['two beginnings', ([begin]) => [begin ?? {}, begin ?? {}], /^Line 2: an export begins/],
    [
      'a turn without a chat',
      (lines) => lines.filter(({ type }) => type !== 'chat'),
      /^Line 3: a turn follows its chat/,
    ],
    [
      'feedback without a chat',
      ([begin]) => [begin ?? {}, feedbackLine],
      /^Line 2: feedback follows the turns of its chat/,
    ],
    [
      'a turn behind feedback',
      (lines) => lines.flatMap<object>((line) => (line.type === 'turn' ? [feedbackLine, line] : [line])),
      /^Line 5: a turn follows its chat/,
    ],
    [
      'feedback that the end does not count',
      (lines) => lines.flatMap<object>((line) => (line.type === 'turn' ? [line, feedbackLine] : [line])),
      /should be 0 feedback before it, and are 1/,
    ],
    [
      'a turn that is missing',
      (lines) => lines.filter(({ type }) => type !== 'turn'),
      /should be 1 turns before it, and are 0/,
    ],
    ['a line after the end', (lines) => [...lines, ...lines.slice(1, 2)], /nothing may follow the end/],
    ['no lines', () => [], /^Line 1: the export is cut off/],
  ])('an import with %s is rejected with its line', async (_, change, sentence) => {
    const { lines } = await sample();
    expect(await apiErrorOf({ team: mintId('team') }, change(lines))).toMatch(sentence);
  });

  test('an import with a line that is too long is rejected with its line', async () => {
    const chunks = async function* () {
      for (let index = 0; index < 5; index++) yield Buffer.alloc(1_000, 'x');
    };
    const read = async () => {
      for await (const line of readLines(chunks(), 3_000)) expect(line).toBeUndefined();
    };
    await expect(read()).rejects.toThrow('Line 1: it is longer than any line of an export.');
  });
});

describe('exports of every release', () => {
  const release = fileURLToPath(new URL('fixtures/release-0.1.0.jsonl', import.meta.url));

  test('an export of release 0.1.0 is imported and exported again unchanged', async () => {
    const given = (await readFile(release, 'utf8')).trim().split('\n');
    const scope = { team: mintId('team') };
    const summary = await importTeam(here.transfer, scope, Readable.from(given));
    expect(summary).toMatchObject({
      added: { agents: 1, chats: 1, turns: 3, usage: 1 },
      headersWithoutValue: 2,
    });
    const again: object[] = [];
    for await (const line of exportTeam(here.transfer, scope)) again.push(line);
    const parsed = given.map((line) => JSON.parse(line));
    // Headers without a value were not stored.
    for (const { tools } of parsed[1].versions) for (const tool of tools) delete tool.headers;
    // It did not say when a chat was last used, which follows from the chat's turns.
    const ends = parsed.filter(({ type }) => type === 'turn').map(({ endedAt }) => endedAt);
    Object.assign(
      parsed.find(({ type }) => type === 'chat'),
      { updatedAt: ends.at(-1) },
    );
    expect(again.slice(1).map(withoutUsageId)).toEqual(parsed.slice(1).map(withoutUsageId));
  });

  test('an export without a version has the first version', async () => {
    const [begin = '', ...rest] = (await readFile(release, 'utf8')).trim().split('\n');
    const { version: _, ...unversioned } = JSON.parse(begin);
    const lines = Readable.from([JSON.stringify(unversioned), ...rest]);
    await expect(importTeam(here.transfer, { team: mintId('team') }, lines)).rejects.toThrow(/another team/);
  });
});

/** The id is a hash of the team and other fields. */
function withoutUsageId(line: object): object {
  return 'type' in line && line.type === 'usage' ? { ...line, id: '' } : line;
}

test('lines are read unchanged, wherever the chunks are cut', async () => {
  const lines = fc.array(
    fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed() && !text.includes('\n')),
  );
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (texts_, size, hasLastBreak) => {
        const bytes = Buffer.from(texts_.join('\n') + (hasLastBreak && texts_.length > 0 ? '\n' : ''));
        const pieces = async function* () {
          for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
        };
        const read: string[] = [];
        for await (const line of readLines(pieces())) read.push(line);
        expect(read).toEqual(texts_);
      },
    ),
  );
});
