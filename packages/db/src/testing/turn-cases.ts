import { deepEqual, equal, ok } from 'node:assert/strict';
import { mintId, type TapePart, tapeOf, textOfTape } from '@parley/contract';
import { completed, endedTurn, failed, inScope, leaseOf, newTurn, type StoreCase } from './store-case.ts';

const idempotency = { key: 'key', body: 'body' };

/** Turns: insert, search and end. */
export const turnCases: readonly StoreCase[] = [
  {
    name: 'a turn is read as it was inserted, queued or with its lease',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const waiting = newTurn(chat, 1, { idempotency });
      const running = newTurn(chat, 2, { lease: leaseOf('t') });
      equal(await turns.insert(access, waiting), 'inserted');
      equal(await turns.insert(access, running), 'inserted');
      const { question, ...fields } = waiting;
      const common = { team: scope.team, takeovers: 0, isCancelled: false };
      deepEqual(await turns.find(access, waiting.id), {
        ...fields,
        ...question,
        ...common,
        status: 'queued',
      });
      const { question: other, ...others } = running;
      deepEqual(await turns.find(access, running.id), {
        ...others,
        ...other,
        ...common,
        status: 'generating',
      });
      deepEqual(await turns.findState(access, waiting.id), {
        status: 'queued',
        attempt: 0,
        isCancelled: false,
      });
      deepEqual(await turns.findState(access, running.id), {
        status: 'generating',
        attempt: 1,
        isCancelled: false,
      });
    },
  },
  {
    name: 'of parallel inserts of one sequence one wins, and a repeated insert of the same turn succeeds',
    async run({ turns }, _scope, access) {
      const chat = access.chat.id;
      const all = Array.from({ length: 8 }, () => newTurn(chat, 1));
      const results = await Promise.all(all.map((turn) => turns.insert(access, turn)));
      equal(results.filter((result) => result === 'inserted').length, 1);
      equal(results.filter((result) => result === 'sequence-taken').length, 7);
      const winner = all[results.indexOf('inserted')];
      ok(winner);
      equal(await turns.insert(access, winner), 'inserted');
      equal(await turns.insert(access, { ...winner, sequence: 2 }), 'inserted');
      equal((await turns.find(access, winner.id))?.sequence, 1);
    },
  },
  {
    name: 'an idempotency key belongs to one turn of its chat, with any sequence',
    async run({ turns, chats }, scope, access) {
      const chat = access.chat.id;
      const first = newTurn(chat, 1, { idempotency });
      await turns.insert(access, first);
      equal(await turns.insert(access, newTurn(chat, 1, { idempotency })), 'key-taken');
      equal(await turns.insert(access, newTurn(chat, 2, { idempotency })), 'key-taken');
      const { id: other } = await chats.create(scope, { agent: mintId('agent'), agentType: 't' });
      equal(await turns.insert(inScope(scope, other), newTurn(other, 1, { idempotency })), 'inserted');
      equal((await turns.findByIdempotencyKey(access, 'key'))?.id, first.id);
      equal(await turns.findByIdempotencyKey(inScope({ team: mintId('team') }, chat), 'key'), undefined);
      equal(await turns.findByIdempotencyKey(access, 'another'), undefined);
    },
  },
  {
    name: 'a retry has no message of its own, and takes the sequence after the failed turn',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const first = newTurn(chat, 1, { lease: leaseOf('t') });
      await turns.insert(access, first);
      await turns.end(scope, first.id, 't', { ...failed, written: { attempt: 1, text: 'half' } });
      const retryOf = { turn: first.id, userMessageId: mintId('message') };
      const retry = newTurn(chat, 2, { question: { retryOf } });
      equal(await turns.insert(access, retry), 'inserted');
      const found = await turns.find(access, retry.id);
      deepEqual(found?.retryOf, retryOf);
      ok(found && !('userMessage' in found));
      deepEqual((await turns.find(access, first.id))?.written, { attempt: 1, text: 'half' });
      equal(await turns.insert(access, newTurn(chat, 2)), 'sequence-taken');
    },
  },
  {
    name: 'the tail of a chat counts unfinished turns, and the text up to the newest ended turn',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { turns } = stores;
      deepEqual(await turns.tail(access), { sequence: 0, ended: true, textBytes: 0, unfinished: 0 });
      await endedTurn(stores, scope, chat, 1);
      await endedTurn(stores, scope, chat, 2);
      deepEqual(await turns.tail(access), { sequence: 2, ended: true, textBytes: 200, unfinished: 0 });
      await turns.insert(access, newTurn(chat, 3, { lease: leaseOf('t') }));
      await turns.insert(access, newTurn(chat, 4));
      deepEqual(await turns.tail(access), { sequence: 4, ended: false, textBytes: 200, unfinished: 2 });
    },
  },
  {
    name: 'a run reads the chat, whether its predecessor has ended, and the history, oldest first',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { turns, chats } = stores;
      await endedTurn(stores, scope, chat, 1);
      const second = newTurn(chat, 2);
      await turns.insert(access, second);
      await turns.insert(access, newTurn(chat, 3));
      const { history, ...view } = await turns.readRunContext(scope, chat, 2, 1_000);
      deepEqual(
        { ...view, chat: view.chat?.chat.id },
        { chat, predecessorEnded: true, textBytesBefore: 100 },
      );
      deepEqual(
        history.map(({ content }) => content),
        ['question 1', 'answer 1'],
      );
      equal((await turns.readRunContext(scope, chat, 3, 1_000)).predecessorEnded, false);
      equal((await turns.readRunContext(scope, chat, 2, 0)).history.length, 2);
      equal((await turns.readRunContext(scope, chat, 1, 1_000)).predecessorEnded, true);
      await chats.markDeleted(scope, chat);
      equal((await turns.readRunContext(scope, chat, 3, 1_000)).chat, undefined);
    },
  },
  {
    name: 'an attempt is raised under the token, as often as it is sent, and is no takeover',
    async run({ turns }, scope, access) {
      const turn = newTurn(access.chat.id, 1, { lease: leaseOf('mine') });
      await turns.insert(access, turn);
      equal(await turns.raiseAttempt(scope, turn.id, 'other', 2), 'lost');
      equal(await turns.raiseAttempt({ team: mintId('team') }, turn.id, 'mine', 2), 'deleted');
      equal(await turns.raiseAttempt(scope, turn.id, 'mine', 2), 'stored');
      equal(await turns.raiseAttempt(scope, turn.id, 'mine', 2), 'stored');
      const raised = await turns.find(access, turn.id);
      deepEqual([raised?.lease, raised?.takeovers], [leaseOf('mine', 2, 2), 0]);
      // A process that read the turn before the raise does not take it over.
      equal(await turns.takeOver(scope, turn.id, leaseOf('mine'), 'late'), undefined);
      const taken = await turns.takeOver(scope, turn.id, leaseOf('mine', 2, 2), 'next');
      deepEqual(taken?.lease, leaseOf('next', 0, 3));
      equal(await turns.raiseAttempt(scope, turn.id, 'mine', 9), 'lost');
      await turns.end(scope, turn.id, 'next', completed(turn, 'a', 3, 3));
      equal(await turns.raiseAttempt(scope, turn.id, 'next', 9), 'lost');
    },
  },
  {
    name: 'a wait for the model is stored with the token, and read for its own run until that has ended',
    async run({ turns }, scope, access) {
      const turn = newTurn(access.chat.id, 1, { lease: leaseOf('mine') });
      await turns.insert(access, turn);
      const until = new Date('2026-01-01T00:00:09.000Z');
      equal(await turns.saveWait(scope, turn.id, 'other', { attempt: 1, until }), false);
      equal(await turns.saveWait({ team: mintId('team') }, turn.id, 'mine', { attempt: 1, until }), false);
      const polled = async () => (await turns.listStates([turn.id]))[0];
      const state = {
        ...{ id: turn.id, team: scope.team, sequence: 1, status: 'generating', attempt: 1 },
        isCancelled: false,
      };
      deepEqual(await polled(), state);
      equal(await turns.saveWait(scope, turn.id, 'mine', { attempt: 1, until }), true);
      deepEqual(await polled(), { ...state, waitsUntil: until });
      await turns.release(scope, turn.id, 'mine');
      deepEqual(await polled(), { ...state, status: 'queued' });
      await turns.claim(scope, turn.id, 'next');
      deepEqual(await polled(), { ...state, attempt: 2 });
      equal(await turns.saveWait(scope, turn.id, 'next', { attempt: 2, until }), true);
      await turns.end(scope, turn.id, 'next', completed(turn, 'a', 2, 2));
      deepEqual(await polled(), { ...state, status: 'completed', attempt: 2 });
      equal(await turns.saveWait(scope, turn.id, 'next', { attempt: 2, until }), false);
    },
  },
  {
    name: 'tool steps are stored with the token, read by a takeover, and removed by the end',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const turn = newTurn(chat, 1, { lease: leaseOf('mine') });
      await turns.insert(access, turn);
      const open = [{ text: 'I look. $$ROOT', calls: [{ id: 'c', name: 'n', arguments: '{"$a.b":""}' }] }];
      const opaque = '{"$a.b":""}';
      const failure = { isError: true, ms: 0 } as const;
      const calls = [{ id: 'c', name: '', arguments: '', result: '', ...failure, opaque }];
      const sources = [{ url: 'https://a.example/?$a.b', title: '$$ROOT' }, { url: 'https://b.example/' }];
      const done = [{ text: '', reasoning: '$$ROOT', sources, calls, opaque }];
      equal(await turns.saveToolSteps(scope, turn.id, 'other', done), 'lost');
      ok(!('steps' in ((await turns.find(access, turn.id)) ?? {})));
      equal(await turns.saveToolSteps(scope, turn.id, 'mine', open), 'stored');
      equal(await turns.saveToolSteps({ team: mintId('team') }, turn.id, 'mine', done), 'deleted');
      // A command that takes effect late: later steps are already stored, and remain.
      equal(await turns.saveToolSteps(scope, turn.id, 'mine', []), 'stored');
      await turns.release(scope, turn.id, 'mine');
      equal(await turns.saveToolSteps(scope, turn.id, 'mine', done), 'lost');
      deepEqual((await turns.claim(scope, turn.id, 'next'))?.steps, open);
      equal(await turns.saveToolSteps(scope, turn.id, 'next', [...open, ...done]), 'stored');
      const taken = await turns.takeOver(scope, turn.id, leaseOf('next', 0, 2), 'last');
      deepEqual(taken?.steps, [...open, ...done]);
      equal(await turns.saveToolSteps(scope, turn.id, 'next', done), 'lost');
      await turns.end(scope, turn.id, 'last', completed(turn, 'a', 1, 3));
      ok(!('steps' in ((await turns.find(access, turn.id)) ?? {})));
      equal(await turns.saveToolSteps(scope, turn.id, 'last', done), 'lost');
      await turns.remove(scope, turn.id);
      equal(await turns.saveToolSteps(scope, turn.id, 'last', done), 'deleted');
    },
  },
  {
    name: 'the end of a turn stores all parts of its answer, which the history gets without its reasoning',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const parts: readonly TapePart[] = [
        { type: 'reasoning', text: '$$ROOT thinks', isShown: true },
        { type: 'text', text: '$a. \u{1F600}' },
        { type: 'tool-call', id: 'c', name: '$n', arguments: '{"$a.b":""}', title: 'T', show: 'activity' },
        { type: 'tool-result', id: 'c', name: '$n', result: '', isError: true, ms: 0, show: 'nothing' },
        { type: 'reasoning', text: 'more' },
        { type: 'text', text: 'b' },
        { type: 'source', id: 's1', url: 'https://a.example/?$a.b', title: '$$ROOT' },
        { type: 'source', id: 's2', url: 'https://b.example/' },
      ];
      const tape = tapeOf(parts);
      const text = textOfTape(tape);
      const turn = newTurn(chat, 1, { lease: leaseOf('mine') });
      await turns.insert(access, turn);
      const end = completed(turn, text, 1);
      ok(end.answer);
      const answer = { ...end.answer, tape };
      await turns.end(scope, turn.id, 'mine', { ...end, answer, written: { attempt: 1, text, tape } });
      const found = await turns.find(access, turn.id);
      deepEqual([found?.answer?.tape, found?.written], [tape, { attempt: 1, text, tape }]);
      const next = newTurn(chat, 2, { lease: leaseOf('mine') });
      await turns.insert(access, next);
      const { history } = await turns.readRunContext(scope, chat, 2, 1_000);
      const given = parts.filter(({ type }) => type !== 'reasoning' && type !== 'source');
      deepEqual(history.at(-1), { role: 'assistant', content: text, parts: given });
      await turns.end(scope, next.id, 'mine', { ...failed, written: { attempt: 1, text, tape } });
      deepEqual((await turns.find(access, next.id))?.written, { attempt: 1, text, tape });
    },
  },
  {
    name: 'an end needs the token, is final, and succeeds when it is repeated',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const turn = newTurn(chat, 1, { lease: leaseOf('mine') });
      await turns.insert(access, turn);
      const end = completed(turn, '$$ROOT', 42);
      deepEqual(await turns.end(scope, turn.id, 'other', failed), { result: 'lost' });
      deepEqual(await turns.end(scope, turn.id, 'mine', end), { result: 'ended', hasSuccessor: false });
      deepEqual(await turns.end(scope, turn.id, 'mine', failed), { result: 'ended', hasSuccessor: false });
      deepEqual(await turns.end(scope, turn.id, 'other', failed), { result: 'lost' });
      const found = await turns.find(access, turn.id);
      deepEqual(found?.answer, end.answer);
      deepEqual(found?.written, { attempt: 1, text: '$$ROOT' });
      equal(found?.textBytes, 42);
      equal(found?.status, 'completed');
      await turns.remove(scope, turn.id);
      deepEqual(await turns.end(scope, turn.id, 'mine', end), { result: 'deleted' });
      equal(await turns.findState(access, turn.id), undefined);
    },
  },
  {
    name: 'a successor announces itself to an unfinished predecessor, whose end reports it',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const turn = newTurn(chat, 1, { lease: leaseOf('t') });
      await turns.insert(access, turn);
      equal(await turns.hasPredecessorEnded(scope, chat, 1), true);
      equal(await turns.hasPredecessorEnded(scope, chat, 2), false);
      equal(await turns.announceSuccessor(scope, chat, 2), true);
      deepEqual(await turns.end(scope, turn.id, 't', failed), { result: 'ended', hasSuccessor: true });
      equal(await turns.announceSuccessor(scope, chat, 2), false);
      equal(await turns.hasPredecessorEnded(scope, chat, 2), true);
      equal(await turns.hasPredecessorEnded(scope, chat, 9), true);
    },
  },
  {
    name: 'another team cannot find, change or remove a turn',
    async run({ turns }, _scope, access) {
      const chat = access.chat.id;
      const turn = newTurn(chat, 1, { lease: leaseOf('t') });
      await turns.insert(access, turn);
      const other = { team: mintId('team') };
      const elsewhere = inScope(other, chat);
      equal(await turns.find(elsewhere, turn.id), undefined);
      equal(await turns.findState(elsewhere, turn.id), undefined);
      equal(await turns.cancel(elsewhere, turn.id), false);
      equal(await turns.release(other, turn.id, 't'), false);
      deepEqual(await turns.end(other, turn.id, 't', failed), { result: 'deleted' });
      deepEqual(await turns.listAfter(elsewhere, 0, 9), []);
      equal((await turns.tail(elsewhere))?.sequence, 0);
      await turns.remove(other, turn.id);
      equal((await turns.find(access, turn.id))?.status, 'generating');
    },
  },
];
