import { deepEqual, equal } from 'node:assert/strict';
import { compact, type Id, mintId } from '@parley/contract';
import type { Reservation } from '../budget/budget-port.ts';
import { accessTo } from '../chat/chat-access.ts';
import type { Account, UsageRecord } from '../usage/usage-records.ts';
import { completed, type EngineStores, inScope, leaseOf, newTurn, type StoreCase } from './store-case.ts';

const DAY = '2026-11-25';
const month = { from: '2026-11-01', to: '2026-11-30' };
const used: UsageRecord = { attempt: 1, model: 'm', calls: 1, inputTokens: 30, outputTokens: 12 };

async function uncountedOf({ usage }: EngineStores): Promise<Id<'turn'>[]> {
  return (await usage.listUncounted(1_000)).map(({ id }) => id);
}

/** The usage of turns, and their reservations. */
export const usageCases: readonly StoreCase[] = [
  {
    name: 'an ended turn is counted once, also by several processes at the same time',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { usage } = stores;
      const account = { agent: mintId('agent'), user: 'ann', day: DAY };
      const key = mintId('key');
      const turn = await endedWith(stores, scope.team, chat, 1, { account, key });
      equal((await uncountedOf(stores)).includes(turn), true);
      const counts = await Promise.all([usage.count([turn]), usage.count([turn]), usage.count([turn])]);
      equal(
        counts.reduce((sum, count) => sum + count),
        1,
      );
      equal(await usage.count([turn, mintId('turn')]), 0);
      equal((await uncountedOf(stores)).includes(turn), false);
      for (const [groupBy, name] of Object.entries({ ...account, key, model: 'm' })) {
        const query = { ...month, groupBy: groupBy as keyof typeof account };
        deepEqual(await usage.list(scope, query, { limit: 9 }), {
          items: [{ name, turns: 1, calls: 1, inputTokens: 30, outputTokens: 12 }],
        });
      }
    },
  },
  {
    name: 'a turn with several runs counts as one turn, with the tokens of all runs',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { turns, usage } = stores;
      const turn = newTurn(chat, 1, { lease: leaseOf('one') });
      await turns.insert(access, turn);
      await turns.release(scope, turn.id, 'one', [{ ...used, isEstimated: true }]);
      await turns.claim(scope, turn.id, 'two');
      const end = { ...completed(turn, 'a', 1), usage: [{ ...used, attempt: 2 }] };
      await turns.end(scope, turn.id, 'two', { ...end, account: { agent: mintId('agent'), day: DAY } });
      await usage.count([turn.id]);
      deepEqual(await usage.list(scope, { ...month, groupBy: 'user' }, { limit: 9 }), {
        items: [{ name: '', turns: 1, calls: 2, inputTokens: 60, outputTokens: 24 }],
      });
    },
  },
  {
    name: 'a purge counts the usage of a chat, and the usage of a turn that still runs is added later',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { turns, usage, chats, budgets } = stores;
      const account = { agent: mintId('agent'), day: DAY };
      await endedWith(stores, scope.team, chat, 1, { account });
      const reservation = await reserved(stores, scope.team, 1_000, 300);
      const running = newTurn(chat, 2, { lease: leaseOf('t'), reservations: [reservation] });
      await turns.insert(access, running);
      await chats.markDeleted(scope, chat);
      await chats.purge(chat);
      deepEqual(await turns.end(scope, running.id, 't', completed(running, 'a', 1)), { result: 'deleted' });
      await usage.add(scope, { turn: running.id, reservations: [reservation], account, usage: [used] });
      deepEqual(await usage.list(scope, { ...month, groupBy: 'day' }, { limit: 9 }), {
        items: [{ name: DAY, turns: 2, calls: 2, inputTokens: 60, outputTokens: 24 }],
      });
      // 42 tokens of the budget are used, so one reservation may still use it up.
      equal(await budgets.reserve(scope, reservation, 42), false);
      equal(await budgets.reserve(scope, reservation, 43), true);
    },
  },
  {
    name: 'usage is summed for the agents of the scope and the given days, page by page',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { usage } = stores;
      const [agent, other] = [mintId('agent'), mintId('agent')];
      const days = ['2026-10-31', '2026-11-01', '2026-11-02', '2026-11-03'];
      for (const [index, day] of days.entries()) {
        const account = { agent: index === 2 ? other : agent, day };
        await usage.count([await endedWith(stores, scope.team, chat, index + 1, { account })]);
      }
      const query = { ...month, groupBy: 'day' } as const;
      const namesOf = async (by: Parameters<typeof usage.list>[0], after?: string) => {
        const page = await usage.list(by, query, compact({ limit: 2, after }));
        return [page.items.map(({ name }) => name), page.next];
      };
      deepEqual(await namesOf(scope), [['2026-11-01', '2026-11-02'], '2026-11-02']);
      deepEqual(await namesOf(scope, '2026-11-02'), [['2026-11-03'], undefined]);
      deepEqual(await namesOf({ ...scope, agents: [agent] }), [['2026-11-01', '2026-11-03'], undefined]);
      deepEqual(await namesOf({ ...scope, agents: [] }), [[], undefined]);
      deepEqual(await namesOf({ team: mintId('team') }), [[], undefined]);
    },
  },
  {
    name: 'of parallel reservations at the end of a budget one gets the rest, and no other gets tokens',
    async run(stores, scope) {
      const { budgets } = stores;
      const reservation = await reserved(stores, scope.team, 1_000, 990);
      const small = { ...reservation, tokens: 50 };
      const taken = await Promise.all(Array.from({ length: 20 }, () => budgets.reserve(scope, small, 1_000)));
      equal(taken.filter((isTaken) => isTaken).length, 1);
      equal(await budgets.reserve(scope, { ...small, day: '2026-11-26' }, 1_000), true);
      await budgets.giveBack(scope, [small]);
      equal(await budgets.reserve(scope, small, 1_000), true);
      equal(await budgets.reserve(scope, { ...small, subject: mintId('key') }, 0), false);
    },
  },
  {
    name: 'of parallel first reservations of a day none is lost',
    async run({ budgets }, scope) {
      const reservation = { subject: mintId('key'), day: DAY, tokens: 100 };
      const taken = await Promise.all(
        Array.from({ length: 20 }, () => budgets.reserve(scope, reservation, 1_000)),
      );
      equal(taken.filter((isTaken) => isTaken).length, 10);
    },
  },
  {
    name: 'the usage of a turn replaces its reservations once',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { budgets, usage } = stores;
      const reservation = await reserved(stores, scope.team, 1_000, 400);
      const account = { agent: mintId('agent'), day: DAY };
      const turn = await endedWith(stores, scope.team, chat, 1, { account, reservations: [reservation] });
      await Promise.all([usage.count([turn]), usage.count([turn])]);
      equal(await budgets.reserve(scope, reservation, 42), false);
      equal(await budgets.reserve(scope, reservation, 43), true);
    },
  },
  {
    name: 'the reservations of a removed turn are given back',
    async run(stores, scope, access) {
      const chat = access.chat.id;
      const { budgets, turns } = stores;
      const reservation = await reserved(stores, scope.team, 1_000, 1_000);
      const turn = newTurn(chat, 1, { reservations: [reservation] });
      await turns.insert(access, turn);
      equal(await budgets.reserve(scope, reservation, 1_000), false);
      await turns.remove(scope, turn.id);
      await turns.remove(scope, turn.id);
      equal(await budgets.reserve(scope, reservation, 1_000), true);
    },
  },
  {
    name: 'unfinished turns are counted for a team and for its users, up to a limit',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const key = mintId('key');
      await turns.insert(access, newTurn(chat, 1, { spender: { key, user: 'ann' }, lease: leaseOf('t') }));
      await turns.insert(access, newTurn(chat, 2, { spender: { key, user: 'ann' } }));
      await turns.insert(access, newTurn(chat, 3, { spender: { key } }));
      const of = (user?: string) => compact({ ...scope, user });
      equal(await turns.countUnfinished(scope, 9), 3);
      equal(await turns.countUnfinished(scope, 2), 2);
      equal(await turns.countUnfinished(of('ann'), 9), 2);
      equal(await turns.countUnfinished(of('ben'), 9), 0);
      equal(await turns.countUnfinished({ team: mintId('team') }, 9), 0);
    },
  },
  {
    name: 'running and unfinished turns of a network are counted over all teams, without privileged callers',
    async run({ turns }, scope, access) {
      const chat = access.chat.id;
      const networks = [mintId('request'), mintId('request')] as const;
      const from = (isPrivileged: boolean) => ({ origin: { isPrivileged, networks } });
      const running = newTurn(chat, 1, { ...from(false), lease: leaseOf('t') });
      await turns.insert(access, running);
      await turns.insert(access, newTurn(chat, 2, from(false)));
      await turns.insert(access, newTurn(chat, 3, { ...from(true), lease: leaseOf('u') }));
      const team = mintId('team');
      const other = accessTo({ team }, { ...access.chat, id: mintId('chat'), team });
      if (!other) throw new Error('the other team does not reach its chat');
      await turns.insert(other, newTurn(other.chat.id, 1, from(false)));
      for (const network of networks) {
        equal(await turns.countFromNetwork(network, 'generating', 9), 1);
        equal(await turns.countFromNetwork(network, 'unfinished', 9), 3);
        equal(await turns.countFromNetwork(network, 'unfinished', 2), 2);
      }
      deepEqual((await turns.find(access, running.id))?.origin, { isPrivileged: false, networks });
      await turns.end(scope, running.id, 't', { status: 'stopped', textBytes: 1 });
      equal(await turns.countFromNetwork(networks[0], 'generating', 9), 0);
      // An ended turn has no networks.
      deepEqual((await turns.find(access, running.id))?.origin, { isPrivileged: false });
    },
  },
];

/** A budget from which this much has been taken. */
async function reserved(
  { budgets }: EngineStores,
  team: Id<'team'>,
  tokensPerDay: number,
  tokens: number,
): Promise<Reservation> {
  const reservation = { subject: mintId('key'), day: DAY, tokens };
  equal(await budgets.reserve({ team }, reservation, tokensPerDay), true);
  return reservation;
}

/** Stores a turn that has ended and is to be counted. */
async function endedWith(
  { turns }: EngineStores,
  team: Id<'team'>,
  chat: Id<'chat'>,
  sequence: number,
  about: { account: Account; key?: Id<'key'>; reservations?: readonly Reservation[] },
): Promise<Id<'turn'>> {
  const { account, key, reservations } = about;
  const extra = compact({ lease: leaseOf('t'), spender: key && { key }, reservations });
  const turn = newTurn(chat, sequence, extra);
  await turns.insert(inScope({ team }, chat), turn);
  await turns.end({ team }, turn.id, 't', { ...completed(turn, 'answer', 1), usage: [used], account });
  return turn.id;
}
