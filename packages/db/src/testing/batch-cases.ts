import { deepEqual, equal } from 'node:assert/strict';
import { type Id, mintId } from '@parley/contract';
import type { SystemScope } from '../scope.ts';
import {
  completed,
  type EngineStores,
  endedTurn,
  failed,
  inScope,
  leaseOf,
  newAccess,
  newTurn,
  type StoreCase,
} from './store-case.ts';

const idempotency = { key: 'key of a batch', body: 'body' };

/** Concurrent inserts, ends and reads, which travel in one batch of each kind where the store has batches. */
export const batchCases: readonly StoreCase[] = [
  {
    name: 'every turn of several that are inserted at the same time gets its own outcome',
    async run(stores, _scope, access) {
      const { turns } = stores;
      const chat = access.chat.id;
      const other: SystemScope = { team: mintId('team') };
      const elsewhere = await newAccess(stores, other);
      const first = newTurn(chat, 1, { idempotency });
      const third = newTurn(chat, 3);
      await turns.insert(access, first);
      const results = await Promise.all([
        turns.insert(access, newTurn(chat, 2)),
        turns.insert(access, newTurn(chat, 1)),
        turns.insert(access, third),
        turns.insert(access, third),
        turns.insert(access, newTurn(chat, 3)),
        turns.insert(access, newTurn(chat, 4, { idempotency })),
        turns.insert(elsewhere, newTurn(elsewhere.chat.id, 1, { idempotency })),
        turns.insert(access, first),
      ]);
      deepEqual(results, [
        'inserted',
        'sequence-taken',
        'inserted',
        'inserted',
        'sequence-taken',
        'key-taken',
        'inserted',
        'inserted',
      ]);
      deepEqual(
        (await turns.listAfter(access, 0, 9)).map(({ sequence }) => sequence),
        [1, 2, 3],
      );
    },
  },
  {
    name: 'every chat of several that are named at the same time gets its own title, within its team',
    async run(stores, scope, access) {
      const { chats } = stores;
      const other: SystemScope = { team: mintId('team') };
      const [named, elsewhere] = [await newAccess(stores, scope), await newAccess(stores, other)];
      await chats.setInitialTitle(named, 'earlier');
      await Promise.all([
        chats.setInitialTitle(inScope(other, access.chat.id), 'stolen'),
        chats.setInitialTitle(access, 'mine'),
        chats.setInitialTitle(named, 'later'),
        chats.setInitialTitle(elsewhere, 'theirs'),
        chats.setInitialTitle(inScope(scope, mintId('chat')), 'missing'),
      ]);
      const titleOf = async (of: SystemScope, id: Id<'chat'>) => (await chats.find(of, id))?.chat.title;
      equal(await titleOf(scope, access.chat.id), 'mine');
      equal(await titleOf(scope, named.chat.id), 'earlier');
      equal(await titleOf(other, elsewhere.chat.id), 'theirs');
    },
  },
  {
    name: 'every turn of several that end at the same time gets its own outcome',
    async run(stores, scope) {
      const { turns } = stores;
      const running = await runningTurns(stores, scope, 5);
      const [plain, followed, taken, waiting, again] = running.map(({ turn }) => turn);
      if (!plain || !followed || !taken || !waiting || !again) throw new Error('too few');
      await turns.insert(inScope(scope, followed.chat), newTurn(followed.chat, 2));
      await turns.announceSuccessor(scope, followed.chat, 2);
      await turns.takeOver(scope, taken.id, leaseOf('mine'), 'theirs');
      await turns.release(scope, waiting.id, 'mine');
      await turns.end(scope, again.id, 'mine', failed);
      const other: SystemScope = { team: mintId('team') };
      const results = await Promise.all([
        turns.end(scope, plain.id, 'mine', completed(plain, 'answer', 10)),
        turns.end(other, plain.id, 'mine', failed),
        turns.end(scope, followed.id, 'mine', failed),
        turns.end(scope, taken.id, 'mine', failed),
        turns.end(scope, waiting.id, 'mine', failed),
        turns.end(scope, again.id, 'mine', failed),
        turns.end(scope, plain.id, 'mine', failed),
        turns.end(scope, mintId('turn'), 'mine', failed),
      ]);
      // The store decides which of them share a command, and thus whether a missing turn may have ended.
      deepEqual(
        results.map((result) => (result.result === 'deleted' ? { result: 'deleted' } : result)),
        [
          { result: 'ended', hasSuccessor: false },
          { result: 'deleted' },
          { result: 'ended', hasSuccessor: true },
          { result: 'lost' },
          { result: 'lost' },
          { result: 'ended', hasSuccessor: false },
          { result: 'ended', hasSuccessor: false },
          { result: 'deleted' },
        ],
      );
      equal((await turns.find(inScope(scope, plain.chat), plain.id))?.answer?.content, 'answer');
      equal((await turns.find(inScope(scope, taken.chat), taken.id))?.status, 'generating');
    },
  },
  {
    name: 'two teams that read one chat at the same time see only what each may see',
    async run(stores, scope, access) {
      const { turns, chats } = stores;
      const chat = access.chat.id;
      const other: SystemScope = { team: mintId('team') };
      await endedTurn(stores, scope, chat, 1);
      await endedTurn(stores, scope, chat, 2);
      const [mine, theirs, first, found, foreign] = await Promise.all([
        turns.readRunContext(scope, chat, 3, 1_000),
        turns.readRunContext(other, chat, 3, 1_000),
        turns.readRunContext(scope, chat, 2, 1_000),
        chats.find(scope, chat),
        chats.find(other, chat),
      ]);
      deepEqual(
        [mine, first].map((view) => view.history.map(({ content }) => content)),
        [
          ['question 1', 'answer 1', 'question 2', 'answer 2'],
          ['question 1', 'answer 1'],
        ],
      );
      equal(mine.chat?.chat.id, chat);
      deepEqual(theirs, { chat: undefined, predecessorEnded: true, textBytesBefore: 0, history: [] });
      equal(found?.chat.id, chat);
      equal(foreign, undefined);
    },
  },
];

async function runningTurns(stores: EngineStores, scope: SystemScope, count: number) {
  const all = Array.from({ length: count }, async () => {
    const access = await newAccess(stores, scope);
    const turn = newTurn(access.chat.id, 1, { lease: leaseOf('mine') });
    await stores.turns.insert(access, turn);
    return { access, turn };
  });
  return Promise.all(all);
}
