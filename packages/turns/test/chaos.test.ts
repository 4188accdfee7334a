import { setImmediate as tick } from 'node:timers/promises';
import { ModelError, type RunAgent } from '@parley/agent';
import { ApiError, type Id } from '@parley/contract';
import { expect, test } from 'vitest';
import type { TurnOutcome } from '../src/index.ts';
import { LEASE_MS, type Replica, startHarness, turnsOf } from './harness.ts';
import { StoreTap } from './store-tap.ts';
import { TestClock } from './test-clock.ts';

/*
 * Three processes on one real database. A seed decides when processes die, drain and stall, and when the database
 * fails before and after the effect of a call. Every accepted message is answered exactly once in its place, and no
 * rejected message is stored.
 */

const harness = await startHarness('chaos');

const CHATS = 4;
const STEPS = 90;
const FAULTS = 0.04;

type Random = () => number;

/** A small generator of numbers in [0, 1) from a seed (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Sent {
  readonly chat: Id<'chat'>;
  readonly content: string;
  outcome?: TurnOutcome;
  answerId?: Id<'message'>;
  error?: unknown;
}

interface Living extends Replica {
  readonly clock: TestClock;
}

const answerTo = (content: string) => `answer to ${content}`;

class Chaos {
  readonly #random: Random;
  readonly #seed: number;
  readonly sent: Sent[] = [];
  readonly deleted = new Set<Id<'chat'>>();
  /** The context of each message that the model answered. */
  readonly shown: { content: string; before: string[] }[] = [];
  readonly #open = new Set<Promise<void>>();
  chats: Id<'chat'>[] = [];
  #replicas: Living[] = [];
  /** Their clocks move until they have ended, because an insert may be waiting for its next attempt. */
  #draining: Living[] = [];
  #faults = FAULTS;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = randomOf(seed);
  }

  async run(): Promise<void> {
    this.chats = await Promise.all(Array.from({ length: CHATS }, () => harness.newChat()));
    for (let index = 0; index < 3; index++) this.#start();
    for (let step = 0; step < STEPS; step++) await this.#step();
    this.#faults = 0;
    for (let step = 0; step < 400 && !(await this.#isQuiet()); step++) await this.#pass(LEASE_MS / 10);
    await Promise.all(this.#replicas.map(({ turns }) => turns.drain(0, AbortSignal.abort())));
    await Promise.all(this.#open);
  }

  async #step(): Promise<void> {
    const choice = this.#random();
    if (choice < 0.5) this.#send();
    else if (choice < 0.51) this.#delete();
    else if (choice < 0.55) this.#replace((replica) => replica.kill());
    else if (choice < 0.6)
      this.#replace((replica) => this.#follow(replica, replica.turns.drain(LEASE_MS / 2)));
    else if (choice < 0.75) this.#any(this.#replicas).clock.advance(this.#random() * LEASE_MS * 0.4);
    else if (choice < 0.77) this.#any(this.#replicas).clock.jump(this.#random() * LEASE_MS * 2);
    else if (choice < 0.82) await this.#outlive(this.#any(this.#replicas));
    for (let ticks = Math.floor(this.#random() * 12); ticks > 0; ticks--) await tick();
  }

  #start(): void {
    const tap = new StoreTap(harness.db.stores);
    for (const [name, store] of Object.entries(tap.store)) {
      for (const property of Object.keys(store)) {
        tap.intercept(`${name}.${property}` as never, async (proceed) => {
          const [before, after] = [this.#random() < this.#faults, this.#random() < this.#faults];
          if (before) throw new ApiError('database_unavailable');
          const result = await proceed();
          if (after) throw new ApiError('database_unavailable');
          return result;
        });
      }
    }
    const clock = new TestClock();
    const bounds = { runningTurnsMax: 2, sendWaitMaxMs: 20 * LEASE_MS };
    this.#replicas.push({ ...harness.startReplica({ clock, tap, bounds, runAgent: this.#agent() }), clock });
  }

  /** One process lives for more than a lease while the others' clocks stop, so they look dead to it. */
  async #outlive({ clock, tap }: Living): Promise<void> {
    for (let passed = 0; passed < LEASE_MS * 1.5; passed += LEASE_MS / 5) {
      clock.advance(LEASE_MS / 5);
      await clock.rounds();
      await tap.quiet();
    }
  }

  /** The clocks of dead processes do not move. Draining processes get time to end. */
  #replace(end: (replica: Living) => void): void {
    const index = Math.floor(this.#random() * this.#replicas.length);
    const [replica] = this.#replicas.splice(index, 1);
    if (!replica) return;
    end(replica);
    if (replica.turns.isDraining) {
      replica.clock.advance(LEASE_MS);
      this.#draining.push(replica);
    }
    this.#start();
  }

  #agent(): RunAgent {
    return async ({ messages, signal, emit }) => {
      const content = messages.at(-1)?.content ?? '';
      this.shown.push({ content, before: messages.slice(0, -1).map((message) => message.content) });
      const run = this.shown.length;
      const slowness = this.#random() < 0.3 ? 300 : 10;
      for (let piece = 0; piece < 3; piece++) {
        for (let ticks = Math.floor(this.#random() * slowness); ticks > 0; ticks--) await tick();
        signal.throwIfAborted();
        emit({ type: 'text-delta', text: 'x' });
        signal.throwIfAborted();
      }
      if (this.#random() < 0.08)
        throw new ModelError('model_failed', { calls: 1, cause: new Error('chaos') });
      // Each run writes another answer, which identifies stale ones.
      return { text: `${answerTo(content)}, run ${run}`, finishReason: 'stop', model: 'm', calls: 1 };
    };
  }

  #send(): void {
    const sent: Sent = {
      chat: this.#any(this.chats),
      content: `message ${this.sent.length} of ${this.#seed}`,
    };
    this.sent.push(sent);
    const replica = this.#any(this.#replicas);
    const settled = replica.turns.send(harness.scope, sent).then(
      ({ accepted, outcome }) => {
        sent.outcome = outcome;
        sent.answerId = accepted.answerId;
      },
      (error: unknown) => {
        sent.error = error;
      },
    );
    this.#follow(replica, settled);
  }

  #delete(): void {
    const chat = this.#any(this.chats);
    this.deleted.add(chat);
    const replica = this.#any(this.#replicas);
    const deletion = replica.turns.deleteChat(harness.scope, chat).then(
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

  /** A request to a process that dies gets no response. Its sender finds the answer in the list. */
  #follow({ died }: Replica, call: Promise<void>): void {
    const over = Promise.race([call, died]).then(() => void this.#open.delete(over));
    this.#open.add(over);
  }

  /** All requests were answered, no turn is unfinished, and every deletion is complete. */
  async #isQuiet(): Promise<boolean> {
    if (this.#open.size > 0) return false;
    const chat = { $in: this.chats };
    const unfinished = { chat, status: { $in: ['queued', 'generating'] } };
    const marked = { _id: chat as never, deletedAt: { $exists: true } };
    return (
      (await harness.db.raw.collection('turns').countDocuments(unfinished)) === 0 &&
      (await harness.db.raw.collection('chats').countDocuments(marked)) === 0
    );
  }

  #any<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }
}

interface StoredTurn {
  readonly sequence: number;
  readonly status: string;
  readonly errorCode?: string;
  readonly messages: readonly { readonly id: string; readonly role: string; readonly content: string }[];
  readonly usage: readonly { readonly attempt: number }[];
  readonly lease: { readonly attempt: number };
}

async function storedTurns(chat: Id<'chat'>): Promise<StoredTurn[]> {
  return (await turnsOf(harness, chat)) as unknown as StoredTurn[];
}

/** The stored chat is dense and ended, and has each message once with its own answer or a reason. */
function checkChat(turns: readonly StoredTurn[], shown: Chaos['shown']): void {
  expect(turns.map(({ sequence }) => sequence)).toEqual(turns.map((_, index) => index + 1));
  for (const [index, { status, errorCode, messages, usage, lease }] of turns.entries()) {
    const [question, answer, ...more] = messages;
    expect(more).toEqual([]);
    expect(['completed', 'failed']).toContain(status);
    expect(answer?.content.split(',')[0]).toBe(
      status === 'completed' ? answerTo(question?.content ?? '') : undefined,
    );
    expect(errorCode).toEqual(
      status === 'completed' ? undefined : expect.stringMatching(/^(model_failed|interrupted)$/),
    );
    // The run that held it ended it once.
    if (errorCode !== 'interrupted') expect(usage.map(({ attempt }) => attempt)).toEqual([lease.attempt]);
    // Every run of it got exactly the preceding messages.
    const before = turns.slice(0, index).flatMap((turn) => turn.messages.map(({ content }) => content));
    for (const seen of shown.filter(({ content }) => content === question?.content))
      expect(seen.before).toEqual(before);
  }
}

/** The response to a sender agrees with the stored turn. */
function checkSent({ content, outcome, answerId, error }: Sent, turns: readonly StoredTurn[]): void {
  const stored = turns.filter(({ messages }) => messages[0]?.content === content);
  expect(stored.length).toBeLessThanOrEqual(1);
  const [turn] = stored;
  if (error instanceof ApiError) {
    const { code, facts } = error;
    expect(['database_unavailable', 'queue_full', 'draining', 'chat_not_found', 'answer_pending']).toContain(
      code,
    );
    // A message without an id was not accepted; one with an id may have been.
    if (!facts.messageId) expect(turn).toBeUndefined();
  } else {
    expect(error).toBeUndefined();
  }
  if (outcome?.kind === 'answered')
    expect(turn?.messages[1]).toMatchObject({ id: answerId, content: outcome.answer.content });
  if (outcome?.kind === 'failed')
    expect(turn).toMatchObject({ status: 'failed', errorCode: outcome.errorCode });
  if (outcome?.kind === 'handed-over') expect(turn).toBeDefined();
  expect(outcome?.kind).not.toBe('empty');
  expect(outcome?.kind).not.toBe('deleted');
}

test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'every promise holds under random faults with seed %i',
  async (seed) => {
    const chaos = new Chaos(seed);
    await chaos.run();
    for (const chat of chaos.chats) {
      const turns = await storedTurns(chat);
      const isDeleted = (await harness.db.stores.chats.find(harness.scope, chat)) === undefined;
      if (isDeleted) {
        expect(chaos.deleted).toContain(chat);
        expect(turns).toEqual([]);
        continue;
      }
      checkChat(turns, chaos.shown);
      for (const sent of chaos.sent.filter((each) => each.chat === chat)) checkSent(sent, turns);
    }
  },
);
