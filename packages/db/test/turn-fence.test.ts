import { describe, expect, test } from 'vitest';
import type { NewTurn, TurnEnd } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';
import { leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { startDatabase } from './start-database.ts';

const db = await startDatabase('turn_fence');
const stores = db.stores;
const turns = stores.turns;
const scope = newScope();

const completed = (turn: NewTurn): TurnEnd => ({
  status: 'completed',
  answer: { id: turn.answerId, role: 'assistant', content: 'answer', createdAt: new Date() },
  usage: [{ attempt: 1, model: 'm', calls: 1 }],
  agentVersion: 1,
  textBytes: 42,
});

const failed: TurnEnd = { status: 'failed', errorCode: 'agent_not_found', textBytes: 1 };

describe('the fence', () => {
  test('one of 20 parallel claims of a turn wins, and the attempt increases', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1);
    await turns.insert(inScope(scope, turn.chat), turn);
    const tokens = Array.from({ length: 20 }, (_, index) => `token-${index}`);
    const claims = await Promise.all(tokens.map((token) => turns.claim(scope, turn.id, token)));
    const won = claims.filter((claim) => claim !== undefined);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ status: 'generating', lease: { attempt: 1, renewals: 0 }, takeovers: 0 });
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toEqual(won[0]);
  });

  test('claimNext only claims the turn of the sequence if it is queued', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1);
    await turns.insert(inScope(scope, turn.chat), turn);
    expect(await turns.claimNext(scope, chat, 2, 't')).toBeUndefined();
    expect(await turns.claimNext(scope, chat, 1, 't')).toMatchObject({ id: turn.id, lease: { token: 't' } });
    expect(await turns.claimNext(scope, chat, 1, 'u')).toBeUndefined();
  });

  test('a turn is ended with the token of its run only, and an ended turn does not change', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('mine') });
    await turns.insert(inScope(scope, turn.chat), turn);
    expect(await turns.end(scope, turn.id, 'other', failed)).toEqual({ result: 'lost' });
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toMatchObject({ status: 'generating' });
    expect(await turns.end(scope, turn.id, 'mine', completed(turn))).toEqual({
      result: 'ended',
      hasSuccessor: false,
    });
    expect(await turns.end(scope, turn.id, 'other', failed)).toEqual({ result: 'lost' });
    // If an acknowledgement was lost, the repeated end counts as its own success and is not stored twice.
    expect(await turns.end(scope, turn.id, 'mine', completed(turn))).toEqual({
      result: 'ended',
      hasSuccessor: false,
    });
    const [document] = await db.raw.collection('turns').find({ chat }).toArray();
    expect(document).toMatchObject({ status: 'completed', agentVersion: 1, textBytes: 42 });
    expect(document?.['messages']).toHaveLength(2);
    expect(document?.['usage']).toEqual([{ attempt: 1, model: 'm', calls: 1 }]);
    expect(document?.['endedAt']).toBeInstanceOf(Date);
  });

  test('an end without an answer and usage stores the error code and keeps the question', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('t') });
    await turns.insert(inScope(scope, turn.chat), turn);
    await turns.end(scope, turn.id, 't', failed);
    const found = await turns.find(inScope(scope, turn.chat), turn.id);
    expect(found).toMatchObject({
      status: 'failed',
      errorCode: 'agent_not_found',
      userMessage: turn.question.userMessage,
    });
    expect(found).not.toHaveProperty('answer');
  });

  test('the end of a removed turn reports that it was deleted', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('t') });
    await turns.insert(inScope(scope, turn.chat), turn);
    await turns.remove(scope, turn.id);
    expect(await turns.end(scope, turn.id, 't', completed(turn))).toEqual({ result: 'deleted' });
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toBeUndefined();
  });

  test('a turn is released with its token only, and the next claim is a new attempt and no takeover', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('mine') });
    await turns.insert(inScope(scope, turn.chat), turn);
    expect(await turns.release(scope, turn.id, 'other')).toBe(false);
    expect(await turns.release(scope, turn.id, 'mine')).toBe(true);
    expect(await turns.release(scope, turn.id, 'mine')).toBe(false);
    expect(await turns.find(inScope(scope, turn.chat), turn.id)).toMatchObject({
      status: 'queued',
      takeovers: 0,
    });
    expect(await turns.end(scope, turn.id, 'mine', failed)).toEqual({ result: 'lost' });
    expect(await turns.claim(scope, turn.id, 'next')).toMatchObject({
      lease: { token: 'next', attempt: 2, renewals: 0 },
      takeovers: 0,
    });
  });

  test('a renewal counts for every valid lease at once, and names the tokens that are lost', async () => {
    const chat = await newChat(stores, scope);
    const all = [1, 2, 3, 4].map((sequence) => newTurn(chat, sequence, { lease: leaseOf(`t${sequence}`) }));
    await Promise.all(all.map((turn) => turns.insert(inScope(scope, turn.chat), turn)));
    const [first, second, third, fourth] = all as [NewTurn, NewTurn, NewTurn, NewTurn];
    const leases = all.map(({ id, lease }) => ({ turn: id, token: lease?.token ?? '' }));
    expect(await turns.renew(leases)).toEqual([]);
    await turns.end(scope, first.id, 't1', failed);
    await turns.takeOver(scope, second.id, leaseOf('t2', { renewals: 1 }), 'new');
    await turns.remove(scope, third.id);
    expect(await turns.renew(leases)).toEqual(['t1', 't2', 't3']);
    expect(await turns.find(inScope(scope, fourth.chat), fourth.id)).toMatchObject({
      lease: { token: 't4', renewals: 2 },
    });
    expect(await turns.find(inScope(scope, second.chat), second.id)).toMatchObject({
      lease: { token: 'new', renewals: 0 },
    });
  });

  test('a takeover fails if the lease was renewed since it was seen', async () => {
    const chat = await newChat(stores, scope);
    const turn = newTurn(chat, 1, { lease: leaseOf('dead') });
    await turns.insert(inScope(scope, turn.chat), turn);
    await turns.renew([{ turn: turn.id, token: 'dead' }]);
    expect(await turns.takeOver(scope, turn.id, leaseOf('dead'), 'new')).toBeUndefined();
    expect(await turns.takeOver(scope, turn.id, leaseOf('x', { renewals: 1 }), 'new')).toBeUndefined();
    const seen = leaseOf('dead', { renewals: 1 });
    const tries = await Promise.all(
      ['a', 'b', 'c'].map((token) => turns.takeOver(scope, turn.id, seen, token)),
    );
    const won = tries.filter((taken) => taken !== undefined);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ status: 'generating', takeovers: 1, lease: { attempt: 2, renewals: 0 } });
    expect(await turns.end(scope, turn.id, 'dead', completed(turn))).toEqual({ result: 'lost' });
    expect(await turns.release(scope, turn.id, 'dead')).toBe(false);
  });
});
