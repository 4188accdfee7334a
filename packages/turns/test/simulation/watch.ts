import type { Id } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { TurnBounds } from '../../src/index.ts';
import type { ChatDocument, MarkerDocument, TurnDocument } from './simulated-database.ts';
import type { World } from './world.ts';

/** In a calm run whatever can begin begins within this: a few ways to the database, and no sweep. */
const CALM_START_MS = 1_500;
/** A cancel is seen by the next tick of whoever runs the turn. */
const CALM_STOP_MS = 2_000;
/** A cancelled turn that waits at another process is ended by the next sweep: its longest pause, in leases, and its work. */
const SWEEP_LEASES = 1.25 / 3;
const SWEEP_MS = 3_000;

interface Times {
  insertedAt: number;
  startedAt: number | undefined;
  cancelledAt: number | undefined;
  endedAt: number | undefined;
}

/** Watches what the database commits, change by change: what may never happen, and what comes too late. */
export class Watch {
  readonly #world: World;
  readonly #times = new Map<Id<'turn'>, Times>();
  readonly #unfinished = new Set<Id<'turn'>>();
  readonly #marked = new Set<Id<'chat'>>();
  /** Chats whose marker came first, and which may not be marked yet. */
  readonly #pending = new Set<Id<'chat'>>();
  /** The turns of visitors with an address, in the order in which they were first claimed. */
  readonly #starts: { readonly at: number; readonly address: string }[] = [];
  /** The newest turn that each chat ever had. */
  readonly #newest = new Map<Id<'chat'>, number>();

  constructor(world: World) {
    this.#world = world;
    world.database.observe((name, id, before, after) => {
      if (name === 'turns')
        this.#turn(id as Id<'turn'>, before as TurnDocument | undefined, after as TurnDocument | undefined);
      if (name === 'chats')
        this.#chat(id as Id<'chat'>, before as ChatDocument | undefined, after as ChatDocument | undefined);
      if (name === 'markers') this.#marker(id as Id<'chat'>, after as MarkerDocument | undefined);
    });
  }

  /** Whether every turn has ended and every deletion is complete. */
  get isQuiet(): boolean {
    return this.#unfinished.size === 0 && this.#marked.size === 0 && this.#pending.size === 0;
  }

  /** What is still to be done. */
  get rest(): string {
    return [...this.#unfinished, ...this.#marked, ...this.#pending].join(', ');
  }

  #chat(id: Id<'chat'>, before: ChatDocument | undefined, after: ChatDocument | undefined): void {
    if (before?.record && !after?.record) this.#judgeDeletion(id);
    if (after?.isMarked) this.#marked.add(id);
    else this.#marked.delete(id);
  }

  #marker(chat: Id<'chat'>, after: MarkerDocument | undefined): void {
    if (after?.pendingFor) this.#pending.add(chat);
    else this.#pending.delete(chat);
    const newest = this.#newest.get(chat) ?? 0;
    if (after && newest >= after.sequence)
      this.#world.offend(`the marker of ${chat} took place ${after.sequence}, and turn ${newest} was there`);
  }

  /** A chat that nobody deleted goes only by retention, and only with turns that retention judged. */
  #judgeDeletion(chat: Id<'chat'>): void {
    const { askedToGo, judged } = this.#world;
    const newest = this.#newest.get(chat) ?? 0;
    if (!askedToGo.has(chat) && !judged.get(chat)?.has(newest))
      this.#world.offend(`retention deleted ${chat} with turn ${newest}, which it had not judged`);
  }

  #turn(id: Id<'turn'>, before: TurnDocument | undefined, after: TurnDocument | undefined): void {
    const { scheduler } = this.#world;
    if (!after) {
      this.#unfinished.delete(id);
      return;
    }
    const { record } = after;
    const isOver = hasEnded(after);
    if (isOver) this.#unfinished.delete(id);
    else this.#unfinished.add(id);
    if (before && hasEnded(before) && record.status !== before.record.status)
      this.#world.offend(`turn ${record.sequence} was ${before.record.status} and became ${record.status}`);
    const times = this.#times.get(id) ?? {
      insertedAt: scheduler.now,
      startedAt: undefined,
      cancelledAt: undefined,
      endedAt: undefined,
    };
    this.#times.set(id, times);
    if (!before) this.#judgeInsert(record);
    if (record.isCancelled) times.cancelledAt ??= scheduler.now;
    if (record.status === 'generating') {
      // A turn that was cancelled before it was claimed needs no place, and overtakes nobody.
      if (times.startedAt === undefined && times.cancelledAt === undefined) this.#judgeOrder(record, times);
      times.startedAt ??= scheduler.now;
      if (before?.record.status !== 'generating') this.#judgeStart(record);
    }
    if (isOver && times.endedAt === undefined) {
      times.endedAt = scheduler.now;
      this.#world.endedAt.set(record.answerId, scheduler.now);
      this.#judgeEnd(after, times);
    }
  }

  /** Where no process dies, places and addresses keep their bounds: each process its own, one process all of them. */
  #judgeStart({ origin }: TurnRecord): void {
    const { plan, database } = this.#world;
    if (plan.kind === 'stormy') return;
    const running = [...database.committed.turns.values()]
      .map(({ record }) => record)
      // One that was cancelled before it was claimed calls no model, and needs no place.
      .filter(({ id }) => !this.#isOnlyToEnd(id))
      // What runs in a deleted chat has been stopped, and is removed later.
      .filter(({ status, chat }) => status === 'generating' && database.committed.chats.get(chat)?.record);
    const visitors = running.filter((turn) => turn.origin?.isPrivileged === false);
    const { runningTurnsMax, runningPerAddressMax } = plan.bounds;
    if (running.length > plan.replicas * runningTurnsMax)
      this.#world.offend(`${running.length} turns run in ${plan.replicas} processes of ${runningTurnsMax}`);
    if (visitors.length > plan.replicas * visitorPlaces(plan.bounds))
      this.#world.offend(`${visitors.length} turns of visitors run, in reserved places too`);
    if (plan.replicas > 1 || origin?.isPrivileged !== false) return;
    for (const [width, network] of (origin.networks ?? []).entries()) {
      const max = width === 0 ? runningPerAddressMax : 4 * runningPerAddressMax;
      const count = visitors.filter((turn) => turn.origin?.networks?.includes(network)).length;
      if (count > max) this.#world.offend(`${count} turns of network ${network} run, and ${max} may`);
    }
  }

  #isOnlyToEnd(id: Id<'turn'>): boolean {
    const { cancelledAt, startedAt } = this.#times.get(id) ?? {};
    return cancelledAt !== undefined && startedAt !== undefined && cancelledAt <= startedAt;
  }

  /**
   * While a turn of one address waits, turns of another start no more often than those of its own do, but for a round of
   * places: waiting turns start in rotation. Judged where one process runs all of them, and no address is at its bound.
   */
  #judgeOrder({ chat, sequence, origin }: TurnRecord, { insertedAt }: Times): void {
    const { plan, scheduler } = this.#world;
    const [own] = origin?.isPrivileged === false ? (origin.networks ?? []) : [];
    if (own === undefined) return;
    const { runningTurnsMax, runningPerAddressMax } = plan.bounds;
    const isJudged = plan.kind !== 'stormy' && plan.replicas === 1 && runningPerAddressMax > runningTurnsMax;
    const waitsSince = Math.max(insertedAt, this.#predecessorsEndedAt(chat, sequence)) + this.#queuedMs;
    if (isJudged && waitsSince < scheduler.now) {
      const meanwhile = this.#starts.filter(({ at }) => at > waitsSince);
      const counts = Map.groupBy(meanwhile, ({ address }) => address);
      const ownCount = counts.get(own)?.length ?? 0;
      for (const [address, { length }] of counts) {
        if (length <= ownCount + runningTurnsMax) continue;
        this.#world.offend(
          `${length} turns of ${address} started while one of ${own} waited, and ${ownCount} of its own`,
        );
      }
    }
    this.#starts.push({ at: scheduler.now, address: own });
  }

  /** How long a turn takes at most, once its predecessor has ended, to be among those that wait for a place. */
  get #queuedMs(): number {
    const { latencyMaxMs, replicationMaxMs } = this.#world.plan.conditions;
    return 100 + 6 * (2 * latencyMaxMs + replicationMaxMs);
  }

  #predecessorsEndedAt(chat: Id<'chat'>, sequence: number): number {
    let endedAt = 0;
    for (const { record } of this.#world.database.committed.turns.values()) {
      if (record.chat === chat && record.sequence < sequence)
        endedAt = Math.max(endedAt, this.#times.get(record.id)?.endedAt ?? 0);
    }
    return endedAt;
  }

  /** The queue has its bound, and who would not wait does not. */
  #judgeInsert({ chat, sequence, userMessage }: TurnRecord): void {
    const { plan, database, impatient } = this.#world;
    this.#newest.set(chat, Math.max(this.#newest.get(chat) ?? 0, sequence));
    const marker = database.committed.markers.get(chat);
    if (marker && sequence > marker.sequence)
      this.#world.offend(`turn ${sequence} of ${chat} was inserted behind its marker ${marker.sequence}`);
    // Of a chat that is gone every turn is removed again, whatever it was inserted behind.
    if (!database.committed.chats.get(chat)?.record) return;
    let unfinished = 0;
    for (const other of database.committed.turns.values())
      if (other.record.chat === chat && other.record.sequence < sequence && !hasEnded(other)) unfinished++;
    if (unfinished > plan.bounds.queuedTurnsPerChatMax)
      this.#world.offend(`turn ${sequence} of ${chat} was accepted behind ${unfinished} that wait`);
    if (unfinished > 0 && userMessage && impatient.has(userMessage.content))
      this.#world.offend(`turn ${sequence} of ${chat} was accepted to wait, and would not`);
  }

  #judgeEnd({ record }: TurnDocument, times: Times): void {
    const { plan, database } = this.#world;
    const { chat, sequence } = record;
    let freeAt = times.insertedAt;
    for (const { record: other } of database.committed.turns.values()) {
      if (other.chat !== chat || other.sequence >= sequence) continue;
      const endedAt = this.#times.get(other.id)?.endedAt;
      if (endedAt === undefined)
        this.#world.offend(`turn ${sequence} of ${chat} ended before turn ${other.sequence}`);
      else freeAt = Math.max(freeAt, endedAt);
    }
    if (plan.kind === 'healthy' && record.lease?.attempt !== 1)
      this.#world.offend(
        `turn ${sequence} of ${chat} was run ${record.lease?.attempt} times, and nobody died`,
      );
    this.#judgeCancelled(record, times, freeAt);
    if (plan.kind !== 'calm') return;
    const { startedAt = Number.POSITIVE_INFINITY, cancelledAt, endedAt = 0 } = times;
    const turns = plan.people.messages + plan.people.retries;
    const isBounded = record.origin?.isPrivileged !== true && plan.bounds.runningPerAddressMax <= turns;
    const hasPlaces = visitorPlaces(plan.bounds) > turns && !isBounded;
    if (hasPlaces && startedAt - freeAt > CALM_START_MS)
      this.#world.offend(`turn ${sequence} of ${chat} could start at ${freeAt} and did at ${startedAt}`);
    if (cancelledAt !== undefined && endedAt - Math.max(cancelledAt, startedAt) > CALM_STOP_MS)
      this.#world.offend(
        `turn ${sequence} of ${chat} was cancelled at ${cancelledAt} and went on to ${endedAt}`,
      );
  }

  /** A turn that was cancelled while it waited ends as soon as its predecessor has, whether there is a place or not. */
  #judgeCancelled({ chat, sequence }: TurnRecord, { cancelledAt, endedAt = 0 }: Times, freeAt: number): void {
    const { plan } = this.#world;
    if (cancelledAt === undefined || plan.kind === 'stormy') return;
    const isSwept = plan.kind === 'healthy';
    // Without a sweep only the process where it waits can end it, and only once it is among those that wait there.
    const isOnItsWay = cancelledAt >= freeAt && cancelledAt <= freeAt + this.#queuedMs;
    if (!isSwept && (plan.replicas > 1 || isOnItsWay)) return;
    const boundMs = isSwept ? plan.bounds.leaseMs * SWEEP_LEASES + SWEEP_MS : CALM_STOP_MS;
    if (endedAt - Math.max(cancelledAt, freeAt) > boundMs)
      this.#world.offend(
        `turn ${sequence} of ${chat} was cancelled at ${cancelledAt}, could end at ${freeAt} and did at ${endedAt}`,
      );
  }
}

/** A fifth of the places is reserved. */
function visitorPlaces({ runningTurnsMax }: TurnBounds): number {
  return runningTurnsMax - Math.floor(runningTurnsMax / 5);
}

function hasEnded({ record: { status } }: TurnDocument): boolean {
  return status !== 'queued' && status !== 'generating';
}
