import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { minimalEnvironment } from '../env.ts';
import { runCommand } from '../run-command.ts';
import { commandOf, type MongodProgram } from './check-mongod.ts';
import type { MongodLog } from './mongod-log.ts';

/** How a `mongod` ended. */
export interface MongodExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The errors in its log; empty after a clean stop. */
  errorText: string;
}

/** A `mongod` that was started. */
export interface MongodProcess {
  pid: number;
  /** Resolves when it has ended and its log is closed. Never rejects. */
  exited: Promise<MongodExit>;
  /** Aborts when it has ended. */
  ended: AbortSignal;
  /** Stops it in order, or by force after the time limit. Resolves when it has ended. */
  stop(): Promise<void>;
}

/** The program to start, and its settings. */
export interface SpawnMongodOptions {
  program: MongodProgram;
  dbPath: string;
  port: number;
  replicaSet: string;
  /** The path of the key that authenticates clients, directly or by a user's password. */
  keyFile: string;
  log: MongodLog;
  /** The time limit of a stop in order, in milliseconds. */
  stopTimeoutMs: number;
}

/**
 * Starts a `mongod` on 127.0.0.1 in its own session, so that Ctrl-C in the terminal reaches only the server, which stops the
 * database last. On systems that support it, the kernel ends `mongod` in order when this process is killed; elsewhere
 * `mongod` stays running, and the next start ends it (`stopLeftoverMongod`). When this process exits without `stop`, it ends
 * `mongod`.
 *
 * @throws Error when the program cannot be started.
 */
export async function spawnMongod({
  log,
  stopTimeoutMs,
  ...options
}: SpawnMongodOptions): Promise<MongodProcess> {
  const command = [...(await endingWithParent()), ...commandOf(options.program)];
  const [file = options.program.binary, ...args] = [...command, ...mongodArguments(options)];
  const child = spawn(file, args, {
    stdio: ['ignore', log.file.fd, log.file.fd],
    detached: true,
    env: minimalEnvironment(),
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    await log.close();
    throw error;
  }
  // Every later failure ends the process, and `exited` reports it.
  child.on('error', () => undefined);
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const ended = new AbortController();
  const exited = new Promise<MongodExit>((resolve) => {
    child.once('exit', async (code, signal) => {
      process.off('exit', endWithUs);
      ended.abort();
      const errorText = code === 0 ? '' : await log.errorText().catch(() => '');
      await log.close().catch(() => undefined);
      resolve({ code, signal, errorText });
    });
  });
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    child.kill('SIGTERM');
    const force = delay(stopTimeoutMs, undefined, { signal: ended.signal }).then(() => child.kill('SIGKILL'));
    await Promise.all([exited, force.catch(() => undefined)]);
  };
  return {
    pid: Number(child.pid),
    exited,
    ended: ended.signal,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function mongodArguments({
  dbPath,
  port,
  replicaSet,
  keyFile,
}: Omit<SpawnMongodOptions, 'log' | 'stopTimeoutMs'>): string[] {
  return [
    ...['--dbpath', dbPath, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    ...['--replSet', replicaSet],
    // A key file turns access control on. Without the bypass, even the first user cannot be created without the key.
    ...['--keyFile', keyFile, '--setParameter', 'enableLocalhostAuthBypass=0'],
    // Documents are small and the machine has other uses, so this is the smallest cache that MongoDB accepts. Only the
    // end of the oplog is read; its default size is a twentieth of the disk.
    ...['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '128'],
    // The log quotes the content of slow operations, so few count as slow.
    ...['--quiet', '--slowms', '2000'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
    // Parley reads no past states. The default of five minutes keeps the files of deleted collections open for as long:
    // tests, which delete a database with each file, would run out of file descriptors.
    ...['--setParameter', 'minSnapshotHistoryWindowInSeconds=5'],
    ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=1000'],
  ];
}

/** Returns the command prefix that makes the kernel end a child with this process. util-linux has it; macOS does not. */
async function endingWithParent(): Promise<string[]> {
  const words = ['setpriv', '--pdeathsig', 'TERM'];
  const { exitCode } = await runCommand('setpriv', [...words.slice(1), 'true'], { timeoutMs: 5_000 });
  return exitCode === 0 ? words : [];
}
