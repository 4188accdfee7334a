import { type AgentBounds, createRunAgent, type RunAgent } from '@parley/agent';
import { type ScriptedModel, startScriptedModel } from '@parley/agent/testing';
import { answerIdOf, type Id, markerIdOf, mintId } from '@parley/contract';
import type { ChatAccess, MessageRecord, NewTurn, SystemScope } from '@parley/db';
import { inScope, openTestDatabase, type TestDatabase } from '@parley/db/testing';
import type {} from '@parley/embedded/testing';
import { afterAll, afterEach, expect, inject } from 'vitest';
import {
  type Clock,
  startTurns,
  systemClock,
  type TurnBounds,
  type TurnDeps,
  type Turns,
} from '../src/index.ts';
import { type TurnsById, turnsById } from '../src/testing/index.ts';
import { StoreTap } from './store-tap.ts';

/** A database and a model for any number of processes. */
export interface Harness {
  readonly db: TestDatabase;
  readonly model: ScriptedModel;
  readonly scope: SystemScope;
  /** Creates a chat with the agent of this harness. */
  newChat(): Promise<Id<'chat'>>;
  startReplica(options?: ReplicaOptions): Replica;
  /** Stops the processes of this test before the test ends. */
  stopReplicas(): Promise<void>;
}

export interface ReplicaOptions {
  readonly clock?: Clock;
  readonly bounds?: Partial<TurnBounds>;
  readonly runAgent?: RunAgent;
  readonly checkModel?: () => void;
  readonly allowsVersions?: () => Promise<boolean>;
  /** The tapped store of the process, if the test needs it before the start. */
  readonly tap?: StoreTap;
}

interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Record<string, unknown>;
}

/** One process with its turns. */
export interface Replica {
  readonly turns: TurnsById;
  readonly tap: StoreTap;
  readonly log: readonly LogLine[];
  /** Ends the process like `kill -9`: no further call reaches the database, and no lease is renewed or given back. */
  kill(): void;
  /** Resolves when the process was killed. */
  readonly died: Promise<void>;
}

export const LEASE_MS = 10_000;
export const TICK_MS = 250;
export const TAKEOVERS_MAX = 2;

const bounds: TurnBounds = {
  leaseMs: LEASE_MS,
  tickMs: TICK_MS,
  sendWaitMaxMs: 60_000,
  cancelWaitMaxMs: 3_000,
  runningTurnsMax: 256,
  waitingTurnsMax: 256,
  runningPerAddressMax: 64,
  waitingPerAddressMax: 256,
  queuedTurnsPerChatMax: 8,
  takeoversMax: TAKEOVERS_MAX,
  countEveryMs: 1_000,
  historyBytesMax: 24_000,
};

const agentBounds: Partial<AgentBounds> = { retryDelayMs: 1, callsMax: 2 };

/**
 * Starts a database and a model. Call it at the top level of a test file; `name` begins the database's name. After each
 * test the processes end and the turns are removed, so that no later process continues them. After the last test the
 * database and the model stop.
 */
export async function startHarness(name: string): Promise<Harness> {
  const [db, model] = await Promise.all([openTestDatabase(inject('mongoUri'), name), startScriptedModel()]);
  const scope: SystemScope = { team: mintId('team') };
  const agent = await db.stores.agents.create(scope, { name: 'Ann', type: 'support', model: 'scripted' });
  const endpoint = () => ({ baseUrl: model.baseUrl, apiKey: 'sk-test', model: 'default' });
  const runAgent = createRunAgent({ endpoint, contextTokens: 6_000, bounds: agentBounds });
  let replicas: { turns: Turns; isDead: boolean }[] = [];

  const startReplica = (options: ReplicaOptions = {}): Replica => {
    const tap = options.tap ?? new StoreTap(db.stores);
    const log: LogLine[] = [];
    const deps: TurnDeps = {
      store: tap.store,
      runAgent: options.runAgent ?? runAgent,
      checkModel: options.checkModel ?? (() => undefined),
      allowsVersions: options.allowsVersions ?? (async () => true),
      clock: options.clock ?? systemClock,
      log: (level, event, fields) => log.push({ level, event, fields }),
      bounds: { ...bounds, ...options.bounds },
    };
    const turns = startTurns(deps);
    const started = { turns, isDead: false };
    replicas.push(started);
    const died = Promise.withResolvers<void>();
    const kill = () => {
      started.isDead = true;
      tap.kill();
      died.resolve();
    };
    return { turns: turnsById(turns, tap.store.chats), tap, log, kill, died: died.promise };
  };

  const stopReplicas = async () => {
    const living = replicas.filter(({ isDead }) => !isDead);
    replicas = [];
    await Promise.all(living.map(({ turns }) => turns.drain(0, AbortSignal.abort())));
  };
  afterEach(async () => {
    await stopReplicas();
    await db.raw.collection('turns').deleteMany({});
  });
  afterAll(async () => {
    await model.stop();
    await db.drop();
  });

  return {
    db,
    model,
    scope,
    startReplica,
    stopReplicas,
    newChat: async () => (await db.stores.chats.create(scope, { agent: agent.id, agentType: 'support' })).id,
  };
}

/** Inserts a turn of a dead process, whose lease is not renewed; without a lease, a turn that waits. */
export async function insertTurn(
  { db, scope }: Harness,
  chat: Id<'chat'>,
  sequence: number,
  fields: Partial<Omit<NewTurn, 'question'>> & { content?: string } = {},
): Promise<NewTurn> {
  const { content = `question ${sequence}`, ...rest } = fields;
  const id = mintId('turn');
  const createdAt = new Date();
  const userMessage: MessageRecord = { id: mintId('message'), role: 'user', content, createdAt };
  const question = { userMessage };
  const turn: NewTurn = { id, chat, sequence, question, answerId: answerIdOf(id), createdAt, ...rest };
  await db.stores.turns.insert(inScope(scope, chat), turn);
  return turn;
}

export const deadLease = { token: 'dead', attempt: 1, renewals: 0 };

/** The access to an existing chat. */
export async function accessOf(
  { db, scope }: Pick<Harness, 'db' | 'scope'>,
  chat: Id<'chat'>,
): Promise<ChatAccess> {
  const access = await db.stores.chats.find(scope, chat);
  if (!access) throw new Error(`there is no ${chat}`);
  return access;
}

/** The list of a chat's messages, as `role: content`. */
export async function transcript({ db, scope }: Harness, chat: Id<'chat'>): Promise<string[]> {
  const { items } = await db.stores.messages.list(await accessOf({ db, scope }, chat), {
    limit: 1_000,
    order: 'asc',
  });
  return items.map(({ role, content }: MessageRecord) => `${role}: ${content}`);
}

/** The stored turns of a chat, acknowledged by a majority, so that every process reads the same. */
export function turnsOf({ db }: Harness, chat: Id<'chat'>) {
  return stored(db)
    .find({ chat, answerId: { $ne: answerIdOf(markerIdOf(chat)) }, purgedAt: { $exists: false } })
    .sort({ sequence: 1 })
    .toArray();
}

/** The deletion marker of a chat; null while there is none. */
export function markerOf({ db }: Harness, chat: Id<'chat'>) {
  return stored(db).findOne({ answerId: answerIdOf(markerIdOf(chat)) });
}

function stored(db: TestDatabase) {
  return db.raw.collection('turns', { readConcern: { level: 'majority' } });
}

/** Polls until the value is as expected. The timeout is long because the machine may be busy. */
export function eventually<Value>(read: () => Value) {
  return expect.poll(read, { timeout: 30_000, interval: 10 });
}
