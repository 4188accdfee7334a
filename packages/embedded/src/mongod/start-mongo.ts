import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { becomePrimary } from './become-primary.ts';
import type { MongodProgram } from './check-mongod.ts';
import { type FindMongodOptions, findMongod } from './find-mongod.ts';
import { freePort, untilListening } from './free-port.ts';
import { keepReleaseSeries, type LastRun, readLastRun, writeLastRun } from './mongod-last-run.ts';
import { openMongodLog } from './mongod-log.ts';
import { type MongodExit, type MongodProcess, spawnMongod } from './mongod-process.ts';
import { ensureMongodSecret, MONGOD_USER, type MongodSecret } from './mongod-secret.ts';
import { stopLeftoverMongod } from './stop-leftover-mongod.ts';

/** How to start a MongoDB. */
export interface StartMongoOptions extends Omit<FindMongodOptions, 'cacheDir'> {
  /** The folder of the database (`db`) and its log (`mongod.log`). Created if it does not exist. */
  dataDir: string;
  /** The folder of fetched programs. Default: `fetched` in `dataDir`. */
  cacheDir?: string | undefined;
  /** Default: the port of the last run if it is free, else any free port. */
  port?: number | undefined;
  /** The time limit of a stop in order, in milliseconds. Default: 15,000. */
  stopTimeoutMs?: number | undefined;
}

/** A running MongoDB. */
export interface EmbeddedMongo {
  /** The address for this run, with the user's password and without a database. */
  uri: string;
  port: number;
  pid: number;
  /** Such as `6.0.5`. */
  version: string;
  /** Stops it and resolves when it has ended. A second call has no effect. */
  stop(): Promise<void>;
  /** Resolves when it has ended for any reason. Never rejects. */
  exited: Promise<MongodExit>;
}

/**
 * Starts a real MongoDB on 127.0.0.1, as a replica set of one, with its data in `dataDir`. Acknowledged writes survive
 * every kind of end. The database accepts only clients that know the folder's secret.
 *
 * The caller must have locked `dataDir` against other servers: a `mongod` that still serves the folder counts as left
 * behind by a killed server and is ended first.
 *
 * @throws Error that says what went wrong, quoting MongoDB's log where it helps: no program found, the given port taken,
 * damaged data, no space. The signal's reason when aborted.
 */
export async function startMongo(options: StartMongoOptions): Promise<EmbeddedMongo> {
  if (process.platform === 'win32') throw new Error(NOT_ON_WINDOWS);
  const { signal, onProgress } = options;
  await mkdir(join(options.dataDir, 'db'), { recursive: true, mode: 0o700 });
  // A leftover process is recognised by its path, so links are resolved first.
  const dataDir = await realpath(options.dataDir);
  const secret = await ensureMongodSecret(dataDir);
  const lastRun = await readLastRun(dataDir);
  const cacheDir = options.cacheDir ?? join(dataDir, 'fetched');
  const found = await findMongod({ ...options, cacheDir });
  const { binary, libraryPath, version } = await keepReleaseSeries(found, lastRun, onProgress);
  const program = { binary, ...(libraryPath !== undefined && { libraryPath }) };
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    await stopLeftoverMongod(join(dataDir, 'db'), onProgress);
    const port = await choosePort(options, lastRun);
    try {
      const mongod = await launch({ ...options, dataDir, program, port, secret });
      await writeLastRun(dataDir, { ...program, version, port });
      return {
        uri: uriOf(port, secret),
        port,
        pid: mongod.pid,
        version,
        stop: mongod.stop,
        exited: mongod.exited,
      };
    } catch (error) {
      if (!(error instanceof MongodFailure && error.isTransient) || attempt === ATTEMPTS_MAX) throw error;
      await delay(RETRY_AFTER_MS, undefined, { signal });
    }
  }
}

function uriOf(port: number, { password }: MongodSecret): string {
  const settings = `replicaSet=${REPLICA_SET}&directConnection=true&authSource=admin`;
  return `mongodb://${MONGOD_USER}:${password}@127.0.0.1:${port}/?${settings}`;
}

const NOT_ON_WINDOWS =
  'The embedded MongoDB does not run on Windows. Use WSL, or set MONGODB_URI to the address of a MongoDB.';
const REPLICA_SET = 'parley';
/** Recovery after a crash replays a minute of writes at most, perhaps from a slow disk. */
const START_MAX_MS = 120_000;
const STOP_TIMEOUT_MS = 15_000;
const ATTEMPTS_MAX = 3;
const RETRY_AFTER_MS = 300;

/** `mongod` ended before it was ready. */
class MongodFailure extends Error {
  /** Whether another attempt can help: its port or folder was just in use. */
  readonly isTransient: boolean;

  constructor({ code, signal, errorText }: MongodExit, logPath: string) {
    const reason = errorText === '' ? `it ended with ${signal ?? `code ${code}`}` : errorText;
    super(`MongoDB did not start: ${reason.replace(/\.$/, '')}. Its log: ${logPath}`);
    this.name = 'MongodFailure';
    this.isTransient = /Address already in use|DBPathInUse/.test(errorText);
  }
}

async function choosePort({ port }: StartMongoOptions, lastRun: LastRun | undefined): Promise<number> {
  const found = await freePort(port ?? lastRun?.port);
  if (port !== undefined && found !== port) {
    throw new Error(`MongoDB cannot listen on port ${port}: another program does.`);
  }
  return found;
}

interface Launch extends Pick<StartMongoOptions, 'signal' | 'stopTimeoutMs'> {
  dataDir: string;
  program: MongodProgram;
  port: number;
  secret: MongodSecret;
}

/** Resolves when the `mongod` accepts writes. If it rejects, no `mongod` is left running. */
async function launch({ dataDir, program, port, secret, ...options }: Launch): Promise<MongodProcess> {
  const { signal, stopTimeoutMs = STOP_TIMEOUT_MS } = options;
  const log = await openMongodLog(dataDir);
  const dbPath = join(dataDir, 'db');
  const { keyFile } = secret;
  const server = { program, dbPath, port, replicaSet: REPLICA_SET, keyFile, log, stopTimeoutMs };
  const mongod = await spawnMongod(server);
  const tooLong = AbortSignal.timeout(START_MAX_MS);
  const givenUp = AbortSignal.any([mongod.ended, tooLong, ...(signal ? [signal] : [])]);
  try {
    await untilListening(port, givenUp);
    await becomePrimary({ port, pid: mongod.pid, replicaSet: REPLICA_SET, secret, signal: givenUp });
    return mongod;
  } catch (error) {
    if (signal?.aborted) await mongod.stop();
    signal?.throwIfAborted();
    const endedItself = await endsBy(mongod, DYING_MAX_MS);
    await mongod.stop();
    if (endedItself) throw new MongodFailure(await mongod.exited, log.path);
    if (tooLong.aborted) throw new Error(`MongoDB did not start within two minutes. Its log: ${log.path}`);
    throw error;
  }
}

/** A dying `mongod` closes its connections some time before its process ends. */
const DYING_MAX_MS = 2_000;

async function endsBy(mongod: MongodProcess, milliseconds: number): Promise<boolean> {
  const patience = new AbortController();
  const inTime = await Promise.race([
    mongod.exited.then(() => true),
    delay(milliseconds, false, { signal: patience.signal }).catch(() => false),
  ]);
  patience.abort();
  return inTime;
}
