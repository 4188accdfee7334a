import { AddressUse } from './address-use.ts';
import { Rotation } from './rotation.ts';
import type { TurnOwner } from './turn-owner.ts';

/** The default share of the running and the waiting places that only privileged owners can use. */
const RESERVED_SHARE_DEFAULT = 1 / 5;

/** How many turns may run and wait in one process. */
export interface SchedulerBounds {
  /** Running turns of the process. */
  readonly running: number;
  /** Turns that wait for a place in the process. */
  readonly waiting: number;
  /** Running turns of an address whose callers are not privileged. */
  readonly perAddress: number;
  /** The share of all places that only privileged owners can use; a fifth by default. */
  readonly reservedShare?: number;
}

/** A turn that waits for a place. */
export interface WaitingTurn<Item> {
  readonly id: string;
  readonly owner: TurnOwner;
  readonly item: Item;
  /** Whether the turn holds a waiting place. A turn that was found in the database holds none. */
  readonly hasPlace: boolean;
}

type Kind = 'privileged' | 'visitors';

interface UserNode<Item> {
  readonly turns: Map<string, WaitingTurn<Item>>;
}

interface AddressNode<Item> {
  readonly key: string;
  readonly owner: TurnOwner;
  readonly users: Rotation<UserNode<Item>>;
  /** The full network that the address waits for. A parked address is in no rotation. */
  parkedAt: string | undefined;
}

interface TeamNode<Item> {
  readonly addresses: Rotation<AddressNode<Item>>;
}

/**
 * Decides which turn of a process starts next: in rotation over teams, then addresses, then users, each user's turns
 * in their order. It holds only the counts for this decision and uses no database and no clock.
 *
 * Invariant: no waiting turn could use a free place, provided that after each `leave`, `queue` and `learn` the caller
 * calls `next` until it returns undefined. So a turn that arrives may take a free place at once.
 *
 * An address at its bound is parked when its turn comes, and returns to the rotation when one of its turns ends.
 * Every operation takes constant time, except that return, which visits each waiting address of the network once.
 */
export class TurnScheduler<Item> {
  readonly #bounds: SchedulerBounds;
  readonly #use: AddressUse;
  /** Teams with a waiting turn that is not parked. */
  readonly #teams: Record<Kind, Rotation<TeamNode<Item>>> = {
    privileged: new Rotation(),
    visitors: new Rotation(),
  };
  readonly #addresses = new Map<string, AddressNode<Item>>();
  readonly #parked = new Map<string, Set<AddressNode<Item>>>();
  readonly #waiting = new Map<string, WaitingTurn<Item>>();
  readonly #running: Record<Kind, number> = { privileged: 0, visitors: 0 };
  readonly #placesTaken: Record<Kind, number> = { privileged: 0, visitors: 0 };
  #served = 0;

  constructor(bounds: SchedulerBounds) {
    this.#bounds = bounds;
    this.#use = new AddressUse(bounds.perAddress);
  }

  /** The number of running turns, including turns that have a place and are about to run. */
  get running(): number {
    return this.#running.privileged + this.#running.visitors;
  }

  /** The number of turns that wait for a place, including turns that other processes accepted. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether no waiting turn could be the next. Turns of full addresses do not count. */
  get isIdle(): boolean {
    return this.#teams.privileged.size === 0 && this.#teams.visitors.size === 0;
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  get(id: string): WaitingTurn<Item> | undefined {
    return this.#waiting.get(id);
  }

  /** Whether a turn of this owner could start now. */
  canStart(owner: TurnOwner): boolean {
    return this.#hasRunningPlace(kindOf(owner)) && this.#fullNetwork(owner) === undefined;
  }

  /** Whether a turn of this owner could neither start nor wait. */
  isOverloaded(owner: TurnOwner): boolean {
    return !this.canStart(owner) && !this.#hasWaitingPlace(kindOf(owner));
  }

  /**
   * Takes a running place for a turn that arrives, otherwise a waiting place. Returns undefined if all places are
   * taken.
   */
  enter(owner: TurnOwner): 'running' | 'waiting' | undefined {
    if (this.canStart(owner)) {
      this.#count(owner, 1);
      return 'running';
    }
    const kind = kindOf(owner);
    if (!this.#hasWaitingPlace(kind)) return undefined;
    this.#placesTaken[kind]++;
    return 'waiting';
  }

  /** Gives back a waiting place whose turn was not queued. */
  leaveWaiting(owner: TurnOwner): void {
    this.#placesTaken[kindOf(owner)]--;
  }

  /** Gives back a running place. */
  leave(owner: TurnOwner): void {
    this.#count(owner, -1);
    if (!owner.isPrivileged) for (const network of owner.networks) this.#unpark(network);
  }

  /** Adds a waiting turn. If it `hasPlace`, `enter` has taken that place. */
  queue(turn: WaitingTurn<Item>): void {
    const { id, owner, hasPlace } = turn;
    if (this.#waiting.has(id)) {
      if (hasPlace) this.leaveWaiting(owner);
      return;
    }
    this.#waiting.set(id, turn);
    const key = addressKey(owner);
    const address = this.#addresses.get(key) ?? {
      key,
      owner,
      users: new Rotation(),
      parkedAt: undefined,
    };
    const isNew = address.users.size === 0;
    this.#addresses.set(key, address);
    const userKey = owner.user ?? '';
    const user = address.users.get(userKey);
    if (user) user.turns.set(id, turn);
    else address.users.add(userKey, { turns: new Map([[id, turn]]) }, ++this.#served);
    if (isNew) this.#rotateIn(address);
  }

  /** Removes a waiting turn that need not start in this process any more. */
  forget(id: string): void {
    const turn = this.#waiting.get(id);
    const address = turn && this.#addresses.get(addressKey(turn.owner));
    if (turn && address) this.#remove(turn, address);
  }

  /** All waiting turns. */
  list(): WaitingTurn<Item>[] {
    return [...this.#waiting.values()];
  }

  /** Takes a running place for the next waiting turn. Returns undefined if no turn can start. */
  next(): WaitingTurn<Item> | undefined {
    for (;;) {
      const team = this.#nextTeam();
      const address = team?.addresses.head?.item;
      if (!address) return undefined;
      const full = this.#fullNetwork(address.owner);
      if (full !== undefined) {
        this.#park(address, full);
        continue;
      }
      const user = address.users.head?.item;
      const [turn] = user?.turns.values() ?? [];
      if (!turn) throw new Error('an address waits without a turn');
      this.#serve(turn);
      this.#remove(turn, address);
      this.#count(turn.owner, 1);
      return turn;
    }
  }

  /**
   * The networks of an owner whose turns in other processes must be counted before a further turn may start. No count
   * is needed while a process runs less than an eighth of a network's bound.
   */
  unknownNetworks(owner: TurnOwner): string[] {
    if (owner.isPrivileged) return [];
    return owner.networks.filter((network, width) => this.#use.isBeyondShare(network, width));
  }

  /** Networks with waiting turns that are full only because of turns in other processes. */
  networksFullElsewhere(): string[] {
    return [...this.#parked.keys()].filter((network) => this.#use.isFullElsewhere(network));
  }

  runningOf(network: string): number {
    return this.#use.runningOf(network);
  }

  /** Records the number of a network's running turns in other processes. */
  learn(network: string, runningElsewhere: number): void {
    this.#use.learn(network, runningElsewhere);
    this.#unpark(network);
  }

  #hasRunningPlace(kind: Kind): boolean {
    return this.#hasPlace(this.#running, kind, this.#bounds.running);
  }

  #hasWaitingPlace(kind: Kind): boolean {
    return this.#hasPlace(this.#placesTaken, kind, this.#bounds.waiting);
  }

  /** Visitors leave the reserved places to privileged owners, who may use all places. */
  #hasPlace(taken: Record<Kind, number>, kind: Kind, max: number): boolean {
    if (taken.privileged + taken.visitors >= max) return false;
    const { reservedShare = RESERVED_SHARE_DEFAULT } = this.#bounds;
    return kind === 'privileged' || taken.visitors < max - Math.floor(max * reservedShare);
  }

  #fullNetwork({ isPrivileged, networks }: TurnOwner): string | undefined {
    if (isPrivileged) return undefined;
    return networks.find((network, width) => this.#use.isFull(network, width));
  }

  #count(owner: TurnOwner, change: 1 | -1): void {
    this.#running[kindOf(owner)] += change;
    if (owner.isPrivileged) return;
    for (const [width, network] of owner.networks.entries()) this.#use.count(network, width, change);
  }

  /** The team that was served longest ago, among the teams with a turn that could use a free place. */
  #nextTeam(): TeamNode<Item> | undefined {
    const privileged = this.#hasRunningPlace('privileged') ? this.#teams.privileged.head : undefined;
    const visitors = this.#hasRunningPlace('visitors') ? this.#teams.visitors.head : undefined;
    if (!privileged || !visitors) return (privileged ?? visitors)?.item;
    return (privileged.since < visitors.since ? privileged : visitors).item;
  }

  /** Moves the team, the address and the user of a turn to the ends of their rotations. */
  #serve({ owner }: WaitingTurn<Item>): void {
    const kind = kindOf(owner);
    const key = addressKey(owner);
    this.#addresses.get(key)?.users.moveToEnd(owner.user ?? '', ++this.#served);
    this.#teams[kind].get(owner.team)?.addresses.moveToEnd(key, ++this.#served);
    // The team's turns of the other kind are served before its next turn of this kind.
    this.#teams[kind === 'visitors' ? 'privileged' : 'visitors'].moveToEnd(owner.team, ++this.#served);
    this.#teams[kind].moveToEnd(owner.team, ++this.#served);
  }

  #remove({ id, owner, hasPlace }: WaitingTurn<Item>, address: AddressNode<Item>): void {
    this.#waiting.delete(id);
    if (hasPlace) this.leaveWaiting(owner);
    const userKey = owner.user ?? '';
    const user = address.users.get(userKey);
    user?.turns.delete(id);
    if (user?.turns.size === 0) address.users.delete(userKey);
    if (address.users.size > 0) return;
    this.#addresses.delete(address.key);
    if (address.parkedAt === undefined) this.#rotateOut(address);
    else this.#unparkOne(address, address.parkedAt);
  }

  #rotateIn(address: AddressNode<Item>): void {
    const { owner, key } = address;
    const teams = this.#teams[kindOf(owner)];
    const team = teams.get(owner.team) ?? { addresses: new Rotation<AddressNode<Item>>() };
    if (team.addresses.size === 0) teams.add(owner.team, team, ++this.#served);
    team.addresses.add(key, address, ++this.#served);
  }

  #rotateOut({ owner, key }: AddressNode<Item>): void {
    const teams = this.#teams[kindOf(owner)];
    const team = teams.get(owner.team);
    team?.addresses.delete(key);
    if (team?.addresses.size === 0) teams.delete(owner.team);
  }

  #park(address: AddressNode<Item>, network: string): void {
    this.#rotateOut(address);
    address.parkedAt = network;
    this.#parked.set(network, (this.#parked.get(network) ?? new Set()).add(address));
  }

  #unpark(network: string): void {
    for (const address of this.#parked.get(network) ?? []) {
      this.#unparkOne(address, network);
      this.#rotateIn(address);
    }
  }

  #unparkOne(address: AddressNode<Item>, network: string): void {
    const parked = this.#parked.get(network);
    parked?.delete(address);
    if (parked?.size === 0) this.#parked.delete(network);
    address.parkedAt = undefined;
  }
}

function kindOf({ isPrivileged }: TurnOwner): Kind {
  return isPrivileged ? 'privileged' : 'visitors';
}

function addressKey(owner: TurnOwner): string {
  return `${kindOf(owner)} ${owner.team} ${owner.networks[0] ?? ''}`;
}
