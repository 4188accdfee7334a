import { mintId } from '@parley/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NewTurn, TurnEnd } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { startDatabase } from './start-database.ts';

const db = await startDatabase('turn_store');
const stores = db.stores;
const turns = stores.turns;
const scope = newScope();

const completed = (turn: NewTurn, content = 'answer'): TurnEnd => ({
  status: 'completed',
  answer: { id: turn.answerId, role: 'assistant', content, createdAt: new Date() },
  usage: [{ attempt: 1, model: 'm', calls: 1 }],
  agentVersion: 1,
  textBytes: 42,
});

const failed: TurnEnd = { status: 'failed', errorCode: 'agent_not_found', textBytes: 1 };

describe('insert', () => {
  test('exactly one of 50 parallel inserts of one sequence wins', async () => {
    const chat = await newChat(stores, scope);
    const all = Array.from({ length: 50 }, () => newTurn(chat, 1));
    const results = await Promise.all(all.map((turn) => turns.insert(inScope(scope, turn.chat), turn)));
    expect(results.filter((result) => result === 'inserted')).toHaveLength(1);
    const winner = all[results.indexOf('inserted')];
    expect(await db.raw.collection('turns').find({ chat }).toArray()).toMatchObject([{ _id: winner?.id }]);
  });

  test('inserting a turn again succeeds and changes nothing', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('mine') });
    expect(await turns.insert(inScope(scope, turn.chat), turn)).toBe('inserted');
    const stored = await turns.find(inScope(scope, turn.chat), turn.id);
    expect(
      await Promise.all([
        turns.insert(inScope(scope, turn.chat), turn),
        turns.insert(inScope(scope, turn.chat), turn),
      ]),
    ).toEqual(['inserted', 'inserted']);
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toEqual(stored);
  });

  test('an insert with a taken sequence does not change the stored turn', async () => {
    const chat = await newChat(stores, scope);
    const first = newTurn(chat, 1);
    await turns.insert(inScope(scope, first.chat), first);
    expect(await turns.insert(inScope(scope, chat), newTurn(chat, 1))).toBe('sequence-taken');
    expect(await turns.find(inScope(scope, first.chat), first.id)).toMatchObject({
      status: 'queued',
      sequence: 1,
    });
    expect(await turns.tail(inScope(scope, chat))).toMatchObject({ sequence: 1, unfinished: 1 });
  });

  test('an inserted turn is generating with a lease and queued without one', async () => {
    const chat = await newChat(stores, scope);
    const running = newTurn(chat, 1, { lease: leaseOf('t') });
    const waiting = newTurn(chat, 2);
    await turns.insert(inScope(scope, running.chat), running);
    await turns.insert(inScope(scope, waiting.chat), waiting);
    expect(await turns.find(inScope(scope, running.chat), running.id)).toEqual({
      id: running.id,
      team: scope.team,
      chat,
      sequence: 1,
      status: 'generating',
      takeovers: 0,
      lease: leaseOf('t'),
      isCancelled: false,
      userMessage: running.question.userMessage,
      answerId: running.answerId,
      createdAt: running.createdAt,
    });
    expect(await turns.find(inScope(scope, waiting.chat), waiting.id)).toMatchObject({ status: 'queued' });
    expect(await turns.find(inScope(scope, waiting.chat), waiting.id)).not.toHaveProperty('lease');
  });

  test('the content of questions and answers is read exactly as it was stored', async () => {
    const chat = await newChat(stores, scope);
    let sequence = 0;
    const texts = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.constantFrom(
        '$$ROOT',
        '$where',
        '{"$ref":"a","$id":1}',
        '\u{1F469}‍\u{1F680}',
        '\r\n\t ',
        '﻿x',
        '$',
        ' ',
        'é',
      ),
    );
    await fc.assert(
      fc.asyncProperty(texts, texts, async (question, answer) => {
        sequence++;
        const turn = newTurn(chat, sequence, { lease: leaseOf('t'), content: question });
        await turns.insert(inScope(scope, turn.chat), turn);
        await turns.end(scope, turn.id, 't', completed(turn, answer));
        const found = await turns.find(inScope(scope, turn.chat), turn.id);
        expect([found?.userMessage?.content, found?.answer?.content]).toEqual([question, answer]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('tail', () => {
  test('the tail of an empty chat has sequence 0', async () => {
    const chat = await newChat(stores, scope);
    expect(await turns.tail(inScope(scope, chat))).toEqual({
      sequence: 0,
      ended: true,
      textBytes: 0,
      unfinished: 0,
    });
  });

  test('the tail counts unfinished turns, and the text up to the newest ended turn', async () => {
    const chat = await newChat(stores, scope);
    await endedTurn(stores, scope, chat, 1);
    await endedTurn(stores, scope, chat, 2);
    expect(await turns.tail(inScope(scope, chat))).toEqual({
      sequence: 2,
      ended: true,
      textBytes: 200,
      unfinished: 0,
    });
    await turns.insert(inScope(scope, chat), newTurn(chat, 3, { lease: leaseOf('t') }));
    await turns.insert(inScope(scope, chat), newTurn(chat, 4));
    expect(await turns.tail(inScope(scope, chat))).toEqual({
      sequence: 4,
      ended: false,
      textBytes: 200,
      unfinished: 2,
    });
  });
});

describe('readRunContext', () => {
  test('a run reads the chat, the state of its predecessor and the history, oldest first', async () => {
    const chat = await newChat(stores, scope);
    await endedTurn(stores, scope, chat, 1);
    await endedTurn(stores, scope, chat, 2);
    await turns.insert(inScope(scope, chat), newTurn(chat, 3));
    const view = await turns.readRunContext(scope, chat, 3, 1_000);
    expect(view.chat?.chat.id).toBe(chat);
    expect(view).toMatchObject({ predecessorEnded: true, textBytesBefore: 200 });
    expect(view.history.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'user: question 1',
      'assistant: answer 1',
      'user: question 2',
      'assistant: answer 2',
    ]);
  });

  test('a predecessor that is generating or queued has not ended', async () => {
    const chat = await newChat(stores, scope);
    const first = newTurn(chat, 1);
    await turns.insert(inScope(scope, first.chat), first);
    await turns.insert(inScope(scope, chat), newTurn(chat, 2));
    expect(await turns.readRunContext(scope, chat, 2, 1_000)).toMatchObject({ predecessorEnded: false });
    await turns.claim(scope, first.id, 't');
    expect(await turns.readRunContext(scope, chat, 2, 1_000)).toMatchObject({ predecessorEnded: false });
    await turns.end(scope, first.id, 't', failed);
    expect(await turns.readRunContext(scope, chat, 2, 1_000)).toMatchObject({
      predecessorEnded: true,
      textBytesBefore: 1,
    });
  });

  test('the history begins with a question, and the predecessor is read also if it exceeds the bytes', async () => {
    const chat = await newChat(stores, scope);
    for (let sequence = 1; sequence <= 4; sequence++) {
      await endedTurn(stores, scope, chat, sequence, 'a'.repeat(100));
    }
    for (const [bytes, turnsRead] of [
      [0, 1],
      [1, 1],
      [120, 2],
      [230, 3],
      [10_000, 4],
    ] as const) {
      const { history, textBytesBefore } = await turns.readRunContext(scope, chat, 5, bytes);
      expect(history).toHaveLength(turnsRead * 2);
      expect(history[0]).toMatchObject({ role: 'user', content: `question ${5 - turnsRead}` });
      expect(textBytesBefore).toBe(400);
    }
  });

  test('a history of more turns than one page holds is complete', async () => {
    const chat = await newChat(stores, scope);
    const template = await endedTurn(stores, scope, chat, 1);
    const [document] = await db.raw.collection('turns').find({ chat }).toArray();
    await db.raw.collection('turns').insertMany(
      Array.from({ length: 99 }, (_, index) => ({
        ...document,
        _id: mintId('turn') as never,
        sequence: index + 2,
        messages: [{ ...template.question.userMessage, content: `question ${index + 2}` }],
      })),
    );
    const { history } = await turns.readRunContext(scope, chat, 101, 1_000_000);
    const questions = history.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(questions).toEqual(Array.from({ length: 100 }, (_, index) => `question ${index + 1}`));
    const { history: some } = await turns.readRunContext(scope, chat, 70, 400);
    expect(some.at(-1)?.content).toBe('question 69');
    // The known size of the chat only decides the number of turns that are read.
    for (const chatBytes of [0, 1, 2_000, 1_000_000_000]) {
      expect((await turns.readRunContext(scope, chat, 101, 1_000_000, chatBytes)).history).toEqual(history);
      expect((await turns.readRunContext(scope, chat, 70, 400, chatBytes)).history).toEqual(some);
    }
  });

  test('a run of a deleted chat finds no chat', async () => {
    const chat = await newChat(stores, scope);
    await turns.insert(inScope(scope, chat), newTurn(chat, 1));
    await stores.chats.markDeleted(scope, chat);
    expect((await turns.readRunContext(scope, chat, 1, 1_000)).chat).toBeUndefined();
  });
});

describe('successors', () => {
  test('a successor announces itself to an unfinished predecessor, whose end then reports it', async () => {
    const chat = await newChat(stores, scope);
    const first = newTurn(chat, 1, { lease: leaseOf('t') });
    await turns.insert(inScope(scope, first.chat), first);
    await turns.insert(inScope(scope, chat), newTurn(chat, 2));
    await turns.insert(inScope(scope, chat), newTurn(chat, 3));
    expect(await turns.announceSuccessor(scope, chat, 2)).toBe(true);
    expect(await turns.announceSuccessor(scope, chat, 2)).toBe(true);
    expect(await turns.announceSuccessor(scope, chat, 3)).toBe(true);
    expect(await turns.end(scope, first.id, 't', failed)).toEqual({ result: 'ended', hasSuccessor: true });
    expect(await turns.end(scope, first.id, 't', failed)).toEqual({ result: 'ended', hasSuccessor: true });
    expect(await turns.announceSuccessor(scope, chat, 2)).toBe(false);
  });

  test('one of two turns sees the other if the successor is announced while the predecessor ends', async () => {
    for (let round = 0; round < 30; round++) {
      const chat = await newChat(stores, scope);
      const first = newTurn(chat, 1, { lease: leaseOf('t') });
      await turns.insert(inScope(scope, first.chat), first);
      await turns.insert(inScope(scope, chat), newTurn(chat, 2));
      const [announced, ended] = await Promise.all([
        turns.announceSuccessor(scope, chat, 2),
        turns.end(scope, first.id, 't', failed),
      ]);
      expect(ended).toEqual({ result: 'ended', hasSuccessor: announced });
    }
  });

  test('the first turn of a chat has no predecessor to wait for', async () => {
    const chat = await newChat(stores, scope);
    expect(await turns.hasPredecessorEnded(scope, chat, 1)).toBe(true);
    await turns.insert(inScope(scope, chat), newTurn(chat, 1));
    expect(await turns.hasPredecessorEnded(scope, chat, 2)).toBe(false);
  });

  test('a turn whose predecessors were purged with their chat need not wait for them', async () => {
    const chat = await newChat(stores, scope);
    await endedTurn(stores, scope, chat, 1);
    await stores.chats.markDeleted(scope, chat);
    await stores.chats.purge(chat);
    expect(await turns.hasPredecessorEnded(scope, chat, 2)).toBe(true);
  });
});

describe('listUnfinished', () => {
  test('unfinished turns of all teams are listed in pages in the order of their ids, also while some end', async () => {
    const own = await startDatabase('unfinished');
    const all: NewTurn[] = [];
    for (let index = 0; index < 12; index++) {
      const team = newScope();
      const chat = await newChat(own.stores, team);
      const isRunning = index % 2 === 1;
      const turn = newTurn(chat, 1, isRunning ? { lease: leaseOf(`t${index}`) } : {});
      await own.stores.turns.insert(inScope(team, chat), turn);
      if (index % 4 === 1) await own.stores.turns.end(team, turn.id, `t${index}`, failed);
      else all.push(turn);
    }
    const first = await own.stores.turns.listUnfinished(4);
    expect(first.map(({ id }) => id)).toEqual(all.slice(0, 4).map(({ id }) => id));
    const [deleted] = first;
    if (deleted) await own.stores.turns.remove({ team: deleted.team }, deleted.id);
    const rest = await own.stores.turns.listUnfinished(100, first.at(-1)?.id);
    expect(rest.map(({ id }) => id)).toEqual(all.slice(4).map(({ id }) => id));
    expect(rest[0]).toMatchObject({ status: 'queued', takeovers: 0, sequence: 1 });
  });
});
