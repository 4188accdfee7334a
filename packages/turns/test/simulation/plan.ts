import type { TurnBounds } from '../../src/index.ts';
import type { Conditions } from './connection.ts';
import { Random } from './random.ts';

/** The probabilities and durations of all faults. Zero turns a fault off in this run. */
interface Faults {
  readonly lost: number;
  readonly unanswered: number;
  readonly late: number;
  readonly lateMaxMs: number;
  readonly hanging: number;
  readonly partial: number;
  /** How often a fault happens to one of the processes while users act. */
  readonly crashes: number;
  readonly drains: number;
  readonly stalls: number;
  /** How often the database has no majority, does not respond, or keeps one process on a replaced primary. */
  readonly holds: number;
  readonly outages: number;
  readonly isolations: number;
  /** How often no message passes between one process and the database for a while. */
  readonly partitions: number;
  /** How often no model can be called for a while. */
  readonly modelOutages: number;
  /** The share of responses to users that never arrive. */
  readonly lostAnswers: number;
}

/** The parameters of one run, all of them drawn from its seed. */
export interface Plan {
  readonly seed: number;
  /**
   * `calm`: no fault happens, and the recovery loop is too late to help, so waiting turns must be woken. `healthy`:
   * no fault happens, and leases are short: none may be lost. `stormy`: all others.
   */
  readonly kind: 'calm' | 'healthy' | 'stormy';
  readonly bounds: TurnBounds;
  readonly replicas: number;
  readonly chats: number;
  readonly conditions: Conditions;
  readonly faults: Faults;
  /** The time during which users act and faults happen. */
  readonly activeMs: number;
  readonly people: People;
  readonly model: ModelHabits;
}

/** The users' actions and their frequencies. */
interface People {
  readonly messages: number;
  readonly keyed: number;
  readonly duplicates: number;
  /** The share of keys that were used for another message. */
  readonly reusedKeys: number;
  readonly interrupts: number;
  readonly rejects: number;
  readonly cancels: number;
  readonly deletes: number;
  /** How often retention checks a chat, which it deletes later if no message has arrived since. */
  readonly retentions: number;
  /** How often a chat is deleted together with all data of its user. */
  readonly erasures: number;
  readonly retries: number;
  /** The share of messages that name their place, and of retries of any answer. */
  readonly versions: number;
  /** How often somebody chooses the path of a message. */
  readonly choices: number;
  /** How often somebody removes a message whose answer failed. */
  readonly removals: number;
  readonly readers: number;
  readonly chatReaders: number;
  /** How often another team queries a chat. */
  readonly otherTeams: number;
  readonly disconnects: number;
  /** The share of messages from callers that are not privileged, and their addresses. */
  readonly visitors: number;
  readonly addresses: number;
  /** The share of visitors who come from the first address. */
  readonly flood: number;
  /** How often all turns of a user are stopped, as by a block. */
  readonly blocks: number;
  /** The share of actions that happen at the same time. */
  readonly together: number;
}

export interface ModelHabits {
  /** The share of calls that fail. */
  readonly failures: number;
  /** The share of calls that answer without a pause. */
  readonly atOnce: number;
  /** The share of pieces before which a tool is called. */
  readonly tools: number;
  /** The share of failed calls after which another model continues. */
  readonly fallbacks: number;
  readonly piecesMax: number;
  readonly pauseMaxMs: number;
}

/** The share of runs with more visitors than places. */
const RUSHES = 0.08;
/** The share of runs in which one address sends far more than the others at the same time. */
const FLOODS = 0.06;
/** The share of runs in which most turns wait long for a place and users cancel them. */
const JAMS = 0.04;
/** A seed of `SHORT_FORM` that finds a rare planted bug only without fallback models. */
const ONE_MODEL: ReadonlySet<number> = new Set([278_064]);
/**
 * In every fourth run titles are batched. In all others each title has its own command, so older seeds keep their
 * schedules.
 */
const TITLES_TOGETHER_EVERY = 4;
/** Seeds of `SHORT_FORM` that find rare planted bugs only without batched titles. */
const LONE_TITLES: ReadonlySet<number> = new Set([1_056, 278_064]);
/** In one of so many runs chats are deleted with their users. The seeds of the short form keep their schedules. */
const ERASURES_EVERY = 30;
/** In one of so many runs messages are replaced, paths chosen, and failed messages removed. */
const VERSIONS_EVERY = 5;
const VERSIONS_REST = 4;
/** The removals of a run in which most answers fail. */
const REMOVALS_MAX = 8;
/** Seeds of `SHORT_FORM` that find rare planted bugs only in chats without versions. */
const STRAIGHT: ReadonlySet<number> = new Set([1_124, 4_434, 7_199, 278_064]);
const TICK_MS = 250;
/** So long that a calm run has only the first pass of the recovery loop. */
const CALM_LEASE_MS = 3_600_000;

/** Draws the plan of a seed. Each fault and habit is in some runs only, because one can hide the effects of another. */
export function drawPlan(seed: number): Plan {
  const random = new Random(seed);
  // Neighboring seeds begin with similar values, so skip these.
  for (let index = 0; index < 3; index++) random.next();
  const drawn = random.next();
  const kind = drawn < 0.15 ? 'calm' : drawn < 0.25 ? 'healthy' : 'stormy';
  const leaseMs = kind === 'calm' ? CALM_LEASE_MS : random.pick([2_000, 2_000, 4_000, 10_000]);
  const pace = kind === 'calm' ? 4_000 : leaseMs;
  const faults = kind === 'stormy' ? drawFaults(random, leaseMs) : noFaults;
  const plan: Plan = {
    seed,
    kind,
    bounds: drawBounds(random, leaseMs),
    replicas: random.pick([1, 2, 2, 3]),
    chats: random.pick([1, 1, 2, 3]),
    conditions: {
      latencyMaxMs: random.pick([2, 20, 60]),
      replicationMaxMs: random.pick([0, 0, 30]),
      lost: faults.lost,
      unanswered: faults.unanswered,
      late: faults.late,
      lateMaxMs: faults.lateMaxMs,
      hanging: faults.hanging,
      partial: faults.partial,
      areTitlesAlone: seed % TITLES_TOGETHER_EVERY !== 0 || LONE_TITLES.has(seed),
      repeated: random.pick([0, 0.5, 1]),
      busyMaxMs: random.pick([0, 20, 200]),
      callMaxMs: pace * 0.8,
      isDown: false,
    },
    faults,
    activeMs: pace * random.between(1, 6),
    people: { ...drawPeople(random, kind), erasures: drawErasures(seed, kind), ...drawVersions(seed) },
    model: {
      failures: random.pick([0, 0.1, 0.5]),
      // From a separate generator, so that older seeds keep their schedules.
      fallbacks: ONE_MODEL.has(seed) ? 0 : new Random(seed ^ 0x2545f491).pick([0, 0, 0.5, 1]),
      atOnce: random.pick([0, 0, 0.5]),
      tools: random.pick([0, 0, 0.3, 0.7]),
      piecesMax: random.pick([1, 2, 4, 12]),
      pauseMaxMs: random.pick([20, pace / 4, pace / 2, pace]),
    },
  };
  if (plan.people.removals === REMOVALS_MAX) return inDespair(plan);
  if (random.chance(RUSHES)) return inRush(plan);
  if (random.chance(FLOODS)) return inFlood(plan);
  return random.chance(JAMS) ? inJam(plan) : plan;
}

/** Most answers fail, are retried, and their messages are removed. */
function inDespair(plan: Plan): Plan {
  return {
    ...plan,
    chats: 1,
    people: { ...plan.people, retries: 6, together: 0.6 },
    model: { ...plan.model, failures: 0.7, fallbacks: 0 },
  };
}

/** Processes with one place each and slow answers. */
function inJam(plan: Plan): Plan {
  return {
    ...plan,
    replicas: 2,
    chats: 8,
    bounds: { ...plan.bounds, runningTurnsMax: 1, waitingTurnsMax: 256, runningPerAddressMax: 64 },
    people: { ...plan.people, messages: 20, cancels: 14 },
    model: { ...plan.model, atOnce: 0, piecesMax: 12, pauseMaxMs: plan.activeMs / 8 },
  };
}

/** One address fills the queue of a process, and a few visitors come from others. */
function inFlood(plan: Plan): Plan {
  return {
    ...plan,
    replicas: 1,
    chats: 40,
    bounds: {
      ...plan.bounds,
      ...{ runningTurnsMax: 5, waitingTurnsMax: 256, runningPerAddressMax: 64, waitingPerAddressMax: 256 },
    },
    people: {
      ...plan.people,
      ...{ messages: 40, visitors: 1, addresses: 3, flood: 0.75, together: 0.9 },
      ...{ interrupts: 0, cancels: 0, deletes: 0, retentions: 0, erasures: 0, blocks: 0 },
    },
    model: { ...plan.model, atOnce: 0 },
  };
}

/** Many visitors in many chats of a process that has few places. */
function inRush(plan: Plan): Plan {
  return {
    ...plan,
    replicas: 1,
    chats: 8,
    bounds: { ...plan.bounds, runningTurnsMax: 5, runningPerAddressMax: 64 },
    people: { ...plan.people, messages: 24, visitors: 0.8 },
    model: { ...plan.model, atOnce: 0 },
  };
}

function drawBounds(random: Random, leaseMs: number): TurnBounds {
  return {
    leaseMs,
    tickMs: TICK_MS,
    sendWaitMaxMs: random.pick([1_000, 60_000, 60_000]),
    cancelWaitMaxMs: random.pick([500, 3_000]),
    runningTurnsMax: random.pick([1, 2, 5, 256, 256, 256]),
    waitingTurnsMax: random.pick([2, 256, 256, 256]),
    runningPerAddressMax: random.pick([1, 2, 64]),
    waitingPerAddressMax: random.pick([2, 256, 256]),
    queuedTurnsPerChatMax: random.pick([2, 8, 8]),
    takeoversMax: random.pick([0, 1, 2, 2]),
    countEveryMs: 1_000,
    historyBytesMax: 24_000,
  };
}

const noFaults: Faults = {
  lost: 0,
  unanswered: 0,
  late: 0,
  lateMaxMs: 0,
  hanging: 0,
  partial: 0,
  crashes: 0,
  drains: 0,
  stalls: 0,
  holds: 0,
  outages: 0,
  isolations: 0,
  partitions: 0,
  modelOutages: 0,
  lostAnswers: 0,
};

function drawFaults(random: Random, leaseMs: number): Faults {
  const rate = (max: number) => (random.chance(0.5) ? random.between(0, max) : 0);
  const times = (max: number) => (random.chance(0.6) ? random.integer(1, max) : 0);
  return {
    lost: rate(0.08),
    unanswered: rate(0.08),
    late: rate(0.05),
    lateMaxMs: leaseMs * random.pick([0.3, 0.8, 2.5]),
    hanging: rate(0.1),
    partial: rate(0.3),
    crashes: times(5),
    drains: times(2),
    stalls: times(6),
    holds: times(2),
    outages: times(1),
    isolations: times(2),
    partitions: times(5),
    modelOutages: random.chance(0.2) ? 1 : 0,
    lostAnswers: rate(0.2),
  };
}

/** Drawn from a source of its own, so that older seeds keep their schedules. */
function drawErasures(seed: number, kind: Plan['kind']): number {
  // The recovery loop finds waiting turns of a deleted chat, because no request waits for their answers.
  if (kind === 'calm' || seed % ERASURES_EVERY !== 0) return 0;
  return new Random(seed ^ 0x3c6ef372).integer(1, 3);
}

/** Drawn from a source of its own, so that older seeds keep their schedules. */
function drawVersions(seed: number): Pick<People, 'versions' | 'choices' | 'removals'> {
  if (seed % VERSIONS_EVERY !== VERSIONS_REST || STRAIGHT.has(seed))
    return { versions: 0, choices: 0, removals: 0 };
  const random = new Random(seed ^ 0x6a09e667);
  return {
    versions: random.pick([0.2, 0.5, 0.8]),
    choices: random.integer(0, 5),
    removals: random.pick([0, 2, REMOVALS_MAX]),
  };
}

function drawPeople(
  random: Random,
  kind: Plan['kind'],
): Omit<People, 'erasures' | 'versions' | 'choices' | 'removals'> {
  const some = (max: number) => (random.chance(0.5) ? random.integer(1, max) : 0);
  const rate = (max: number) => (random.chance(0.5) ? random.between(0, max) : 0);
  return {
    messages: random.integer(1, random.pick([8, 16])),
    keyed: random.pick([0, 0.5, 1]),
    duplicates: rate(0.5),
    reusedKeys: rate(0.1),
    interrupts: rate(0.4),
    rejects: rate(0.3),
    cancels: some(6),
    // The recovery loop finds waiting turns of a deleted chat, because no request waits for their answers.
    deletes: kind !== 'calm' && random.chance(0.2) ? 1 : 0,
    retries: some(4),
    readers: some(8),
    chatReaders: some(3),
    otherTeams: some(4),
    disconnects: rate(0.5),
    retentions: kind !== 'calm' && random.chance(0.25) ? random.integer(1, 3) : 0,
    visitors: random.pick([0, 0.5, 0.9, 1]),
    addresses: random.pick([1, 2, 3]),
    flood: 0,
    blocks: random.chance(0.2) ? random.integer(1, 3) : 0,
    together: 0.3,
  };
}
