import { mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import type { TurnEnd } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, leaseOf, newChat, newScope, newTurn, retryOf } from './examples.ts';
import { startDatabase } from './start-database.ts';

/* Marks on turns of other processes, and reads of turns without their text. */

const db = await startDatabase('turn_marks');
const stores = db.stores;
const turns = stores.turns;
const scope = newScope();

const failed: TurnEnd = { status: 'failed', errorCode: 'model_failed', textBytes: 1 };

describe('cancel', () => {
  test('a cancel marks an unfinished turn, can be repeated, and leaves its lease valid', async () => {
    const chat = await newChat(stores, scope);
    const running = newTurn(chat, 1, { lease: leaseOf('t') });
    const waiting = newTurn(chat, 2);
    for (const turn of [running, waiting]) {
      await turns.insert(inScope(scope, turn.chat), turn);
      expect(await turns.find(inScope(scope, turn.chat), turn.id)).toMatchObject({ isCancelled: false });
      expect([
        await turns.cancel(inScope(scope, turn.chat), turn.id),
        await turns.cancel(inScope(scope, turn.chat), turn.id),
      ]).toEqual([true, true]);
    }
    expect(await turns.find(inScope(scope, running.chat), running.id)).toMatchObject({
      status: 'generating',
      isCancelled: true,
      lease: leaseOf('t'),
    });
    expect(await turns.find(inScope(scope, waiting.chat), waiting.id)).toMatchObject({
      status: 'queued',
      isCancelled: true,
    });
    expect(await turns.renew([{ turn: running.id, token: 't' }])).toEqual([]);
    expect(await turns.end(scope, running.id, 't', { status: 'stopped', textBytes: 1 })).toMatchObject({
      result: 'ended',
    });
  });

  test('a cancel of an ended or missing turn reports it and changes nothing', async () => {
    const chat = await newChat(stores, scope);
    const turn = await endedTurn(stores, scope, chat, 1);
    const before = await turns.find(inScope(scope, turn.chat), turn.id);
    expect(await turns.cancel(inScope(scope, turn.chat), turn.id)).toBe(false);
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toEqual(before);
    expect(await turns.cancel(inScope(scope, chat), mintId('turn'))).toBe(false);
  });

  test('claims, takeovers and the recovery loop see the mark of a cancelled turn', async () => {
    const chat = await newChat(stores, scope);
    const [first, second, third] = [
      newTurn(chat, 1),
      newTurn(chat, 2),
      newTurn(chat, 3, { lease: leaseOf('dead') }),
    ] as const;
    for (const turn of [first, second, third]) {
      await turns.insert(inScope(scope, turn.chat), turn);
      await turns.cancel(inScope(scope, turn.chat), turn.id);
    }
    const listed = (await turns.listUnfinished(1_000)).filter((turn) => turn.chat === chat);
    expect(listed.map(({ isCancelled }) => isCancelled)).toEqual([true, true, true]);
    expect(await turns.claim(scope, first.id, 'a')).toMatchObject({ isCancelled: true });
    expect(await turns.claimNext(scope, chat, 2, 'b')).toMatchObject({ isCancelled: true });
    expect(await turns.takeOver(scope, third.id, leaseOf('dead'), 'c')).toMatchObject({ isCancelled: true });
  });

  test('a cancel does not change a turn whose end came first', async () => {
    for (let round = 0; round < 20; round++) {
      const chat = await newChat(stores, scope);
      const turn = newTurn(chat, 1, { lease: leaseOf('t') });
      await turns.insert(inScope(scope, turn.chat), turn);
      const [marked, ended] = await Promise.all([
        turns.cancel(inScope(scope, turn.chat), turn.id),
        turns.end(scope, turn.id, 't', failed),
      ]);
      expect(ended).toMatchObject({ result: 'ended' });
      expect(await turns.find(inScope(scope, turn.chat), turn.id)).toMatchObject({
        status: 'failed',
        isCancelled: marked,
      });
    }
  });
});

test('cancelBefore marks only unfinished turns before a turn, only in its chat', async () => {
  const [chat, other] = [await newChat(stores, scope), await newChat(stores, scope)];
  await endedTurn(stores, scope, chat, 1);
  await turns.insert(inScope(scope, chat), newTurn(chat, 2, { lease: leaseOf('t') }));
  for (const sequence of [3, 4, 5]) await turns.insert(inScope(scope, chat), newTurn(chat, sequence));
  await turns.insert(inScope(scope, other), newTurn(other, 1));
  await turns.cancelBefore(inScope(scope, chat), 4);
  const marks = (await turns.listAfter(inScope(scope, chat), 0, 10)).map(({ isCancelled }) => isCancelled);
  expect(marks).toEqual([false, true, true, false, false]);
  expect(await turns.listAfter(inScope(scope, other), 0, 10)).toMatchObject([{ isCancelled: false }]);
});

test('cancelBefore marks every turn of the longest possible queue', async () => {
  const chat = await newChat(stores, scope);
  for (let sequence = 1; sequence <= 10; sequence++)
    await turns.insert(inScope(scope, chat), newTurn(chat, sequence));
  await turns.cancelBefore(inScope(scope, chat), 10);
  const marks = (await turns.listAfter(inScope(scope, chat), 0, 20)).map(({ isCancelled }) => isCancelled);
  expect(marks).toEqual([...Array.from({ length: 9 }, () => true), false]);
});

describe('listMarks', () => {
  test('listMarks returns the turns that exist, and which of them are cancelled, also ended ones', async () => {
    const chat = await newChat(stores, scope);
    const ended = await endedTurn(stores, scope, chat, 1);
    const running = newTurn(chat, 2, { lease: leaseOf('t') });
    const cancelled = newTurn(chat, 3);
    const removed = newTurn(chat, 4);
    for (const turn of [running, cancelled, removed]) await turns.insert(inScope(scope, turn.chat), turn);
    await turns.cancel(inScope(scope, cancelled.chat), cancelled.id);
    await turns.remove(scope, removed.id);
    const marks = await turns.listMarks([ended, running, cancelled, removed].map(({ id }) => id));
    expect(marks.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: ended.id, isCancelled: false },
      { id: running.id, isCancelled: false },
      { id: cancelled.id, isCancelled: true },
    ]);
    expect(await turns.listMarks([])).toEqual([]);
  });
});

describe('findState', () => {
  test('findState returns the status, newest attempt and mark of a turn, and undefined for a missing one', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1);
    await turns.insert(inScope(scope, turn.chat), turn);
    const state = () => turns.findState(inScope(scope, turn.chat), turn.id);
    expect(await state()).toEqual({ status: 'queued', attempt: 0, isCancelled: false });
    await turns.claim(scope, turn.id, 'a');
    expect(await state()).toEqual({ status: 'generating', attempt: 1, isCancelled: false });
    await turns.takeOver(scope, turn.id, leaseOf('a'), 'b');
    await turns.cancel(inScope(scope, turn.chat), turn.id);
    expect(await state()).toEqual({ status: 'generating', attempt: 2, isCancelled: true });
    await turns.release(scope, turn.id, 'b');
    expect(await state()).toEqual({ status: 'queued', attempt: 2, isCancelled: true });
    await turns.claim(scope, turn.id, 'c');
    await turns.end(scope, turn.id, 'c', { status: 'stopped', textBytes: 1 });
    expect(await state()).toEqual({ status: 'stopped', attempt: 3, isCancelled: true });
    await turns.remove(scope, turn.id);
    expect(await state()).toBeUndefined();
  });
});

describe('listAfter', () => {
  test('listAfter returns whole turns after a sequence, in order, up to the limit', async () => {
    const chat = await newChat(stores, scope);
    const all = [];
    for (let sequence = 1; sequence <= 5; sequence++) {
      all.push(await endedTurn(stores, scope, chat, sequence));
    }
    const ids = all.map(({ id }) => id);
    const list = async (after: number, limit: number) =>
      (await turns.listAfter(inScope(scope, chat), after, limit)).map(({ id }) => id);
    expect(await list(0, 10)).toEqual(ids);
    expect(await list(2, 10)).toEqual(ids.slice(2));
    expect(await list(1, 2)).toEqual(ids.slice(1, 3));
    expect(await list(5, 10)).toEqual([]);
    expect(await turns.listAfter(inScope(scope, chat), 4, 1)).toEqual([
      await turns.find(inScope(scope, chat), ids[4] ?? mintId('turn')),
    ]);
  });
});

describe('what was written', () => {
  test('an answer names the run that wrote it, and an answer of an older release counts as the last run’s', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('t', { attempt: 3 }) });
    await turns.insert(inScope(scope, turn.chat), turn);
    const answer = { id: turn.answerId, role: 'assistant' as const, content: 'kept', createdAt: new Date() };
    const written = { attempt: 2, text: 'kept' };
    await turns.end(scope, turn.id, 't', { status: 'stopped', answer, written, textBytes: 4 });
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toMatchObject({
      written,
      answer: { content: 'kept' },
    });
    // The text is stored once.
    const [document] = await db.raw.collection('turns').find({ chat }).toArray();
    expect(document?.['written']).toEqual({ attempt: 2 });
    await db.raw.collection('turns').updateOne({ chat }, { $unset: { written: 1 } });
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toMatchObject({
      written: { attempt: 3, text: 'kept' },
    });
  });

  test('the text of a failed run is stored, and is no answer', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('t') });
    await turns.insert(inScope(scope, turn.chat), turn);
    const written = { attempt: 1, text: 'half an ' };
    await turns.end(scope, turn.id, 't', { ...failed, written });
    const found = await turns.find(inScope(scope, turn.chat), turn.id);
    expect(found).toMatchObject({ status: 'failed', written });
    expect(found).not.toHaveProperty('answer');
    // The model of the next turn does not get it.
    const { history } = await turns.readRunContext(scope, chat, 2, 1_000);
    expect(history.map(({ content }) => content)).toEqual(['question 1']);
  });

  test('a retry stores no message of its own, and its history ends with the message it answers', async () => {
    const chat = await newChat(stores, scope);
    const first = newTurn(chat, 1, { lease: leaseOf('t') });
    await turns.insert(inScope(scope, first.chat), first);
    await turns.end(scope, first.id, 't', failed);
    const retry = retryOf(first, { lease: leaseOf('u') });
    expect(await turns.insert(inScope(scope, retry.chat), retry)).toBe('inserted');
    const found = await turns.find(inScope(scope, retry.chat), retry.id);
    expect(found).toMatchObject({
      retryOf: { turn: first.id, userMessageId: first.question.userMessage.id },
    });
    expect(found).not.toHaveProperty('userMessage');
    await turns.end(scope, retry.id, 'u', failed);
    const again = { ...retryOf(first), sequence: 3 };
    await turns.insert(inScope(scope, again.chat), again);
    // The whole chain of failed turns is read, even beyond the bytes, because the answer needs the question.
    for (const bytes of [0, 1, 1_000]) {
      const { history } = await turns.readRunContext(scope, chat, 3, bytes);
      expect(history.map(({ content }) => content)).toEqual(['question 1']);
    }
  });
});
