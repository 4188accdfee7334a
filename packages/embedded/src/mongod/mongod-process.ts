import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { leastEnvironment } from '../env.ts';
import { runCommand } from '../run-command.ts';
import { commandOf, type MongodProgram } from './check-mongod.ts';
import type { MongodLog } from './mongod-log.ts';

export interface MongodExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What its log says of the reason; empty after a clean stop. */
  complaint: string;
}

export interface MongodProcess {
  pid: number;
  /** Resolves once it has ended, for whatever reason, and its log is closed. Never rejects. */
  exited: Promise<MongodExit>;
  /** Aborts when it has ended. */
  ended: AbortSignal;
  /** Lets it end in order, or by force when it does not in time. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface SpawnMongodOptions {
  program: MongodProgram;
  dbPath: string;
  port: number;
  replicaSet: string;
  /** The path of the key that its clients prove themselves with, directly or by a user's password. */
  keyFile: string;
  log: MongodLog;
  /** How long a stop may take in order before it is done by force, in milliseconds. */
  stopTimeoutMs: number;
}

/**
 * Starts a `mongod` on 127.0.0.1, in a session of its own: Ctrl-C in the terminal reaches the server alone,
 * which stops its database when it has finished with it. Where the system can, the kernel tells `mongod` to
 * end in order should this process be killed; elsewhere it is left behind, for `endLeftover`. When this
 * process ends by itself without a `stop`, it takes the database with it.
 *
 * @throws Error when the program cannot be started at all.
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
    env: leastEnvironment(),
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    await log.close();
    throw error;
  }
  // It cannot fail any more in a way that its exit does not tell.
  child.on('error', () => undefined);
  const endWithUs = () => child.kill('SIGTERM');
  process.once('exit', endWithUs);
  const ended = new AbortController();
  const exited = new Promise<MongodExit>((resolve) => {
    child.once('exit', async (code, signal) => {
      process.off('exit', endWithUs);
      ended.abort();
      const complaint = code === 0 ? '' : await log.complaint().catch(() => '');
      await log.close().catch(() => undefined);
      resolve({ code, signal, complaint });
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
    // A key file turns access control on. No user can be made without it, not even the first one from this machine.
    ...['--keyFile', keyFile, '--setParameter', 'enableLocalhostAuthBypass=0'],
    // A chat's documents are small and the machine is somebody's own: the least cache MongoDB takes, and an
    // oplog of which nobody reads more than its end. Its usual size is a twentieth of the disk.
    ...['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '128'],
    // Slow operations are logged with their content.
    ...['--quiet', '--slowms', '2000'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
    ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=1000'],
  ];
}

/** The words before a command that make the kernel end it with us: util-linux has them, macOS has not. */
async function endingWithParent(): Promise<string[]> {
  const words = ['setpriv', '--pdeathsig', 'TERM'];
  const { exitCode } = await runCommand('setpriv', [...words.slice(1), 'true'], { timeoutMs: 5_000 });
  return exitCode === 0 ? words : [];
}
