import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { becomePrimary } from './become-primary.ts';
import type { MongodProgram } from './check-mongod.ts';
import { endLeftover } from './end-leftover.ts';
import { type FindMongodOptions, findMongod } from './find-mongod.ts';
import { freePort, untilListening } from './free-port.ts';
import { type LastRun, readLastRun, stayWithSeries, writeLastRun } from './mongod-last-run.ts';
import { openMongodLog } from './mongod-log.ts';
import { type MongodExit, type MongodProcess, spawnMongod } from './mongod-process.ts';
import { ensureMongodSecret, MONGOD_USER, type MongodSecret } from './mongod-secret.ts';

export interface StartMongoOptions extends Omit<FindMongodOptions, 'cacheDir'> {
  /** The database lives in `db` below it, its log in `mongod.log`. Made when missing. */
  dataDir: string;
  /** Where fetched programs live. Default: `fetched` below `dataDir`. */
  cacheDir?: string | undefined;
  /** Default: the port of the last run if it is free, else any. */
  port?: number | undefined;
  /** How long a stop may take in order before it is done by force, in milliseconds. Default: 15,000. */
  stopTimeoutMs?: number | undefined;
}

export interface EmbeddedMongo {
  /** Of the replica set of one, for this run, with the user's password. It names no database. */
  uri: string;
  port: number;
  pid: number;
  /** Such as `6.0.5`. */
  version: string;
  /** Ends it in order and waits for its end. Doing it twice is harmless. */
  stop(): Promise<void>;
  /** Resolves when it has ended, asked to or not. Never rejects. */
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
  // One path whichever way the folder is named, because a leftover is known by it.
  const dataDir = await realpath(options.dataDir);
  const secret = await ensureMongodSecret(dataDir);
  const lastRun = await readLastRun(dataDir);
  const cacheDir = options.cacheDir ?? join(dataDir, 'fetched');
  const found = await findMongod({ ...options, cacheDir });
  const { binary, libraryPath, version } = await stayWithSeries(found, lastRun, onProgress);
  const program = { binary, ...(libraryPath !== undefined && { libraryPath }) };
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    await endLeftover(join(dataDir, 'db'), onProgress);
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
      if (!(error instanceof MongodFailure && error.isPassing) || attempt === ATTEMPTS_MAX) throw error;
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
/** Recovery after a crash replays at most a minute of writes; a slow disk gets its time. */
const START_MAX_MS = 120_000;
const STOP_TIMEOUT_MS = 15_000;
const ATTEMPTS_MAX = 3;
const RETRY_AFTER_MS = 300;

/** `mongod` ended before it was ready. */
class MongodFailure extends Error {
  /** Whether another try can help: its port or its folder was taken in the very moment. */
  readonly isPassing: boolean;

  constructor({ code, signal, complaint }: MongodExit, logPath: string) {
    const reason = complaint === '' ? `it ended with ${signal ?? `code ${code}`}` : complaint;
    super(`MongoDB did not start: ${reason.replace(/\.$/, '')}. Its log: ${logPath}`);
    this.name = 'MongodFailure';
    this.isPassing = /Address already in use|DBPathInUse/.test(complaint);
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

/** Answers the `mongod` once it takes writes; otherwise none is left running. */
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
    const endedItself = await endsBy(mongod, ITS_OWN_END_MS);
    await mongod.stop();
    if (endedItself) throw new MongodFailure(await mongod.exited, log.path);
    if (tooLong.aborted) throw new Error(`MongoDB did not start within two minutes. Its log: ${log.path}`);
    throw error;
  }
}

/** A `mongod` that dies closes its connections some time before its process is gone. */
const ITS_OWN_END_MS = 2_000;

async function endsBy(mongod: MongodProcess, milliseconds: number): Promise<boolean> {
  const patience = new AbortController();
  const inTime = await Promise.race([
    mongod.exited.then(() => true),
    delay(milliseconds, false, { signal: patience.signal }).catch(() => false),
  ]);
  patience.abort();
  return inTime;
}
