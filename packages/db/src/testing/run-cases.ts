import { deepEqual, equal, ok } from 'node:assert/strict';
import { completed, failed, leaseOf, newTurn, type StoreCase } from './store-case.ts';

/** Leases of turns: claim, release, takeover and marks. */
export const runCases: readonly StoreCase[] = [
  {
    name: 'of parallel claims one wins, and the attempt increases',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const turn = newTurn(chat, 1);
      await turns.insert(access, turn);
      const claims = await Promise.all(['a', 'b', 'c'].map((token) => turns.claim(scope, turn.id, token)));
      const won = claims.filter((claim) => claim !== undefined);
      equal(won.length, 1);
      equal(won[0]?.lease?.attempt, 1);
      equal(await turns.claimNext(scope, chat, 1, 'd'), undefined);
      equal(await turns.claimNext(scope, chat, 2, 'd'), undefined);
      deepEqual(await turns.find(access, turn.id), won[0]);
    },
  },
  {
    name: 'a released turn is queued without a token, and its next run is a new attempt',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const turn = newTurn(chat, 1, { lease: leaseOf('mine') });
      await turns.insert(access, turn);
      equal(await turns.release(scope, turn.id, 'other'), false);
      equal(await turns.release(scope, turn.id, 'mine'), true);
      equal(await turns.release(scope, turn.id, 'mine'), false);
      deepEqual(await turns.findState(access, turn.id), { status: 'queued', attempt: 1, isCancelled: false });
      deepEqual(await turns.end(scope, turn.id, 'mine', failed), { result: 'lost' });
      const claimed = await turns.claimNext(scope, chat, 1, 'next');
      deepEqual(claimed?.lease, leaseOf('next', 0, 2));
      equal(claimed?.takeovers, 0);
    },
  },
  {
    name: 'renewals count for valid leases, and name the tokens that are lost',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const all = [1, 2, 3, 4].map((place) => newTurn(chat, place, { lease: leaseOf(`t${place}`) }));
      for (const turn of all) await turns.insert(access, turn);
      const [first, second, third, fourth] = all;
      ok(first && second && third && fourth);
      const leases = all.map(({ id }, index) => ({ turn: id, token: `t${index + 1}` }));
      deepEqual(await turns.renew(leases), []);
      await turns.end(scope, first.id, 't1', failed);
      await turns.takeOver(scope, second.id, leaseOf('t2', 1), 'new');
      await turns.remove(scope, third.id);
      deepEqual(await turns.renew(leases), ['t1', 't2', 't3']);
      deepEqual((await turns.find(access, fourth.id))?.lease, leaseOf('t4', 2));
      deepEqual((await turns.find(access, second.id))?.lease, leaseOf('new', 0, 2));
    },
  },
  {
    name: 'a takeover needs the lease that was seen, and the former run cannot end the turn',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const turn = newTurn(chat, 1, { lease: leaseOf('dead') });
      await turns.insert(access, turn);
      await turns.renew([{ turn: turn.id, token: 'dead' }]);
      equal(await turns.takeOver(scope, turn.id, leaseOf('dead'), 'new'), undefined);
      equal(await turns.takeOver(scope, turn.id, leaseOf('other', 1), 'new'), undefined);
      const taken = await turns.takeOver(scope, turn.id, leaseOf('dead', 1), 'new');
      deepEqual([taken?.status, taken?.takeovers, taken?.lease], ['generating', 1, leaseOf('new', 0, 2)]);
      deepEqual(await turns.end(scope, turn.id, 'dead', failed), { result: 'lost' });
      equal(await turns.release(scope, turn.id, 'dead'), false);
      const end = completed(turn, 'new', 1, 2);
      deepEqual(await turns.end(scope, turn.id, 'new', end), { result: 'ended', hasSuccessor: false });
      equal((await turns.find(access, turn.id))?.answer?.content, 'new');
    },
  },
  {
    name: 'a cancel marks unfinished turns, one by one or all before a turn',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const all = [1, 2, 3].map((place) => newTurn(chat, place, { lease: leaseOf(`t${place}`) }));
      for (const turn of all) await turns.insert(access, turn);
      const [first, second, third] = all;
      ok(first && second && third);
      await turns.end(scope, first.id, 't1', failed);
      equal(await turns.cancel(access, first.id), false);
      await turns.cancelBefore(access, 3);
      const marks = await turns.listMarks([third.id, second.id, first.id]);
      const marked = marks.filter(({ isCancelled }) => isCancelled).map(({ id }) => id);
      deepEqual(marked, [second.id]);
      equal(marks.length, 3);
      equal(await turns.cancel(access, third.id), true);
      equal(await turns.cancel(access, third.id), true);
      equal((await turns.find(access, third.id))?.isCancelled, true);
      await turns.remove(scope, third.id);
      equal(await turns.cancel(access, third.id), false);
      deepEqual(await turns.listMarks([third.id]), []);
    },
  },
  {
    name: 'unfinished turns are listed in the order of their ids, after a given one',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const all = [1, 2, 3, 4].map((place) => newTurn(chat, place, place > 2 ? {} : { lease: leaseOf('t') }));
      for (const turn of all) await turns.insert(access, turn);
      const [first, second] = all;
      ok(first && second);
      await turns.end(scope, first.id, 't', failed);
      const listed = await turns.listUnfinished(2, first.id);
      deepEqual(
        listed.map(({ id, sequence, status, isCancelled }) => ({ id, sequence, status, isCancelled })),
        all.slice(1, 3).map(({ id, sequence, lease }) => ({
          id,
          sequence,
          status: lease ? 'generating' : 'queued',
          isCancelled: false,
        })),
      );
      deepEqual(
        (await turns.listAfter(access, 1, 2)).map(({ sequence }) => sequence),
        [2, 3],
      );
    },
  },
];
