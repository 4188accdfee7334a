/**
 * The real server, as a process that gets its dependencies from its parent, and holds at its crash points when the
 * parent orders it. It ends with its parent.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expireChats } from '@parley/api';
import { connectDatabase } from '@parley/db';
import { compose } from '../../../src/compose.ts';
import { parseTrustProxy } from '../../../src/gate/client-address.ts';
import { createLog } from '../../../src/log.ts';
import { untilStopped } from '../../../src/until-stopped.ts';
import { CrashPoints, type ExpireOrder, type Order, type Report } from './crash-points.ts';

/** The settings of a server under test. */
export interface ServerDeps {
  readonly mongodbUri: string;
  readonly modelUrl: string;
  /** The second model. Faults of the first one's link do not affect it. */
  readonly backupModelUrl: string;
  /** Identifies this server to the model. */
  readonly modelKey: string;
  readonly leaseMs: number;
  readonly tickMs: number;
  /** The time from SIGTERM to the hand-over of running turns. */
  readonly drainMs: number;
  /** Default: the product's bounds. */
  readonly runningTurnsMax?: number;
  readonly waitingTurnsMax?: number;
  readonly runningPerAddressMax?: number;
}

const parts = JSON.parse(process.argv[2] ?? '{}') as ServerDeps;
const report = (report: Report) => process.connected && process.send?.(report);
const points = new CrashPoints(report);
let expire: ((order: ExpireOrder) => Promise<boolean>) | undefined;
process.on('message', async (message) => {
  const order = message as Order;
  if (order.kind !== 'expire') return points.obey(order);
  const isComplete = (await expire?.(order)) ?? false;
  report({ kind: 'expired', agent: order.agent, isComplete });
});
/** Its parent has ended. */
const onOrphaned = () => process.exit(1);
process.on('disconnect', onOrphaned);

/** Errors in the log are bugs, or consequences of a fault that nobody injected. */
function writeLine(line: string): void {
  process.stdout.write(line);
  if (line.includes('"level":"error"')) report({ kind: 'trouble', line });
}

const DAY_MS = 24 * 60 * 60 * 1_000;

const say = (line: string) => process.stderr.write(`${line}\n`);

await untilStopped(async () => {
  const { mongodbUri, modelUrl, backupModelUrl, modelKey, drainMs, ...bounds } = parts;
  const database = await connectDatabase(mongodbUri);
  const composition = await compose({
    database: points.wrap(database),
    model: { endpoint: () => ({ baseUrl: modelUrl, apiKey: modelKey, model: 'scripted' }) },
    providers: new Map([['backup', { baseUrl: backupModelUrl, apiKey: modelKey }]]),
    defaultModels: ['default', 'backup'].map((provider) => ({ provider, model: 'scripted' })),
    log: createLog('info', { write: writeLine }),
    contextTokens: 100_000,
    bounds,
    trustProxy: parseTrustProxy('1'),
    // The token issuer of the lab is at an address of this machine.
    toolAddresses: { arePrivateAllowed: true },
  });
  expire = async ({ team, agent, at, pauseMs }) => {
    let isComplete = true;
    const onFailure = () => {
      isComplete = false;
    };
    const agents = { listRetaining: async () => [{ id: agent, team, retentionDays: 1 }] };
    const { listIdle } = database.stores.chats;
    const listIdleThenPause: typeof listIdle = async (...args) => {
      const page = await listIdle(...args);
      await delay(pauseMs);
      return page;
    };
    const now = new Date(at + DAY_MS);
    const chats = { listIdle: listIdleThenPause };
    await expireChats({ agents, chats }, composition.turns, { now, onFailure });
    return isComplete;
  };
  const url = await composition.app.listen({ port: 0, host: '127.0.0.1' });
  report({ kind: 'listening', url });
  return {
    async stop(force) {
      report({ kind: 'stopping' });
      await composition.close(drainMs, force);
      await database.close();
      process.off('disconnect', onOrphaned).disconnect();
    },
  };
}, say);
