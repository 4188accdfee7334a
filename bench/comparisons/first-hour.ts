import { setTimeout as delay } from 'node:timers/promises';
import { FIRST_MINUTE, PUBLIC_URL, SERVER_ENV } from '../../integrations/scenarios/visit-all.ts';
import type { Lab, ServerSubject } from '../lab/lab.ts';
import { largeLists } from '../lab/large-lists.ts';
import type { Beside } from '../load/beside.ts';
import { measureRound } from '../measure-round.ts';
import type { Column, Comparison, Side, Sides } from './comparison.ts';

/** Visitors arrive for so long, for each second that a round of the server is to take: half a minute by default. */
const ARRIVAL_FACTOR = 20;
const MINUTE_SECONDS = 60;
const UNFINISHED = { status: { $in: ['queued', 'generating'] } };
const RELEASE_EVERY_MS = 100;

const firstToken: Column = { title: 'first token p95 ms', measure: 'p95Ms', digits: 1 };
const loopP99: Column = { title: 'event loop p99 ms', measure: 'loopP99Ms', digits: 1 };

/** A company's first hour, with what comes beside it on the second side. The server has its own limits. */
const firstHour = {
  note: 'Every question was answered to its end, and no visitor was rejected.',
  concurrencyTitle: 'Visitors a minute',
  concurrencies: [FIRST_MINUTE.perMinute],
  columns: [
    firstToken,
    { title: 'event loop p50 ms', measure: 'loopP50Ms', digits: 1 },
    loopP99,
    { title: 'event loop, most ms', measure: 'loopMaxMs', digits: 1 },
  ],
  warmUps: [{ concurrency: FIRST_MINUTE.perMinute, count: 40 }],
  roundsMax: 3,
  countOf: (perMinute, seconds) => Math.ceil((perMinute * seconds * ARRIVAL_FACTOR) / MINUTE_SECONDS),
  async measure(lab, { subject, loadOf, startBeside }, size) {
    await using _beside = await startBeside?.();
    await subject.child.ask('watch-loop');
    const round = await measureRound(lab, subject, await loadOf(size));
    return { ...round, ...(await subject.child.ask<object>('loop-delay')) };
  },
} satisfies Partial<Comparison>;

/**
 * Adds a hostile address: 50 visitors of the page send four messages each to a model that never answers, at the same time,
 * and repeat it after two seconds. The process that sends them shares the cores with all others, so its own CPU also delays
 * visitors.
 */
export const besideHostileAddress: Comparison = {
  title: 'The first hour: visitors alone, and beside a hostile address',
  ...firstHour,
  spread: firstToken,
  async sides(lab) {
    const server = await serverOf(lab);
    const { target } = server;
    let attacks = 0;
    return sidesOf(lab, server, 'beside the hostile address', () => {
      // Each time an address that has all of its limits left.
      const address = `192.0.2.${++attacks}`;
      const { url, agentId } = target;
      return { kind: 'hostile-address', url, publicUrl: PUBLIC_URL, agentId, address };
    });
  },
};

/** Two clients of another team read the largest lists there are, one after the other without a pause. */
export const besideLargeLists: Comparison = {
  title:
    'The first hour: visitors alone, and beside two clients that read lists of 10,000 chats and of 10,000 messages, 16 MiB each',
  ...firstHour,
  spread: loopP99,
  async sides(lab) {
    const server = await serverOf(lab);
    const { target, lists } = await largeLists(lab.mongo, server);
    return sidesOf(lab, server, 'beside the lists', () => ({ kind: 'large-lists', target, lists }));
  },
};

/** One server for both comparisons. */
const servers = new WeakMap<Lab, Promise<ServerSubject>>();

function serverOf(lab: Lab): Promise<ServerSubject> {
  const server = servers.get(lab) ?? lab.startServer('firstHour', [], SERVER_ENV);
  servers.set(lab, server);
  return server;
}

function sidesOf(lab: Lab, server: ServerSubject, name: string, besideOf: () => Beside): Sides {
  const generator = lab.startLoad();
  const loadOf: Side['loadOf'] = (size) => ({ operation: 'visit-page', ...size });
  const startBeside: Side['startBeside'] = async () => {
    await generator.ask('start-beside', besideOf());
    return {
      async [Symbol.asyncDispose]() {
        await generator.ask('stop-beside');
        await untilIdle(lab, server);
      },
    };
  };
  return [
    { name: 'alone', subject: server, loadOf },
    { name, subject: server, loadOf, startBeside },
  ];
}

/** Ends what hangs, and what waits behind it. */
async function untilIdle({ model, mongo: { client } }: Lab, { database }: ServerSubject): Promise<void> {
  const turns = client.db(database).collection('turns');
  while ((await turns.countDocuments(UNFINISHED)) > 0) {
    await model.ask('release');
    await delay(RELEASE_EVERY_MS);
  }
}
