import { type Id, isOnPath, type OnBusy, pathOf } from '@parley/contract';
import type { TurnRecord } from '@parley/db';
import type { TurnRequester } from '../../src/index.ts';
import type { ReportedEnd, RequestResult, TurnsById } from '../../src/testing/index.ts';
import { hasEnded, newestFirst } from './find-turns.ts';
import { type Ledger, type OpenRequest, reportedEndOf } from './ledger.ts';
import type { Replica } from './replica.ts';
import type { CallResult, World } from './world.ts';

/** Error codes after which the same request can be repeated. */
const PASSING = new Set([
  ...['database_unavailable', 'draining', 'queue_full', 'chat_busy', 'model_loading'],
  ...['overloaded', 'too_many_turns'],
]);
/** Fixed ids, because they are part of the trace of a seed. */
const KEY: Id<'key'> = `key_${'0'.repeat(28)}`;
const TRIES_MAX = 4;
const USERS = 3;
/** The longest delay of an end: a poll of one second and several round trips to the database. */
const REPORT_MS = 1_800;

interface Message {
  readonly chat: Id<'chat'>;
  readonly content: string;
  readonly onBusy: OnBusy;
  readonly key: string | undefined;
  readonly requestedBy: TurnRequester;
  readonly place: Place;
}

/** The message that a new one replaces, or that its sender saw last. */
interface Place {
  readonly replaces?: string;
  readonly after?: string;
}

/** Users who send, retry, cancel and delete. */
export class Sender {
  readonly #world: World;
  readonly #ledger: Ledger;
  #messages = 0;
  #requests = 0;

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
  }

  /**
   * Sends one message. With a key, the request is repeated until it is known to be accepted, or is sent twice at
   * once.
   */
  async send(chat: Id<'chat'>): Promise<void> {
    const { random, plan } = this.#world;
    const { keyed, duplicates, interrupts, rejects } = plan.people;
    const content = `q${++this.#messages}`;
    const drawn = random.next();
    const onBusy = drawn < interrupts ? 'interrupt' : drawn < interrupts + rejects ? 'reject' : 'enqueue';
    const key = random.chance(keyed) ? this.#keyFor(content) : undefined;
    const place = this.#anyPlace(chat);
    const message: Message = { chat, content, onBusy, key, requestedBy: this.#anyRequester(), place };
    if (Object.keys(place).length === 0) this.#world.sentAt.set(content, this.#world.scheduler.now);
    if (onBusy === 'reject') this.#world.rejectedIfBusy.add(content);
    const twice = key !== undefined && random.chance(duplicates);
    await Promise.all([this.#sendRepeatedly(message), twice && this.#sendRepeatedly(message)]);
  }

  async retry(chat: Id<'chat'>): Promise<void> {
    const { random, plan } = this.#world;
    const { answers } = this.#ledger.of(chat);
    const isVersion = this.#makesVersion() && answers.length > 0;
    const retries = isVersion ? random.pick(answers) : (this.#ledger.failedAnswer(chat) ?? answers.at(-1));
    if (retries === undefined) return;
    const onBusy = isVersion && random.chance(plan.people.interrupts) ? 'interrupt' : undefined;
    const key = random.chance(plan.people.keyed) ? `key to retry ${retries} ${this.#requests}` : undefined;
    await this.#repeat(key, () =>
      this.#request(chat, { retries, key, onBusy }, (turns) =>
        this.#retryOn(turns, { chat, retries, key, onBusy }),
      ),
    );
  }

  async cancel(chat: Id<'chat'>): Promise<void> {
    const { random, scope } = this.#world;
    const { answers, stopRequestedFor } = this.#ledger.of(chat);
    if (answers.length === 0) return;
    const answerId = random.chance(0.7) ? answers.at(-1) : random.pick(answers);
    if (answerId === undefined) return;
    stopRequestedFor.add(answerId);
    await this.#request(chat, {}, async (turns) => {
      const turn = await turns.cancel(scope, { chat, answerId });
      const userMessageId = turn.userMessage?.id ?? turn.retryOf?.userMessageId;
      return { accepted: { answerId, userMessageId, isReplay: true }, end: endOfStatus(turn) };
    });
  }

  /** Shows the newest path through a message. */
  async choose(chat: Id<'chat'>): Promise<void> {
    const { random, scope, database } = this.#world;
    const turns = newestFirst(database.committed, scope, chat);
    if (turns.length === 0) return;
    const { sequence } = random.pick(turns);
    // The newest turn is first.
    const head = turns.find((turn) => isOnPath(pathOf(turn), sequence));
    const replica = this.#world.anyReplica();
    if (!replica || !head) return;
    this.#world.note(`someone chooses turn ${head.sequence} of ${chat} at ${replica.process.name}`);
    await this.#world.call(replica, (process) => process.choosePath(scope, chat, head.sequence));
  }

  /** Removes the newest message that failed. */
  async remove(chat: Id<'chat'>): Promise<void> {
    const { scope, database } = this.#world;
    const [newest] = newestFirst(database.committed, scope, chat);
    const message = newest?.userMessage?.id ?? newest?.retryOf?.userMessageId;
    const replica = this.#world.anyReplica();
    if (!replica || message === undefined) return;
    this.#world.note(`someone removes ${message} of ${chat} at ${replica.process.name}`);
    const removal = { message, isConfirmed: false };
    this.#ledger.of(chat).removals.push(removal);
    const result = await this.#world.call(replica, (process) => process.removeMessage(scope, chat, message));
    removal.isConfirmed = result.kind === 'answered';
    this.#world.note(`the removal of ${message} is ${result.kind}`);
  }

  /** Stops all turns of one user, as a block does. */
  async block(): Promise<void> {
    const { scope, database, stoppedUsers } = this.#world;
    const user = this.#anyUser();
    stoppedUsers.add(user);
    const unfinished = [...database.committed.turns.values()]
      .map(({ record }) => record)
      .filter((turn) => turn.spender?.user === user && !hasEnded(turn));
    const replica = this.#world.anyReplica();
    if (!replica) return;
    this.#world.note(`${user} is blocked at ${replica.process.name}`);
    const result = await this.#world.call(replica, (turns) => turns.stopUser(scope, user));
    if (result.kind !== 'answered') return;
    for (const { id, sequence, chat } of unfinished) {
      const now = database.committed.turns.get(id)?.record;
      if (now && !hasEnded(now) && !now.isCancelled)
        this.#world.offend(`${user} is blocked, and turn ${sequence} of ${chat} goes on`);
    }
  }

  async delete(chat: Id<'chat'>): Promise<void> {
    const { scope, deletionRequestedFor } = this.#world;
    this.#ledger.of(chat).wasDeletionRequested = true;
    deletionRequestedFor.add(chat);
    const replica = this.#world.anyReplica();
    if (!replica) return;
    this.#world.note(`someone deletes ${chat} at ${replica.process.name}`);
    this.#checkDeletion(chat, await this.#world.call(replica, (turns) => turns.deleteChat(scope, chat)));
  }

  /**
   * Deletes a chat as the deletion of its user does, which also removes the tombstone. Another process continues a deletion
   * that stopped, as the background job does.
   */
  async erase(chat: Id<'chat'>): Promise<void> {
    const { scope, deletionRequestedFor, random, plan } = this.#world;
    this.#ledger.of(chat).wasDeletionRequested = true;
    deletionRequestedFor.add(chat);
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const replica = this.#world.anyReplica();
      if (!replica) return;
      this.#world.note(`the user of ${chat} is deleted at ${replica.process.name}`);
      const result = await this.#world.call(replica, async (turns) => {
        await replica.store.chats.markDeleted(scope, chat);
        await turns.dropChat(chat);
        await replica.removeTombstone(chat);
        return true;
      });
      this.#checkDeletion(chat, result);
      if (result.kind === 'answered') return;
      await this.#world.wait(random.skewed(10, plan.bounds.leaseMs));
    }
  }

  /** Checks a chat as retention does and deletes it later. Messages may have arrived in between. */
  async retire(chat: Id<'chat'>): Promise<void> {
    const { scope, random, plan, database, retentionChecks } = this.#world;
    const { committed } = database;
    const [newest] = newestFirst(committed, scope, chat);
    if (!committed.chats.get(chat)?.record || (newest && !hasEnded(newest))) return;
    const sequence = newest?.sequence ?? 0;
    retentionChecks.set(chat, (retentionChecks.get(chat) ?? new Set()).add(sequence));
    this.#ledger.of(chat).wasDeletionRequested = true;
    await this.#world.wait(random.skewed(0, plan.bounds.leaseMs));
    const replica = this.#world.anyReplica();
    if (!replica) return;
    this.#world.note(`retention deletes ${chat} behind turn ${sequence} at ${replica.process.name}`);
    this.#checkDeletion(
      chat,
      await this.#world.call(replica, (turns) => turns.deleteIdleChat(scope, chat, sequence)),
    );
  }

  /** A deletion is acknowledged after the chat's marker is stored, so no message follows. */
  #checkDeletion(chat: Id<'chat'>, result: CallResult<boolean>): void {
    if (result.kind !== 'answered' || !result.value) return;
    this.#ledger.of(chat).wasConfirmedDeleted = true;
    const { markers, chats } = this.#world.database.committed;
    if (!markers.has(chat)) this.#world.offend(`${chat} was confirmed as deleted before it had its marker`);
    if (chats.get(chat)?.record) this.#world.offend(`${chat} was confirmed as deleted before it was marked`);
  }

  #sendRepeatedly(message: Message): Promise<void> {
    const { chat, content, onBusy, key, place } = message;
    return this.#repeat(key, () =>
      this.#request(chat, { content, key, onBusy, ...place }, (turns, replica) =>
        this.#sendOn(turns, replica, message),
      ),
    );
  }

  /** Repeats a request with a key until it is accepted or rejected for good. A request without a key is sent once. */
  async #repeat(key: string | undefined, request: () => Promise<RequestResult>): Promise<void> {
    const { random, plan } = this.#world;
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const result = await request();
      const isTransient =
        result.kind === 'unknown' || (result.kind === 'refused' && PASSING.has(result.code));
      if (key === undefined || !isTransient) return;
      await this.#world.wait(random.skewed(10, Math.min(plan.bounds.leaseMs, 5_000)));
    }
  }

  /** A server of the team, or a visitor from one of a few addresses of one network. */
  #anyRequester(): TurnRequester {
    const { random, plan } = this.#world;
    const { visitors, addresses, flood } = plan.people;
    const spender = { key: KEY, user: this.#anyUser() };
    if (!random.chance(visitors)) return { spender, origin: { isPrivileged: true } };
    const address = random.chance(flood) ? 1 : random.integer(1, addresses);
    return { spender, origin: { isPrivileged: false, networks: [`a${address}`, 'wide'] } };
  }

  /** Whether an action makes a version. Draws nothing in a run without versions. */
  #makesVersion(): boolean {
    const { random, plan } = this.#world;
    return plan.people.versions > 0 && random.chance(plan.people.versions);
  }

  #anyPlace(chat: Id<'chat'>): Place {
    const { random } = this.#world;
    if (!this.#makesVersion()) return {};
    const { messages, answers } = this.#ledger.of(chat);
    if (messages.length > 0 && random.chance(0.5)) return { replaces: random.pick(messages) };
    const seen = [...messages, ...answers];
    return seen.length > 0 ? { after: random.pick(seen) } : {};
  }

  #anyUser(): string {
    return `u${this.#world.random.integer(1, USERS)}`;
  }

  /** A new key in most cases, and sometimes a used one. */
  #keyFor(content: string): string {
    const { random, plan } = this.#world;
    const isReused = this.#messages > 1 && random.chance(plan.people.reusedKeys);
    return `key of ${isReused ? `q${random.integer(1, this.#messages - 1)}` : content}`;
  }

  /** Waits for the answer or only for the acceptance. A user who disconnects receives no result. */
  async #sendOn(
    turns: TurnsById,
    replica: Replica,
    { chat, content, onBusy, key, requestedBy, place }: Message,
  ): Promise<Reported> {
    const { scope, random, plan } = this.#world;
    const message = {
      chat,
      content,
      onBusy,
      requestedBy,
      ...place,
      ...(key !== undefined && { idempotency: { key, body: content } }),
    };
    // As in the API, the key is looked up first. Two concurrent requests do not find each other.
    const earlier =
      message.idempotency && (await turns.findByIdempotencyKey(scope, chat, message.idempotency));
    if (earlier) return { accepted: earlier, end: reportedEndOf(await turns.outcome(scope, earlier)) };
    if (random.chance(0.3)) return { accepted: await turns.accept(scope, message) };
    const disconnect = new AbortController();
    if (random.chance(plan.people.disconnects)) {
      replica.process.after(random.skewed(0, 2_000), () => disconnect.abort());
    }
    const { accepted, outcome } = await turns.send(scope, message, disconnect.signal);
    return { accepted, end: reportedEndOf(outcome) };
  }

  async #retryOn(turns: TurnsById, { chat, retries, key, onBusy }: RetriedAnswer): Promise<Reported> {
    const { scope, random } = this.#world;
    const idempotency = key === undefined ? undefined : { key, body: retries };
    const earlier = idempotency && (await turns.findByIdempotencyKey(scope, chat, idempotency));
    const accepted =
      earlier ??
      (await turns.retry(scope, {
        ...{ chat, answerId: retries, onBusy, idempotency, requestedBy: this.#anyRequester() },
      }));
    if (random.chance(0.3)) return { accepted };
    return { accepted, end: reportedEndOf(await turns.outcome(scope, accepted)) };
  }

  async #request(
    chat: Id<'chat'>,
    what: Asked,
    call: (turns: TurnsById, replica: Replica) => Promise<Reported>,
  ): Promise<RequestResult> {
    const world = this.#world;
    const { content, retries, replaces, after, key, onBusy } = what;
    const replica = world.anyReplica();
    if (!replica) return { kind: 'unknown' };
    const request: OpenRequest = {
      name: `request ${++this.#requests}`,
      ...(content !== undefined && { content }),
      ...(retries !== undefined && { retries }),
      ...(replaces !== undefined && { replaces }),
      ...(after !== undefined && { after }),
      ...(key !== undefined && { idempotencyKey: key }),
      sentAt: world.scheduler.now,
      isInterrupting: onBusy === 'interrupt',
      knownAt: Number.POSITIVE_INFINITY,
      result: { kind: 'unknown' },
    };
    world.note(`${request.name} to ${replica.process.name} ${JSON.stringify({ chat, ...what })}`);
    const entries = this.#ledger.of(chat);
    entries.requests.push(request);
    if (onBusy === 'interrupt' && world.plan.people.versions > 0) entries.mayBeInterrupted = true;
    request.result = this.#resultOf(await world.call(replica, (turns) => call(turns, replica)));
    request.knownAt = world.scheduler.now;
    if (request.result.kind === 'accepted' && request.result.end)
      world.checkReport(request.name, request.result.answerId, request.sentAt, REPORT_MS);
    world.note(`${request.name} learns ${JSON.stringify(request.result)}`);
    this.#learn(chat, request.result);
    return request.result;
  }

  #resultOf(result: CallResult<Reported>): RequestResult {
    switch (result.kind) {
      case 'unknown':
        return result;
      case 'refused': {
        const { code, facts } = result.apiError;
        const { messageId: answerId } = facts;
        if (code === 'answer_pending' && answerId) return { kind: 'accepted', answerId, isReplay: true };
        return { kind: 'refused', code, ...(answerId !== undefined && { answerId }) };
      }
      case 'answered': {
        const { accepted, end } = result.value;
        const { answerId, userMessageId, isReplay } = accepted;
        return {
          kind: 'accepted',
          answerId,
          isReplay,
          ...(userMessageId !== undefined && { userMessageId }),
          ...(end && { end }),
        };
      }
    }
  }

  #learn(chat: Id<'chat'>, result: RequestResult): void {
    if (result.kind === 'unknown' || result.answerId === undefined) return;
    const { answers, messages } = this.#ledger.of(chat);
    const answerId = result.answerId as Id<'message'>;
    if (!answers.includes(answerId)) answers.push(answerId);
    const { userMessageId } = result.kind === 'accepted' ? result : {};
    if (userMessageId !== undefined && !messages.includes(userMessageId)) messages.push(userMessageId);
  }
}

/** The parts of a request that its history contains. */
interface Asked extends Place {
  readonly content?: string;
  readonly retries?: string;
  readonly key?: string | undefined;
  readonly onBusy?: OnBusy | undefined;
}

interface RetriedAnswer {
  readonly chat: Id<'chat'>;
  readonly retries: string;
  readonly key: string | undefined;
  readonly onBusy: 'interrupt' | undefined;
}

interface Reported {
  readonly accepted: {
    readonly answerId: string;
    readonly userMessageId: string | undefined;
    readonly isReplay: boolean;
  };
  readonly end?: ReportedEnd | undefined;
}

/** The response to a cancel: the end of the turn, if it is known. */
function endOfStatus({ status, answer, errorCode, isCancelled, lease }: TurnRecord): ReportedEnd | undefined {
  if (status === 'queued' && isCancelled && !lease) return { status: 'stopped', text: '' };
  if (status === 'queued' || status === 'generating') return undefined;
  if (status === 'failed') return { status, ...(errorCode !== undefined && { errorCode }) };
  return { status, text: answer?.content ?? '' };
}
