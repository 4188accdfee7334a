import { deepEqual, equal } from 'node:assert/strict';
import { markerIdOf, markOf, mintId, moreOf, PLAIN_PLACE } from '@parley/contract';
import type { LogBatch } from '../turn-log/turn-log-port.ts';
import { endedTurn, inScope, newTurn, type StoreCase } from './store-case.ts';

/** Chats, and the log of running answers. */
export const chatCases: readonly StoreCase[] = [
  {
    name: 'the newest use of a chat stays noted, in whatever order uses arrive, and a deleted chat has none',
    async run({ chats }, scope, access) {
      const chat = access.chat.id;
      const at = (ms: number) => new Date(Date.parse('2100-01-01') + ms);
      const place = { team: scope.team, chat };
      const noted = async () => {
        const found = await chats.find(scope, chat);
        return [found?.chat.updatedAt?.getTime(), found?.chat.isAnswering];
      };
      await chats.noteUses([{ ...place, at: at(0), accepted: 1 }]);
      deepEqual(await noted(), [at(0).getTime(), true]);
      await chats.noteUses([{ ...place, at: at(20), accepted: 1, ended: 1 }]);
      deepEqual(await noted(), [at(20).getTime(), undefined]);
      await chats.noteUses([{ ...place, at: at(10), accepted: 2 }]);
      deepEqual(await noted(), [at(20).getTime(), true]);
      await chats.noteUses([{ ...place, at: at(5), accepted: 1, ended: 1 }]);
      await chats.noteUses([{ ...place, team: mintId('team'), at: at(90), ended: 9 }]);
      deepEqual(await noted(), [at(20).getTime(), true]);
      await chats.markDeleted(scope, chat);
      await chats.noteUses([{ ...place, at: at(90), ended: 9 }]);
      equal(await chats.find(scope, chat), undefined);
    },
  },
  {
    name: 'a deleted chat is missing at once, and the purge removes its turns and their logs',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { chats, turns, turnLog } = stores;
      const turn = await endedTurn(stores, scope, chat, 1);
      await turns.insert(access, newTurn(chat, 2));
      await turnLog.append([{ turn: turn.id, team: scope.team, attempt: 1, to: 2, text: 'ab' }]);
      equal((await chats.find(scope, chat))?.chat.id, chat);
      equal(await chats.find({ team: mintId('team') }, chat), undefined);
      equal(await chats.markDeleted({ team: mintId('team') }, chat), false);
      equal(await chats.markDeleted(scope, chat), true);
      equal(await chats.markDeleted(scope, chat), false);
      equal(await chats.find(scope, chat), undefined);
      equal((await chats.listMarked(1_000, [])).includes(chat), true);
      await chats.purge(chat);
      await chats.purge(chat);
      equal((await chats.listMarked(1_000, [])).includes(chat), false);
      deepEqual(await turns.listAfter(access, 0, 9), []);
      equal((await turnLog.read(scope, turn.id, 1, 0)).text, '');
    },
  },
  {
    name: 'an insert that takes effect after the purge of its chat brings no turn back',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { chats, turns } = stores;
      const counted = await endedTurn(stores, scope, chat, 1);
      await stores.usage.count([counted.id]);
      const waiting = newTurn(chat, 2);
      await turns.insert(access, waiting);
      await chats.markDeleted(scope, chat);
      await chats.insertMarker(chat);
      await chats.purge(chat);
      for (const late of [counted, waiting, newTurn(chat, 1), newTurn(chat, 2)]) {
        equal(await turns.insert(access, late), 'sequence-taken');
      }
      deepEqual(await turns.listAfter(access, 0, 9), []);
      equal(await turns.find(access, waiting.id), undefined);
      deepEqual(await turns.listMarks([waiting.id]), []);
      deepEqual(await turns.listStates([counted.id, waiting.id]), []);
      deepEqual(await turns.listGrown([{ chat, after: 0 }]), []);
    },
  },
  {
    name: 'the marker of a deleted chat takes the next sequence, and the purge leaves it',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { chats, turns } = stores;
      await endedTurn(stores, scope, chat, 1);
      equal(await chats.insertMarker(chat), true);
      equal(await turns.insert(access, newTurn(chat, 2)), 'inserted');
      await chats.markDeleted(scope, chat);
      equal(await chats.insertMarker(chat), true);
      equal(await chats.insertMarker(chat), true);
      equal(await turns.insert(access, newTurn(chat, 3)), 'sequence-taken');
      deepEqual(await chats.listUnmarked(1_000, []), []);
      deepEqual(
        (await turns.listAfter(access, 0, 9)).map(({ sequence }) => sequence),
        [1, 2],
      );
      await chats.purge(chat);
      equal(await turns.insert(access, newTurn(chat, 3)), 'sequence-taken');
      deepEqual(await turns.listAfter(access, 0, 9), []);
      equal(await turns.find(access, markerIdOf(chat)), undefined);
      equal(await turns.findState(access, markerIdOf(chat)), undefined);
    },
  },
  {
    name: 'a marker behind a given turn is only inserted while that turn is the newest, and ends the chat',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { chats, turns } = stores;
      await endedTurn(stores, scope, chat, 1);
      await endedTurn(stores, scope, chat, 2);
      equal(await chats.insertMarkerBehind(scope, chat, 1), false);
      equal((await turns.tail(access))?.sequence, 2);
      equal(await chats.insertMarkerBehind(scope, chat, 2), true);
      equal(await chats.insertMarkerBehind(scope, chat, 2), true);
      equal(await turns.insert(access, newTurn(chat, 3)), 'sequence-taken');
      equal(await turns.tail(access), undefined);
      deepEqual(
        (await turns.listAfter(access, 0, 9)).map(({ sequence }) => sequence),
        [1, 2],
      );
      equal(await turns.find(access, markerIdOf(chat)), undefined);
      const left = { team: scope.team, chat };
      deepEqual(
        (await chats.listUnmarked(1_000, [])).filter((one) => one.chat === chat),
        [left],
      );
      deepEqual(
        (await chats.listUnmarked(1_000, [chat])).filter((one) => one.chat === chat),
        [],
      );
      await chats.markDeleted(scope, chat);
      equal(await chats.insertMarker(chat), true);
      await chats.purge(chat);
      deepEqual(
        (await chats.listUnmarked(1_000, [])).filter((one) => one.chat === chat),
        [],
      );
      equal(await turns.insert(access, newTurn(chat, 3)), 'sequence-taken');
    },
  },
  {
    name: 'a chat is idle once its turns have ended, up to its marker',
    async run(stores, { team }) {
      const { chats, turns } = stores;
      // The real store reads the age of chats from their ids, so the case has an agent of its own and looks a minute ahead.
      const scope = { team };
      const agent = mintId('agent');
      const later = new Date(Date.now() + 60_000);
      const made = await chats.create(scope, { agent, agentType: 't' });
      const idle = async () => (await chats.listIdle(scope, agent, later, { limit: 9 })).items;
      deepEqual(await idle(), [{ id: made.id, sequence: 0 }]);
      await endedTurn(stores, scope, made.id, 1);
      deepEqual(await idle(), [{ id: made.id, sequence: 1 }]);
      await turns.insert(inScope(scope, made.id), newTurn(made.id, 2));
      deepEqual(await idle(), []);
      const other = await chats.create(scope, { agent, agentType: 't' });
      equal(await chats.insertMarkerBehind(scope, other.id, 0), true);
      deepEqual(await idle(), []);
    },
  },
  {
    name: 'the initial title of a chat is set once, and its title and metadata can be changed again and again',
    async run({ chats }, scope, access) {
      const chat = access.chat.id;
      const otherTeam = { team: mintId('team') };
      const titleOf = async () => (await chats.find(scope, chat))?.chat.title;
      equal(await titleOf(), undefined);
      await chats.setInitialTitle(inScope(otherTeam, chat), 'stolen');
      equal(await titleOf(), undefined);
      await chats.setInitialTitle(access, 'first');
      await chats.setInitialTitle(access, 'second');
      equal(await titleOf(), 'first');
      equal((await chats.update(scope, chat, { title: 'third' }))?.title, 'third');
      equal(await chats.update(otherTeam, chat, { title: 'stolen' }), undefined);
      const described = await chats.update(scope, chat, { metadata: { a: 1 } });
      deepEqual([described?.title, described?.metadata], ['third', { a: 1 }]);
      deepEqual(await chats.update(scope, chat, {}), described);
      await chats.markDeleted(scope, chat);
      await chats.setInitialTitle(access, 'late');
      equal(await chats.update(scope, chat, { title: 'late' }), undefined);
      equal(await chats.find(scope, chat), undefined);
    },
  },
  {
    name: 'a chat is created once for an idempotency key, which stays after its deletion',
    async run({ chats }, scope) {
      const chat = { agent: mintId('agent'), agentType: 't' };
      const idempotency = { key: mintId('request'), body: 'b' };
      const made = await chats.createOnce(scope, chat, idempotency);
      equal('replay' in made, false);
      const again = await chats.createOnce(scope, chat, { ...idempotency, body: 'c' });
      deepEqual(again, { replay: { body: 'b', chat: made } });
      if ('id' in made) await chats.markDeleted(scope, made.id);
      deepEqual(await chats.findByIdempotencyKey(scope, idempotency.key), { body: 'b', chat: undefined });
      equal(await chats.findByIdempotencyKey(scope, mintId('request')), undefined);
    },
  },
  {
    name: 'the log returns the text of a run from any offset to the first gap, each piece once',
    async run({ turnLog }, scope) {
      const turn = mintId('turn');
      const piece = (attempt: number, to: number, text: string): LogBatch => ({
        turn,
        team: scope.team,
        attempt,
        to,
        text,
      });
      const other = { ...piece(1, 3, 'xyz'), turn: mintId('turn') };
      await turnLog.append([piece(1, 3, 'abc'), other]);
      await turnLog.append([piece(1, 3, 'abc'), piece(1, 5, 'de'), piece(2, 1, 'Z')]);
      await turnLog.append([piece(1, 9, 'hi')]);
      equal((await turnLog.read(scope, turn, 1, 0)).text, 'abcde');
      equal((await turnLog.read(scope, turn, 1, 4)).text, 'e');
      equal((await turnLog.read(scope, turn, 1, 5)).text, '');
      equal((await turnLog.read(scope, turn, 2, 0)).text, 'Z');
      equal((await turnLog.read(scope, turn, 3, 0)).text, '');
      equal((await turnLog.read({ team: mintId('team') }, turn, 1, 0)).text, '');
      await turnLog.append([piece(1, 7, 'fg')]);
      equal((await turnLog.read(scope, turn, 1, 2)).text, 'cdefghi');
      await turnLog.remove(scope, turn);
      equal((await turnLog.read(scope, turn, 1, 0)).text, '');
      equal((await turnLog.read(scope, other.turn, 1, 0)).text, 'xyz');
    },
  },
  {
    name: 'the log of an answer with several parts returns the place of an offset, and knows offsets within a mark',
    async run({ turnLog }, scope) {
      const turn = mintId('turn');
      const begun = `ab${moreOf('reasoning', 'cd', 'text')}`;
      const more = `e${markOf({ type: 'tool-call', id: 'c', name: 'n', arguments: '{}', show: 'nothing' })}`;
      const rest = moreOf('text', 'f', undefined);
      const { length } = begun + more;
      const pieces: readonly Pick<LogBatch, 'to' | 'text' | 'place'>[] = [
        { to: 1, text: 'a' },
        { to: begun.length, text: begun.slice(1), place: PLAIN_PLACE },
        { to: length, text: more, place: { open: 'reasoning', index: 1 } },
        { to: length + rest.length, text: rest, place: { open: undefined, index: 2 } },
      ];
      await turnLog.append(pieces.map((piece) => ({ turn, team: scope.team, attempt: 1, ...piece })));
      const tape = begun + more + rest;
      const read = (from: number) => turnLog.read(scope, turn, 1, from);
      deepEqual(await read(0), { text: tape });
      deepEqual(await read(2), { text: tape.slice(2), place: PLAIN_PLACE });
      deepEqual(await read(5), { text: tape.slice(5), place: { open: 'reasoning', index: 1 } });
      deepEqual(await read(length), { text: rest, place: { open: undefined, index: 2 } });
      deepEqual(await read(length + rest.length), { text: '' });
      deepEqual(await read(begun.length + 9), { text: '', isWithinMark: true });
    },
  },
  {
    name: 'an agent is only found by its own team',
    async run({ agents }, scope) {
      const {
        createdAt: _made,
        updatedAt: _changed,
        ...made
      } = await agents.create(scope, {
        name: 'Ann',
        type: 'support',
      });
      deepEqual(await agents.find(scope, made.id), made);
      equal(await agents.find({ team: mintId('team') }, made.id), undefined);
      equal(await agents.find(scope, mintId('agent')), undefined);
    },
  },
];
