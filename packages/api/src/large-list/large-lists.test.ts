import { ApiError, limits, mintId } from '@parley/contract';
import { TurnScheduler } from '@parley/turns';
import { expect, test } from 'vitest';
import type { Caller } from '../caller.ts';
import { LargeLists, largeListBounds } from './large-lists.ts';
import { listRequesterOf } from './list-requester.ts';

const team = mintId('team');
const serverKey = mintId('key');

function callerOf(user: string | undefined, kind: Caller['kind'], as: Caller['as']): Caller {
  const scope = { team, ...(user !== undefined && { user }) };
  return { key: serverKey, familyId: serverKey, issuers: [], kind, scope, as, limits: { budgets: [] } };
}

const token = { kind: 'guest', guest: mintId('guest'), seenAt: new Date(), issuedAt: new Date() } as const;

/** A guest at an address. */
function guest(user: string, address: string) {
  const caller = callerOf(user, 'publishable', { role: 'user', proof: 'guest', token });
  return listRequesterOf(caller, { text: address, isUnnamedProxy: false });
}

/** A visitor with an open key, identified only by the address. */
function anonymous(address: string) {
  const caller = callerOf(undefined, 'publishable', { role: 'team' });
  return listRequesterOf(caller, { text: address, isUnnamedProxy: false });
}

function verified(user: string) {
  const caller = callerOf(user, 'publishable', { role: 'user', proof: 'verified', token });
  return listRequesterOf(caller, { text: '192.0.2.1', isUnnamedProxy: false });
}

const server = listRequesterOf(callerOf(undefined, 'secret', { role: 'team' }), undefined);

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Lists that are read until the test ends them, in the order of their start. */
function start({ waiting = largeListBounds.waiting as number } = {}) {
  const lists = new LargeLists(new TurnScheduler({ ...largeListBounds, waiting }));
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    lists,
    started,
    ask: (name: string, requester: ReturnType<typeof guest>, signal = new AbortController().signal) => {
      const work = () => {
        started.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      };
      const result = lists.run(requester, work, signal);
      result.catch(() => undefined);
      return result;
    },
    async end(name: string) {
      ends.get(name)?.();
      await settled();
    },
  };
}

test('a user who reads one large list and waits for another gets 429 for a third', async () => {
  const { ask, end, started } = start();
  const own = guest('ann', '192.0.2.1');
  const first = ask('first', own);
  ask('second', own);
  await expect(ask('third', own)).rejects.toEqual(new ApiError('too_many_lists'));
  expect(started).toEqual(['first']);
  await end('first');
  expect(await first).toBe('first');
  expect(started).toEqual(['first', 'second']);
  ask('fourth', own);
  await end('second');
  expect(started).toEqual(['first', 'second', 'fourth']);
});

test('the lists of visitors leave one place to secret keys and verified users', async () => {
  const { ask, started } = start();
  for (const name of ['a', 'b', 'c', 'd']) ask(name, guest(name, `192.0.2.${name.charCodeAt(0)}`));
  await settled();
  expect(started).toEqual(['a']);
  ask('verified', verified('vera'));
  await settled();
  expect(started).toEqual(['a', 'verified']);
});

test('waiting lists start in rotation, so a visitor with many guests delays another address by one list', async () => {
  const { ask, end, started } = start();
  for (const name of ['h1', 'h2', 'h3', 'h4', 'h5']) ask(name, guest(name, '192.0.2.1'));
  ask('other', guest('olga', '198.51.100.7'));
  await settled();
  await end('h1');
  await end('h2');
  expect(started).toEqual(['h1', 'h2', 'other']);
});

test('a secret key that exports everything delays a visitor by one list', async () => {
  const { ask, end, started } = start();
  for (let index = 1; index <= 8; index++) ask(`export ${index}`, server);
  ask('visitor', guest('ann', '192.0.2.1'));
  await settled();
  expect(started).toEqual(['export 1', 'export 2']);
  await end('export 1');
  await end('export 2');
  expect(started).toContain('visitor');
});

test('an address has a share of the places, with and without users, and a /48 four times as many', async () => {
  const { ask } = start({ waiting: 200 });
  const max = limits.largeListsPerAddressMax;
  const tooMany = new ApiError('too_many_lists');
  for (let index = 0; index < max; index++) ask(`guest ${index}`, guest(`guest ${index}`, '192.0.2.1'));
  await expect(ask('more', guest('more', '192.0.2.1'))).rejects.toEqual(tooMany);
  for (let index = 0; index < max; index++) ask(`anonymous ${index}`, anonymous('192.0.2.2'));
  await expect(ask('more', anonymous('192.0.2.2'))).rejects.toEqual(tooMany);
  for (let index = 0; index < 4 * max; index++) ask(`wide ${index}`, anonymous(`2001:db8:1:${index}::/64`));
  await expect(ask('more', anonymous('2001:db8:1:ffff::/64'))).rejects.toEqual(tooMany);
  ask('elsewhere', anonymous('2001:db8:2:1::/64'));
});

test('a secret key has half of the waiting places at most, and visitors too', async () => {
  const { ask, lists } = start();
  for (let index = 0; index < limits.largeListsPerKeyMax; index++) ask(`export ${index}`, server);
  await expect(ask('more', server)).rejects.toEqual(new ApiError('too_many_lists'));
  const visitors = Array.from({ length: 17 }, (_, index) =>
    ask(`visitor ${index}`, anonymous(`192.0.2.${index}`)),
  );
  await expect(visitors[16]).rejects.toEqual(new ApiError('overloaded'));
  expect(lists.waiting).toBe(limits.largeListsPerKeyMax - 2 + 16);
  ask('verified', verified('vera'));
  expect(lists.waiting).toBe(limits.largeListsPerKeyMax - 2 + 17);
});

test('an abort gives back the place of a list that waits and of one that is read', async () => {
  const { ask, end, started } = start({ waiting: 4 });
  const [reading, waiting] = [new AbortController(), new AbortController()];
  const first = ask('first', guest('ann', '192.0.2.1'), reading.signal);
  const second = ask('second', guest('ann', '192.0.2.1'), waiting.signal);
  ask('third', guest('ben', '192.0.2.2'));
  const reason = new Error('disconnected');
  waiting.abort(reason);
  await expect(second).rejects.toBe(reason);
  reading.abort(reason);
  await expect(first).rejects.toBe(reason);
  await expect.poll(() => started).toEqual(['first', 'third']);
  ask('again', guest('ann', '192.0.2.1'));
  await end('third');
  expect(started).toEqual(['first', 'third', 'again']);
});

test('a list whose client disconnects just as its place becomes free gives the place to the next list', async () => {
  for (let microtasks = 0; microtasks < 12; microtasks++) {
    const { ask, end, started } = start();
    const disconnect = new AbortController();
    ask('first', guest('ann', '192.0.2.1'));
    const second = ask('second', guest('ben', '192.0.2.2'), disconnect.signal);
    ask('third', guest('cat', '192.0.2.3'));
    await settled();
    const ended = end('first');
    for (let passed = 0; passed < microtasks; passed++) await undefined;
    disconnect.abort(new Error('disconnected'));
    await ended;
    await expect(second).rejects.toThrow('disconnected');
    expect(started).toContain('third');
  }
});
