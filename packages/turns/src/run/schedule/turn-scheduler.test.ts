import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TurnOwner } from './turn-owner.ts';
import { type SchedulerBounds, TurnScheduler } from './turn-scheduler.ts';

function visitor(address: string, user = 'guest', team = 'team'): TurnOwner {
  return { team, networks: address === '' ? [] : address.split(' '), user, isPrivileged: false };
}

function server(team = 'team'): TurnOwner {
  return { team, networks: [], user: undefined, isPrivileged: true };
}

function start(bounds: Partial<SchedulerBounds> = {}) {
  const scheduler = new TurnScheduler<undefined>({ running: 10, waiting: 100, perAddress: 64, ...bounds });
  let turns = 0;
  return {
    scheduler,
    /** A turn arrives: it runs, waits under a name, or is rejected. */
    arrive(owner: TurnOwner, name = `turn ${++turns}`, isAlone = true): string {
      if (isAlone) for (const network of scheduler.unknownNetworks(owner)) scheduler.learn(network, 0);
      const place = scheduler.enter(owner);
      if (place === 'waiting') scheduler.queue({ id: name, owner, item: undefined, hasPlace: true });
      return place ?? 'rejected';
    },
    /** A running turn ends. Returns the names of the turns that start in its place. */
    end(owner: TurnOwner): string[] {
      scheduler.leave(owner);
      return startAll();
    },
  };
  function startAll(): string[] {
    const started: string[] = [];
    for (let turn = scheduler.next(); turn; turn = scheduler.next()) started.push(turn.id);
    return started;
  }
}

test('a fifth of the running and of the waiting places can be used only by privileged owners', () => {
  const { arrive } = start({ running: 10, waiting: 10 });
  const visitors = Array.from({ length: 20 }, (_, index) => arrive(visitor(`a${index}`)));
  expect(visitors.filter((place) => place === 'running')).toHaveLength(8);
  expect(visitors.filter((place) => place === 'waiting')).toHaveLength(8);
  const servers = Array.from({ length: 5 }, () => arrive(server()));
  expect(servers).toEqual(['running', 'running', 'waiting', 'waiting', 'rejected']);
});

test('privileged owners may use all places', () => {
  const { arrive } = start({ running: 10, waiting: 10 });
  const places = Array.from({ length: 21 }, () => arrive(server()));
  expect(places.filter((place) => place === 'running')).toHaveLength(10);
  expect(places.at(-1)).toBe('rejected');
});

test('the turns of an address beyond its bound wait, while another address starts at once', () => {
  const { arrive, end } = start({ running: 100, perAddress: 8 });
  for (let index = 0; index < 8; index++) expect(arrive(visitor('a'))).toBe('running');
  expect(arrive(visitor('a'), 'ninth')).toBe('waiting');
  expect(arrive(visitor('b'))).toBe('running');
  expect(arrive(server())).toBe('running');
  expect(end(visitor('b'))).toEqual([]);
  expect(end(visitor('a'))).toEqual(['ninth']);
});

test('the bound of an address holds over all teams', () => {
  const { arrive } = start({ running: 100, perAddress: 2 });
  expect(arrive(visitor('a', 'x', 'one'))).toBe('running');
  expect(arrive(visitor('a', 'x', 'two'))).toBe('running');
  expect(arrive(visitor('a', 'x', 'three'))).toBe('waiting');
});

test('a wide network has four times the bound of each of its addresses', () => {
  const { arrive, end } = start({ running: 100, perAddress: 2 });
  const places = Array.from({ length: 5 }, (_, index) => [
    arrive(visitor(`n${index} wide`)),
    arrive(visitor(`n${index} wide`)),
  ]).flat();
  expect(places.filter((place) => place === 'running')).toHaveLength(8);
  expect(end(visitor('n0 wide'))).toHaveLength(1);
});

test('waiting turns start in rotation over teams, then addresses, then users', () => {
  const { arrive, end } = start({ running: 1 });
  arrive(server('busy'));
  for (const name of ['a1', 'a2', 'a3', 'a4']) arrive(visitor('a', 'ann', 'one'), name);
  arrive(visitor('a', 'ben', 'one'), 'ben');
  arrive(visitor('b', 'cat', 'one'), 'cat');
  arrive(visitor('a', 'dan', 'two'), 'dan');
  const order: string[] = [];
  let running: string[] = end(server('busy'));
  const owners: Record<string, TurnOwner> = { cat: visitor('b', 'cat', 'one') };
  while (running.length > 0) {
    const [name = ''] = running;
    order.push(name);
    const team = name === 'dan' ? 'two' : 'one';
    running = end(owners[name] ?? visitor('a', 'ann', team));
  }
  expect(order).toEqual(['a1', 'dan', 'cat', 'ben', 'a2', 'a3', 'a4']);
});

test('a team whose visitors and servers both wait starts them alternately', () => {
  const { arrive, end } = start({ running: 2 });
  arrive(server());
  arrive(server());
  for (const name of ['v1', 'v2', 'v3']) arrive(visitor('a'), name);
  for (const name of ['s1', 's2', 's3']) arrive(server(), name);
  const started: string[] = [];
  let running = [server(), server()];
  while (running.length > 0) {
    const [ended, ...rest] = running;
    const names = ended ? end(ended) : [];
    started.push(...names);
    running = [...rest, ...names.map((name) => (name.startsWith('v') ? visitor('a') : server()))];
  }
  expect(started).toEqual(['v1', 's1', 'v2', 's2', 'v3', 's3']);
});

test('an address starts no more than what its turns on other processes leave of its bound', () => {
  const { scheduler, arrive } = start({ running: 100, perAddress: 16 });
  const together = (name?: string) => arrive(visitor('a'), name, false);
  together();
  expect(scheduler.unknownNetworks(visitor('a'))).toEqual([]);
  together();
  expect(scheduler.unknownNetworks(visitor('a'))).toEqual(['a']);
  // An eighth of the bound runs without a count of other processes; further turns need the count.
  expect(together('third')).toBe('waiting');
  scheduler.learn('a', 13);
  expect(scheduler.next()?.id).toBe('third');
  expect(together('late')).toBe('waiting');
  expect(scheduler.next()).toBeUndefined();
  expect(scheduler.networksFullElsewhere()).toEqual(['a']);
  scheduler.learn('a', 12);
  expect(scheduler.next()?.id).toBe('late');
  expect(scheduler.networksFullElsewhere()).toEqual([]);
});

test('a forgotten turn gives back its place and does not start', () => {
  const { scheduler, arrive, end } = start({ running: 1, waiting: 1 });
  arrive(server());
  arrive(server(), 'first');
  expect(arrive(server())).toBe('rejected');
  scheduler.forget('first');
  expect(arrive(server(), 'second')).toBe('waiting');
  expect(end(server())).toEqual(['second']);
});

/* Properties over random histories, checked against a simple model of the rules. */

const TEAMS = ['one', 'two'];
const owners: readonly TurnOwner[] = TEAMS.flatMap((team) => [
  server(team),
  { team, networks: ['a'], user: 'verified', isPrivileged: true },
  ...['a', 'b', 'c wide', 'd wide', ''].flatMap((address) => [
    visitor(address, 'u1', team),
    visitor(address, 'u2', team),
  ]),
]);

const NETWORKS = ['a', 'b', 'c', 'd', 'wide'];

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('arrive' as const), of: fc.nat(owners.length - 1) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), of: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), of: fc.nat(30) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('adopt' as const), of: fc.nat(owners.length - 1) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('learn' as const), of: fc.nat(34) }) },
);

const boundsOf = fc.record({
  running: fc.integer({ min: 1, max: 12 }),
  waiting: fc.integer({ min: 0, max: 15 }),
  perAddress: fc.integer({ min: 1, max: 4 }),
});

/** Plays a history and checks every rule after each step. */
class Play {
  readonly scheduler: TurnScheduler<undefined>;
  readonly running: TurnOwner[] = [];
  readonly waiting = new Map<
    string,
    { readonly owner: TurnOwner; readonly hasPlace: boolean; passedBy: number }
  >();
  readonly bounds: SchedulerBounds;
  /** The reported numbers of turns in other processes, by network. */
  readonly elsewhere = new Map<string, number>();
  #turns = 0;

  constructor(bounds: SchedulerBounds) {
    this.bounds = bounds;
    this.scheduler = new TurnScheduler(bounds);
  }

  arrive(owner: TurnOwner): void {
    const couldRun = this.#fits(owner);
    const place = this.scheduler.enter(owner);
    expect(place === 'running').toBe(couldRun);
    if (place === 'running') this.running.push(owner);
    if (place === 'waiting') this.#queue(owner, true);
    if (place === undefined) expect(this.#hasWaitingPlace(owner)).toBe(false);
  }

  adopt(owner: TurnOwner): void {
    this.#queue(owner, false);
  }

  end(index: number): void {
    const [owner] = this.running.splice(index % Math.max(this.running.length, 1), 1);
    if (owner) this.scheduler.leave(owner);
    // The number for other processes is forgotten with the last turn that runs here.
    for (const network of this.elsewhere.keys())
      if (this.#runningFrom(network) === 0) this.elsewhere.delete(network);
  }

  forget(index: number): void {
    const id = [...this.waiting.keys()][index % Math.max(this.waiting.size, 1)];
    if (id === undefined) return;
    this.waiting.delete(id);
    this.scheduler.forget(id);
  }

  learn(drawn: number): void {
    const network = NETWORKS[drawn % NETWORKS.length] ?? 'a';
    const elsewhere = drawn % 7;
    if (this.#runningFrom(network) > 0) this.elsewhere.set(network, elsewhere);
    this.scheduler.learn(network, elsewhere);
  }

  /** Starts all turns that the scheduler returns, and checks that no other waiting turn could start. */
  settle(): void {
    for (let turn = this.scheduler.next(); turn; turn = this.scheduler.next()) {
      const { owner } = turn;
      expect(this.waiting.has(turn.id)).toBe(true);
      expect(this.#fits(owner)).toBe(true);
      this.waiting.delete(turn.id);
      this.running.push(owner);
      this.#countPassing(owner);
    }
    for (const { owner } of this.waiting.values()) expect(this.#fits(owner)).toBe(false);
    expect(this.scheduler.running).toBe(this.running.length);
    expect(this.scheduler.waiting).toBe(this.waiting.size);
  }

  #runningFrom(network: string): number {
    return this.running.filter(({ isPrivileged, networks }) => !isPrivileged && networks.includes(network))
      .length;
  }

  #queue(owner: TurnOwner, hasPlace: boolean): void {
    const id = `turn ${++this.#turns}`;
    this.waiting.set(id, { owner, hasPlace, passedBy: 0 });
    this.scheduler.queue({ id, owner, item: undefined, hasPlace });
  }

  /** Checks that a turn that could have started is passed over for at most one round of the waiting owners. */
  #countPassing(started: TurnOwner): void {
    const firsts = new Map<string, { passedBy: number }>();
    for (const turn of this.waiting.values()) {
      const { team, networks, user } = turn.owner;
      const key = [team, networks.join(), user, turn.owner.isPrivileged].join('|');
      if (!firsts.has(key)) firsts.set(key, turn);
    }
    for (const turn of this.waiting.values()) {
      const { owner } = turn;
      const key = [owner.team, owner.networks.join(), owner.user, owner.isPrivileged].join('|');
      if (firsts.get(key) !== turn) continue;
      const isSame = started.user === owner.user && started.networks.join() === owner.networks.join();
      if (!this.#fits(owner) || isSame) turn.passedBy = 0;
      else expect(++turn.passedBy).toBeLessThanOrEqual(ROUND);
    }
  }

  #fits({ isPrivileged, networks }: TurnOwner): boolean {
    const { running, perAddress } = this.bounds;
    if (this.running.length >= running) return false;
    if (isPrivileged) return true;
    const visitors = this.running.filter((other) => !other.isPrivileged);
    if (visitors.length >= running - Math.floor(running / 5)) return false;
    return networks.every((network, width) => {
      const max = width === 0 ? perAddress : perAddress * 4;
      const share = Math.max(Math.floor(max / 8), 1);
      const elsewhere = this.elsewhere.get(network);
      return this.#runningFrom(network) < Math.max(elsewhere === undefined ? 0 : max - elsewhere, share);
    });
  }

  #hasWaitingPlace({ isPrivileged }: TurnOwner): boolean {
    const held = [...this.waiting.values()].filter(({ hasPlace }) => hasPlace);
    const visitors = held.filter(({ owner }) => !owner.isPrivileged);
    const { waiting } = this.bounds;
    return held.length < waiting && (isPrivileged || visitors.length < waiting - Math.floor(waiting / 5));
  }
}

/** The number of starts in which each waiting owner is served once: kinds, teams, addresses and users of the play. */
const ROUND = 2 * TEAMS.length * 6 * 2;

test('any history respects the bounds, uses every usable place, and passes nobody over for long', () => {
  fc.assert(
    fc.property(boundsOf, fc.array(act, { maxLength: 120 }), (bounds, acts) => {
      const play = new Play(bounds);
      for (const { kind, of } of acts) {
        const owner = owners[of % owners.length] ?? server();
        if (kind === 'arrive') play.arrive(owner);
        if (kind === 'adopt') play.adopt(owner);
        if (kind === 'end') play.end(of);
        if (kind === 'forget') play.forget(of);
        if (kind === 'learn') play.learn(of);
        play.settle();
      }
      while (play.running.length > 0) {
        play.end(0);
        play.settle();
      }
      expect(play.waiting.size).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});

test('an address with hundreds of waiting turns delays another one by one turn per free place', () => {
  const { arrive, end } = start({ running: 4, waiting: 1_000, perAddress: 64 });
  for (let index = 0; index < 400; index++) arrive(visitor('hostile', `guest ${index}`));
  arrive(visitor('good'), 'good');
  const started = [...end(visitor('hostile')), ...end(visitor('hostile'))];
  expect(started).toContain('good');
});
