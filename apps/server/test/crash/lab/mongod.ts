import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { findMongod } from '@parley/embedded';
import { testCacheDir, untilListening } from '@parley/embedded/testing';

export interface MongodOptions {
  readonly folder: string;
  readonly port: number;
  readonly replicaSet: string;
}

/** One node of a replica set: a `mongod` that can be killed and started again on the same data and port. */
export class Mongod {
  readonly port: number;
  readonly #options: MongodOptions;
  #child: ChildProcess | undefined;

  constructor(options: MongodOptions) {
    this.port = options.port;
    this.#options = options;
  }

  /** Starts it, unless it runs, and waits until it accepts connections. */
  async start(): Promise<void> {
    if (this.#child && isRunning(this.#child)) return;
    const { folder, port, replicaSet } = this.#options;
    await mkdir(folder, { recursive: true });
    const { binary, libraryPath } = await findMongod({ cacheDir: testCacheDir, onProgress: () => undefined });
    const [command = binary, ...words] = [...endingWithParent(), binary];
    const child = spawn(
      command,
      [
        ...words,
        ...['--dbpath', folder, '--port', `${port}`, '--bind_ip', '127.0.0.1', '--nounixsocket'],
        ...['--replSet', replicaSet, '--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '64', '--quiet'],
        ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
      ],
      { stdio: 'ignore', ...(libraryPath && { env: { LD_LIBRARY_PATH: libraryPath } }) },
    );
    this.#child = child;
    const end = new AbortController();
    const onExit = () => end.abort(new Error(`the mongod of ${folder} ended at its start`));
    child.once('exit', onExit);
    await untilListening(port, end.signal);
    child.off('exit', onExit);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Its data is deleted anyway, so it needs no orderly stop. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || !isRunning(child)) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** The command prefix that makes the kernel end it with this process, on systems that have it. */
function endingWithParent(): string[] {
  const words = ['setpriv', '--pdeathsig', 'KILL'];
  return spawnSync('setpriv', [...words.slice(1), 'true']).status === 0 ? words : [];
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
