import { setImmediate as tick } from 'node:timers/promises';
import { buildContext, ModelError, type RunAgent } from '@parley/agent';
import { ApiError, type Id } from '@parley/contract';
import { inScope } from '@parley/db/testing';
import type { ChatHistory, History, ModelCall, RequestHistory, RequestResult } from '../src/testing/index.ts';
import { type Harness, LEASE_MS, type Replica, TAKEOVERS_MAX, turnsOf } from './harness.ts';
import { toStored } from './simulation/final-history.ts';
import { reportedEndOf } from './simulation/ledger.ts';
import { Random } from './simulation/random.ts';
import { StoreTap } from './store-tap.ts';
import { TestClock } from './test-clock.ts';

const CHATS = 4;
const STEPS = 90;
const FAULTS = 0.04;
const PIECES = 3;
/** A context that is larger than any history of this test. */
const CONTEXT_TOKENS = 1_000_000;
const TURNS_MAX = 1_000;

/** The error codes that a sender may receive. */
const EXPECTED = new Set([
  'database_unavailable',
  'queue_full',
  'draining',
  'chat_not_found',
  'answer_pending',
]);

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };
type SentRequest = Mutable<RequestHistory> & { readonly chat: Id<'chat'>; readonly content: string };
type Living = Replica & { readonly clock: TestClock };

/** One schedule of three processes on one real database, drawn from a seed. */
export class Chaos {
  readonly #harness: Harness;
  readonly #random: Random;
  readonly #chats: readonly Id<'chat'>[];
  readonly #requests: SentRequest[] = [];
  readonly #calls: Mutable<ModelCall>[] = [];
  readonly #deletions = new Set<Id<'chat'>>();
  readonly #open = new Set<Promise<void>>();
  #replicas: Living[] = [];
  /** Draining processes. Their clocks move until they have ended, because an insert may wait for its next attempt. */
  #draining: Living[] = [];
  #faults = FAULTS;
  #handovers = 0;
  /** A logical clock: it advances with each request and each response. */
  #time = 0;

  private constructor(harness: Harness, seed: number, chats: readonly Id<'chat'>[]) {
    this.#harness = harness;
    this.#random = new Random(seed);
    this.#chats = chats;
  }

  /** Plays a schedule until all its turns have ended, and returns its history. */
  static async play(harness: Harness, seed: number): Promise<History> {
    const chats = await Promise.all(Array.from({ length: CHATS }, () => harness.newChat()));
    const chaos = new Chaos(harness, seed, chats);
    await chaos.#run();
    return await chaos.#history();
  }

  async #run(): Promise<void> {
    for (let index = 0; index < 3; index++) this.#start();
    for (let step = 0; step < STEPS; step++) await this.#step();
    this.#faults = 0;
    for (let step = 0; step < 400 && !(await this.#isQuiet()); step++) await this.#pass(LEASE_MS / 10);
    await Promise.all(this.#replicas.map(({ turns }) => turns.drain(0, AbortSignal.abort())));
    await Promise.all(this.#open);
  }

  async #step(): Promise<void> {
    const { clock } = this.#random.pick(this.#replicas);
    const choice = this.#random.next();
    if (choice < 0.5) this.#send();
    else if (choice < 0.51) this.#delete();
    else if (choice < 0.55) this.#kill();
    else if (choice < 0.6) this.#drain();
    else if (choice < 0.75) clock.advance(this.#random.between(0, LEASE_MS * 0.4));
    else if (choice < 0.77) clock.jump(this.#random.between(0, LEASE_MS * 2));
    else if (choice < 0.82) await this.#outlive(this.#random.pick(this.#replicas));
    await this.#ticks(12);
  }

  async #ticks(max: number): Promise<void> {
    for (let ticks = this.#random.integer(0, max - 1); ticks > 0; ticks--) await tick();
  }

  #start(): void {
    const tap = new StoreTap(this.#harness.db.stores);
    for (const [name, store] of Object.entries(tap.store)) {
      for (const property of Object.keys(store)) {
        tap.intercept(`${name}.${property}` as never, async (proceed) => {
          const [before, after] = [this.#random.chance(this.#faults), this.#random.chance(this.#faults)];
          if (before) throw new ApiError('database_unavailable');
          const result = await proceed();
          if (after) throw new ApiError('database_unavailable');
          return result;
        });
      }
    }
    const clock = new TestClock();
    const bounds = { runningTurnsMax: 2, sendWaitMaxMs: 20 * LEASE_MS };
    const replica = this.#harness.startReplica({ clock, tap, bounds, runAgent: this.#agent() });
    this.#replicas.push({ ...replica, clock });
  }

  /** Starts a new process in place of a random one. */
  #replace(): Living {
    const replica = this.#random.pick(this.#replicas);
    this.#replicas = this.#replicas.filter((other) => other !== replica);
    this.#start();
    return replica;
  }

  /** Kills a random process. Its clock does not move any more. */
  #kill(): void {
    this.#replace().kill();
  }

  #drain(): void {
    const replica = this.#replace();
    this.#handovers++;
    this.#follow(replica, replica.turns.drain(LEASE_MS / 2));
    replica.clock.advance(LEASE_MS);
    this.#draining.push(replica);
  }

  /** One process lives for more than a lease while the others' clocks stop, so they look dead to it. */
  async #outlive({ clock, tap }: Living): Promise<void> {
    for (let passed = 0; passed < LEASE_MS * 1.5; passed += LEASE_MS / 5) {
      clock.advance(LEASE_MS / 5);
      await clock.rounds();
      await tap.quiet();
    }
  }

  /** An agent whose every call writes a unique text. */
  #agent(): RunAgent {
    return async ({ messages, signal, emit }) => {
      const call = { context: buildContext(messages, {}, CONTEXT_TOKENS), text: '' };
      const number = this.#calls.push(call);
      const slowness = this.#random.chance(0.3) ? 300 : 10;
      for (let piece = 0; piece < PIECES; piece++) {
        await this.#ticks(slowness);
        signal.throwIfAborted();
        const text = piece === 0 ? `<${number}>` : 'x';
        call.text += text;
        emit({ type: 'text-delta', text });
        signal.throwIfAborted();
      }
      if (this.#random.chance(0.08))
        throw new ModelError('model_failed', { calls: 1, cause: new Error('chaos') });
      return { text: call.text, finishReason: 'stop', model: 'm', calls: 1 };
    };
  }

  #send(): void {
    const replica = this.#random.pick(this.#replicas);
    const number = this.#requests.length + 1;
    const request: SentRequest = {
      name: `request ${number}`,
      chat: this.#random.pick(this.#chats),
      content: `question ${number}`,
      sentAt: ++this.#time,
      knownAt: Number.POSITIVE_INFINITY,
      result: { kind: 'unknown' },
    };
    this.#requests.push(request);
    const settled = this.#resultOf(replica, request).then((result) => {
      request.result = result;
      request.knownAt = ++this.#time;
    });
    this.#follow(replica, settled);
  }

  async #resultOf({ turns }: Replica, { chat, content }: SentRequest): Promise<RequestResult> {
    try {
      const { accepted, outcome } = await turns.send(this.#harness.scope, { chat, content });
      const { answerId, userMessageId = '', isReplay } = accepted;
      const end = reportedEndOf(outcome);
      return { kind: 'accepted', answerId, userMessageId, isReplay, ...(end && { end }) };
    } catch (error) {
      if (!(error instanceof ApiError) || !EXPECTED.has(error.code)) throw error;
      const { messageId: answerId } = error.facts;
      return { kind: 'refused', code: error.code, ...(answerId !== undefined && { answerId }) };
    }
  }

  #delete(): void {
    const chat = this.#random.pick(this.#chats);
    this.#deletions.add(chat);
    const replica = this.#random.pick(this.#replicas);
    const deletion = replica.turns.deleteChat(this.#harness.scope, chat).then(
      () => undefined,
      () => undefined,
    );
    this.#follow(replica, deletion);
  }

  async #pass(ms: number): Promise<void> {
    for (const { clock } of [...this.#replicas, ...this.#draining]) clock.advance(ms);
    await Promise.all(this.#replicas.map(({ clock }) => clock.rounds()));
    await Promise.all(this.#replicas.map(({ tap }) => tap.quiet()));
  }

  /** Counts a call as open until it settles or its process dies, after which no response comes. */
  #follow({ died }: Replica, call: Promise<void>): void {
    const over = Promise.race([call, died]).then(() => void this.#open.delete(over));
    this.#open.add(over);
  }

  /** Whether all requests were answered, all turns have ended, and all deletions are complete. */
  async #isQuiet(): Promise<boolean> {
    if (this.#open.size > 0) return false;
    const { raw } = this.#harness.db;
    const chat = { $in: this.#chats };
    const unfinished = { chat, status: { $in: ['queued', 'generating'] } };
    const marked = { _id: chat as never, deletedAt: { $exists: true } };
    return (
      (await raw.collection('turns').countDocuments(unfinished)) === 0 &&
      (await raw.collection('chats').countDocuments(marked)) === 0
    );
  }

  async #history(): Promise<History> {
    const chats = await Promise.all(this.#chats.map((chat) => this.#historyOf(chat)));
    return { chats, takeoversMax: TAKEOVERS_MAX, handovers: this.#handovers, modelsMax: 1 };
  }

  async #historyOf(chat: Id<'chat'>): Promise<ChatHistory> {
    const { scope, db } = this.#harness;
    const stored = new Set((await turnsOf(this.#harness, chat)).map(({ _id }) => String(_id)));
    const turns = await db.stores.turns.listAfter(inScope(scope, chat), 0, TURNS_MAX);
    const requests = this.#requests.filter((request) => request.chat === chat);
    const isOfChat = ({ context }: ModelCall) =>
      requests.some(({ content }) => context.at(-1)?.content.split('\n\n').at(-1) === content);
    return {
      chat,
      isDeleted: (await db.stores.chats.find(scope, chat)) === undefined,
      wasDeletionRequested: this.#deletions.has(chat),
      turns: turns.filter(({ id }) => stored.has(id)).map(toStored),
      requests,
      readers: [],
      chatReaders: [],
      calls: this.#calls.filter(isOfChat),
      stopRequestedFor: new Set(),
    };
  }
}
