import type { Id } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { TurnBounds } from '../../src/index.ts';
import type { ChatDocument, MarkerDocument, PieceDocument, TurnDocument } from './simulated-database.ts';
import type { World } from './world.ts';

/**
 * The time within which every turn that can begin does so in a calm run: several round trips to the database, without
 * the recovery loop.
 */
const CALM_START_MS = 1_500;
/**
 * The time within which a running turn stops after a cancel in a calm run: the next tick of its process notices the
 * cancel.
 */
const CALM_STOP_MS = 2_000;
/**
 * The time within which the recovery loop ends a cancelled turn that waits in another process, in leases: its longest
 * pause.
 */
const RECOVERY_LEASES = 1.25 / 3;
const RECOVERY_MS = 3_000;

interface Times {
  insertedAt: number;
  startedAt: number | undefined;
  cancelledAt: number | undefined;
  endedAt: number | undefined;
}

/** Checks each change that the database commits: some must never happen, others must not be late. */
export class Watch {
  readonly #world: World;
  readonly #times = new Map<Id<'turn'>, Times>();
  readonly #unfinished = new Set<Id<'turn'>>();
  readonly #marked = new Set<Id<'chat'>>();
  /** Chats whose marker was inserted before they were marked as deleted. */
  readonly #pending = new Set<Id<'chat'>>();
  /** The turns of visitors with an address, in the order of their first claims. */
  readonly #starts: { readonly at: number; readonly address: string }[] = [];
  /** The newest turn of each chat, including deleted chats. */
  readonly #newest = new Map<Id<'chat'>, number>();
  /** When the present choice of a path was made. */
  readonly #chosenAt = new Map<Id<'chat'>, number>();

  constructor(world: World) {
    this.#world = world;
    world.database.observe((name, id, before, after) => {
      if (name === 'turns')
        this.#turn(id as Id<'turn'>, before as TurnDocument | undefined, after as TurnDocument | undefined);
      if (name === 'chats')
        this.#chat(id as Id<'chat'>, before as ChatDocument | undefined, after as ChatDocument | undefined);
      if (name === 'markers') this.#marker(id as Id<'chat'>, after as MarkerDocument | undefined);
      if (name === 'turnLog') this.#piece(after as PieceDocument | undefined);
    });
  }

  /** Whether every turn has ended and every deletion is complete. */
  get isQuiet(): boolean {
    return this.#unfinished.size === 0 && this.#marked.size === 0 && this.#pending.size === 0;
  }

  /** A description of the unfinished work. */
  get rest(): string {
    return [...this.#unfinished, ...this.#marked, ...this.#pending].join(', ');
  }

  #chat(id: Id<'chat'>, before: ChatDocument | undefined, after: ChatDocument | undefined): void {
    if (before?.record && !after?.record) this.#checkDeletion(id);
    if (before?.record?.choice !== after?.record?.choice) this.#chosenAt.set(id, this.#world.scheduler.now);
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

  /** Readers in other processes stop at a gap, so each piece of a log begins at the end of the piece before it. */
  #piece(after: PieceDocument | undefined): void {
    const { database } = this.#world;
    const chat = after && database.committed.turns.get(after.turn)?.record.chat;
    // In a deleted chat a late write may come after the removal of the log.
    if (!chat || !database.committed.chats.get(chat)?.record) return;
    const { turn, attempt, to, text } = after;
    let end = 0;
    for (const piece of database.committed.turnLog.values())
      if (piece.turn === turn && piece.attempt === attempt && piece !== after) end = Math.max(end, piece.to);
    const begin = to - text.length;
    if (begin > end)
      this.#world.offend(`the log of run ${attempt} of ${turn} goes on at ${begin}, and ends at ${end}`);
  }

  /** A chat without a request for its deletion is deleted only by retention, with no turns after the checked one. */
  #checkDeletion(chat: Id<'chat'>): void {
    const { deletionRequestedFor, retentionChecks } = this.#world;
    const newest = this.#newest.get(chat) ?? 0;
    if (!deletionRequestedFor.has(chat) && !retentionChecks.get(chat)?.has(newest))
      this.#world.offend(`retention deleted ${chat} with turn ${newest}, which it had not checked`);
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
    if (!before) this.#checkInsert(record);
    if (before && !before.record.isRemoved && record.isRemoved && !this.#world.beforeRemoval.has(id))
      this.#world.beforeRemoval.set(id, before.record);
    if (record.isCancelled) times.cancelledAt ??= scheduler.now;
    if (record.status === 'generating') {
      // A turn that was cancelled before its claim needs no place, so it overtakes no other turn.
      if (times.startedAt === undefined && times.cancelledAt === undefined) this.#checkOrder(record, times);
      times.startedAt ??= scheduler.now;
      if (before?.record.status !== 'generating') this.#checkStart(record);
    }
    if (isOver && times.endedAt === undefined) {
      times.endedAt = scheduler.now;
      this.#world.endedAt.set(record.answerId, scheduler.now);
      this.#checkEnd(after, times);
    }
  }

  /**
   * Checks the bounds of places and addresses. They hold only without crashes, and the bounds of all processes together
   * only if there is one process.
   */
  #checkStart({ origin }: TurnRecord): void {
    const { plan, database } = this.#world;
    if (plan.kind === 'stormy') return;
    const running = [...database.committed.turns.values()]
      .map(({ record }) => record)
      // A turn that was cancelled before its claim calls no model and needs no place.
      .filter(({ id }) => !this.#isOnlyToEnd(id))
      // Runs in a deleted chat are stopped, and their turns are removed later.
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
   * While a turn of one address waits, turns of another start at most as often as those of its own, except for one
   * round of places: waiting turns start in rotation. This is checked where one process runs all of them and no
   * address is at its bound.
   */
  #checkOrder({ chat, sequence, origin }: TurnRecord, { insertedAt }: Times): void {
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

  /** The longest time from the end of its predecessor until a turn waits for a place. */
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

  /** Checks that the queue respects its bound, and that a message with `onBusy: reject` does not wait. */
  #checkInsert({ chat, sequence, userMessage, parent }: TurnRecord): void {
    const { plan, database, rejectedIfBusy } = this.#world;
    this.#newest.set(chat, Math.max(this.#newest.get(chat) ?? 0, sequence));
    const marker = database.committed.markers.get(chat);
    if (marker && sequence > marker.sequence)
      this.#world.offend(`turn ${sequence} of ${chat} was inserted behind its marker ${marker.sequence}`);
    // Every turn of a deleted chat is removed, including turns with a successor.
    if (!database.committed.chats.get(chat)?.record) return;
    let unfinished = 0;
    for (const other of database.committed.turns.values())
      if (other.record.chat === chat && other.record.sequence < sequence && !hasEnded(other)) unfinished++;
    if (unfinished > plan.bounds.queuedTurnsPerChatMax)
      this.#world.offend(`turn ${sequence} of ${chat} was accepted behind ${unfinished} that wait`);
    const isFork = parent !== undefined && parent !== sequence - 1;
    if (isFork && unfinished > 0)
      this.#world.offend(`turn ${sequence} of ${chat} is a version, and ${unfinished} turns had not ended`);
    if (userMessage) this.#checkChoice(chat, sequence, userMessage.content, parent);
    if (unfinished > 0 && userMessage && rejectedIfBusy.has(userMessage.content))
      this.#world.offend(`turn ${sequence} of ${chat} was accepted to wait, and would not`);
  }

  /** A message that was sent after a path was chosen follows it. An old primary may know no choice, so only calm runs are checked. */
  #checkChoice(chat: Id<'chat'>, sequence: number, content: string, parent = sequence - 1): void {
    const { plan, database, sentAt } = this.#world;
    const { choice } = database.committed.chats.get(chat)?.record ?? {};
    if (plan.kind === 'stormy' || choice?.tailSequence !== sequence - 1) return;
    const isLater = (sentAt.get(content) ?? 0) > (this.#chosenAt.get(chat) ?? 0);
    if (isLater && parent !== choice.turn)
      this.#world.offend(`turn ${sequence} of ${chat} follows turn ${parent}, and ${choice.turn} is shown`);
  }

  #checkEnd({ record }: TurnDocument, times: Times): void {
    const { plan, database, model } = this.#world;
    const { id, chat, sequence, lease } = record;
    let freeAt = times.insertedAt;
    for (const { record: other } of database.committed.turns.values()) {
      if (other.chat !== chat || other.sequence >= sequence) continue;
      const endedAt = this.#times.get(other.id)?.endedAt;
      if (endedAt === undefined)
        this.#world.offend(`turn ${sequence} of ${chat} ended before turn ${other.sequence}`);
      else freeAt = Math.max(freeAt, endedAt);
    }
    // Another model that restarted an answer raised its attempt.
    const attempt = lease?.attempt ?? 0;
    const isOnce = attempt >= 1 && attempt <= 1 + (model.restarts.get(id) ?? 0);
    if (plan.kind === 'healthy' && !isOnce)
      this.#world.offend(`turn ${sequence} of ${chat} was run ${attempt} times, and nobody died`);
    this.#checkCancelled(record, times, freeAt);
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

  /** A turn that was cancelled while it waited ends as soon as its predecessor has, with or without a free place. */
  #checkCancelled({ chat, sequence }: TurnRecord, { cancelledAt, endedAt = 0 }: Times, freeAt: number): void {
    const { plan } = this.#world;
    if (cancelledAt === undefined || plan.kind === 'stormy') return;
    const isRecovered = plan.kind === 'healthy';
    // Without the recovery loop only the process where the turn waits can end it, after it has begun to wait there.
    const isOnItsWay = cancelledAt >= freeAt && cancelledAt <= freeAt + this.#queuedMs;
    if (!isRecovered && (plan.replicas > 1 || isOnItsWay)) return;
    const boundMs = isRecovered ? plan.bounds.leaseMs * RECOVERY_LEASES + RECOVERY_MS : CALM_STOP_MS;
    if (endedAt - Math.max(cancelledAt, freeAt) > boundMs)
      this.#world.offend(
        `turn ${sequence} of ${chat} was cancelled at ${cancelledAt}, could end at ${freeAt} and did at ${endedAt}`,
      );
  }
}

/** The places that visitors can use: a fifth of all places is reserved. */
function visitorPlaces({ runningTurnsMax }: TurnBounds): number {
  return runningTurnsMax - Math.floor(runningTurnsMax / 5);
}

function hasEnded({ record: { status } }: TurnDocument): boolean {
  return status !== 'queued' && status !== 'generating';
}
