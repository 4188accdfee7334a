import type { Id } from '@parley/contract';
import { checkHistory } from '../../src/testing/index.ts';
import type { ChatStatus } from './chat-follower.ts';
import { checkBooks } from './check-books.ts';
import { finalHistory } from './final-history.ts';
import { People } from './people.ts';
import { Storm } from './storm.ts';
import { Watch } from './watch.ts';
import { World } from './world.ts';

/** The result of one run. */
export interface Report {
  readonly seed: number;
  /** The broken promises; none if all were kept. */
  readonly offences: readonly string[];
  /** The events, line by line; empty unless a trace was requested. */
  readonly trace: readonly string[];
  readonly events: number;
  /** The time from the last fault until everything had ended, in leases; 0 for a calm run. */
  readonly settledLeases: number;
  readonly turns: number;
  /** The number of turns that more than one run began. */
  readonly rerun: number;
  readonly calls: number;
}

/** The time after the last action within which all turns have ended in a calm run. */
const CALM_SETTLE_MS = 30_000;
/**
 * The time after the last fault within which all turns end: this time and so many leases. The only process may stall
 * for three leases, then a dead run has to be noticed, and late commands may need another lease.
 */
const SETTLE_MS = 10_000;
const SETTLE_LEASES = 7;
/** The time after which every poll of a chat has happened. */
const LAST_POLL_MS = 6_000;
/** The number of `LAST_POLL_MS` in which a reader that takes half a second for each event reads a long queue. */
const SLOW_ROUNDS_MAX = 8;
/** A run with more events counts as an endless loop. */
const EVENTS_MAX = 400_000;

/** Runs one schedule, which its seed determines. */
export async function simulate(seed: number, isTraced = false): Promise<Report> {
  const world = new World(seed, isTraced);
  const { scheduler, plan } = world;
  const watch = new Watch(world);
  const people = new People(world);
  const storm = new Storm(world);
  storm.begin();
  people.begin();
  await until(world, plan.activeMs);
  storm.end();
  world.model.calmDown();
  const calmAt = scheduler.now;
  const bound = plan.kind === 'calm' ? CALM_SETTLE_MS : SETTLE_MS + SETTLE_LEASES * plan.bounds.leaseMs;
  const isQuiet = () => people.busy === 0 && watch.isQuiet && isStill(world);
  await until(world, calmAt + bound, isQuiet);
  const settledMs = scheduler.now - calmAt;
  if (!isQuiet())
    world.offend(`not everything had ended ${bound} ms later: ${people.busy} wait; ${watch.rest}`);
  await deliverToFollowers(world, people);
  await drain(world);
  return {
    seed,
    offences: [
      ...world.offences,
      ...world.model.tools.offences,
      ...checkHistory(finalHistory(world, people.ledger)),
      ...checkBooks(world, people.ledger),
    ],
    trace: world.trace,
    events: scheduler.eventCount,
    settledLeases: plan.kind === 'calm' ? 0 : settledMs / plan.bounds.leaseMs,
    turns: world.database.committed.turns.size,
    rerun: rerunOf(world),
    calls: world.model.calls.length,
  };
}

function rerunOf({ database }: World): number {
  let rerun = 0;
  for (const { record } of database.committed.turns.values()) if ((record.lease?.attempt ?? 0) > 1) rerun++;
  return rerun;
}

/** Checks that followers of chats, including slow ones, receive all events in time. */
async function deliverToFollowers(world: World, people: People): Promise<void> {
  const { scheduler, conditions } = world;
  const missing = () => people.missing((chat) => statusOf(world, chat));
  await until(world, scheduler.now + conditions.callMaxMs + LAST_POLL_MS);
  for (let round = 0; round < SLOW_ROUNDS_MAX && missing().length > 0; round++)
    await until(world, scheduler.now + LAST_POLL_MS);
  for (const offence of missing()) world.offend(offence);
  people.stopFollowing();
}

function until(world: World, time: number, isOver = () => false): Promise<void> {
  const { scheduler } = world;
  // Plan an event for `time`, so that the clock reaches it.
  scheduler.at(time, () => undefined);
  return scheduler.run(() => scheduler.now >= time || scheduler.eventCount > EVENTS_MAX || isOver());
}

/** Whether no command or event can change anything any more. */
function isStill({ database, replicas }: World): boolean {
  const isBack = replicas.every(({ process, connection }) => !process.isStalled && connection.isWell);
  return database.isStill && isBack;
}

function statusOf({ database }: World, chat: Id<'chat'>): ChatStatus {
  let newest = 0;
  for (const { record } of database.committed.turns.values())
    if (record.chat === chat) newest = Math.max(newest, record.sequence);
  const { record } = database.committed.chats.get(chat) ?? {};
  return { newest, revision: record?.revision ?? 0, isDeleted: record === undefined };
}

/** Shuts every process down and checks that no event is left afterwards. */
async function drain(world: World): Promise<void> {
  const { scheduler, replicas } = world;
  let left = replicas.length;
  for (const { turns, process } of replicas) {
    turns.drain(0).then(
      () => left--,
      (error: unknown) => world.offend(`${process.name} could not drain: ${error}`),
    );
  }
  await until(world, scheduler.now + LAST_POLL_MS, () => left === 0);
  if (left > 0) world.offend(`${left} processes did not drain`);
  const before = scheduler.eventCount;
  await scheduler.run(() => scheduler.eventCount > EVENTS_MAX);
  if (scheduler.eventCount > EVENTS_MAX)
    world.offend(`something never ends: ${scheduler.eventCount - before} events after the end`);
}
