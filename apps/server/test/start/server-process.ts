import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findMongod } from '@parley/embedded';
import { onTestFinished } from 'vitest';
import { readLock } from '../../src/folder-lock/lock-folder.ts';

const root = resolve(import.meta.dirname, '../../../..');

const STOP_MAX_MS = 40_000;

export interface Credentials {
  readonly url: string;
  readonly mongodbUri: string;
  readonly teamId: string;
  readonly agentId: string;
  readonly publishableKey: string;
  readonly guestKey: string;
  readonly secretKey: string;
  /** The key of the chat page. */
  readonly webKey: string;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** A folder for one test, removed after it. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-start-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The encryption key that a server has created for itself, for other servers on its database. */
export async function encryptionKeyOf(dataDir: string): Promise<{ readonly ENCRYPTION_KEY: string }> {
  return { ENCRYPTION_KEY: (await readFile(join(dataDir, 'encryption.key'), 'utf8')).trim() };
}

/** The environment of a server that finds its mongod at once and downloads no model. */
async function environment(dataDir: string, env: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const { binary } = await findMongod({
    cacheDir: join(root, 'node_modules/.cache/parley'),
    onProgress: () => undefined,
  });
  const { PATH, HOME } = process.env;
  return {
    PATH,
    HOME,
    DATA_DIR: dataDir,
    PORT: '0',
    LOCAL_MODEL: 'off',
    MONGOMS_SYSTEM_BINARY: binary,
    ...env,
  };
}

/** The server as `npm start` runs it, as the leader of a process group. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<Output>;
  readonly #dataDir: string;
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess, dataDir: string) {
    this.child = child;
    this.#dataDir = dataDir;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = once(child, 'close').then(([code]) => ({
      stdout: this.#stdout,
      stderr: this.#stderr,
      code: code as number | null,
    }));
  }

  /** Spawns the server of this repository, or of a copy of it. */
  static async spawn(
    dataDir: string,
    env: Record<string, string> = {},
    repository: string = root,
  ): Promise<ServerProcess> {
    const child = spawn('npm', ['start', '--silent'], {
      cwd: repository,
      env: await environment(dataDir, env),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child, dataDir);
    onTestFinished(() => server.end());
    return server;
  }

  /** Starts it and waits until it says that it is running. */
  static async start(
    dataDir: string,
    env: Record<string, string> = {},
    repository: string = root,
  ): Promise<ServerProcess> {
    const server = await ServerProcess.spawn(dataDir, env, repository);
    await server.said('is running at');
    return server;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get url(): string {
    return /is running at (\S+)/.exec(this.#stderr)?.[1] ?? '';
  }

  async credentials(): Promise<Credentials> {
    return JSON.parse(await readFile(join(this.#dataDir, 'credentials.json'), 'utf8')) as Credentials;
  }

  /** Resolves once standard error holds the text; rejects when the process ends without it. */
  async said(text: string): Promise<void> {
    if (this.#stderr.includes(text)) return;
    const { stderr } = this.child;
    if (!stderr) throw new Error('the child has no standard error');
    await new Promise<void>((found, failed) => {
      const look = () => {
        if (this.#stderr.includes(text)) found();
      };
      stderr.on('data', look);
      void this.exited.then(() => failed(new Error(`it ended without saying "${text}":\n${this.#stderr}`)));
      look();
    });
  }

  /** Stops it with SIGTERM. */
  async stop(): Promise<Output> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    return this.exited;
  }

  /** Stops it with SIGTERM, or with SIGKILL if that fails, so that a failed test leaves no process. */
  async end(): Promise<void> {
    const force = setTimeout(() => {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    }, STOP_MAX_MS);
    await this.stop();
    clearTimeout(force);
  }

  /** The server's own process, a child of npm's. */
  async pid(): Promise<number> {
    const holder = await readLock(this.#dataDir);
    if (!holder) throw new Error('no server holds the folder');
    return holder.pid;
  }

  /** Kills only the server. Its mongod keeps running. */
  async killAlone(): Promise<void> {
    process.kill(await this.pid(), 'SIGKILL');
    await this.exited;
  }

  /** Kills all its processes: its own group and its mongod's. */
  async killAll(mongodPid: number): Promise<void> {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    process.kill(mongodPid, 'SIGKILL');
    await this.exited;
  }
}

/** The process that serves a folder's database, found by its command line. */
export async function mongodPid(dataDir: string): Promise<number | undefined> {
  const { stdout } = await runCommand('ps', ['-eo', 'pid=,args=']);
  const line = stdout.split('\n').find((text) => text.includes('mongod') && text.includes(`${dataDir}/db`));
  return line === undefined ? undefined : Number(line.trim().split(/\s+/, 1)[0]);
}

/** `npm run -s admin -- …`. */
export async function admin(
  dataDir: string,
  args: string[],
  env: Record<string, string> = {},
  input?: string,
): Promise<Output> {
  return runCommand('npm', ['run', '-s', 'admin', '--', ...args], await environment(dataDir, env), input);
}

async function runCommand(
  command: string,
  args: string[],
  env?: NodeJS.ProcessEnv,
  input = '',
): Promise<Output> {
  const child = spawn(command, args, {
    cwd: root,
    env: env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that has ended reads no input; its exit code says so.
  child.stdin.on('error', () => undefined).end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { stdout, stderr, code };
}

/** A JSON call with a key. */
export async function call(
  { url, secretKey }: Pick<Credentials, 'url' | 'secretKey'>,
  method: string,
  path: string,
  body?: object,
) {
  const response = await fetch(url + path, {
    method,
    headers: { 'x-api-key': secretKey, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
