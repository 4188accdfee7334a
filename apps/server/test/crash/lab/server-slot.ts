import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExpireOrder, Order, Point, Report } from './crash-points.ts';
import type { ServerDeps } from './server-under-test.ts';

/** The program of a server under test in this checkout. */
export const THIS_SERVER = new URL('./server-under-test.ts', import.meta.url);

/** A database that elects a primary may reject a few starts. */
const STARTS_MAX = 20;
const STOP_MAX_MS = 15_000;

/** A slot for a server process: one runs there, and after its end another one is started. */
export class ServerSlot {
  readonly name: string;
  readonly #parts: ServerDeps;
  readonly #logPath: string;
  #entry: URL;
  #child: ChildProcess | undefined;
  #url = '';
  #isToEnd = false;
  #troubles: string[] = [];
  #held = Promise.withResolvers<void>();
  #stopping: Promise<void> = Promise.resolve();
  readonly #expiring = new Map<string, (isComplete: boolean) => void>();

  constructor(name: string, parts: ServerDeps, logPath: string, entry: URL = THIS_SERVER) {
    this.name = name;
    this.#entry = entry;
    this.#parts = parts;
    this.#logPath = logPath;
  }

  /** The name of the server that runs here, or ran last. */
  get url(): string {
    return this.#url;
  }

  /** Settles when the current server has begun to stop, or has ended. */
  get stopping(): Promise<void> {
    return this.#stopping;
  }

  /** The errors of these servers since the last call that no fault explains. */
  takeTroubles(): string[] {
    return this.#troubles.splice(0).map((trouble) => `server ${this.name}: ${trouble}`);
  }

  /** Starts a server and waits until it listens. */
  async start(): Promise<void> {
    for (let left = STARTS_MAX; !(await this.#tryStart()); left--) {
      if (left === 0) throw new Error(`server ${this.name} does not start; its log: ${this.#logPath}`);
      await delay(100);
    }
  }

  /** Settles when a call is held at this point, the one after `passes` others. */
  async arm(point: Point, passes: number): Promise<void> {
    this.#held = Promise.withResolvers();
    this.#order({ kind: 'arm', point, passes });
    await this.#held.promise;
  }

  /** Releases a held call, and holds no more. */
  proceed(): void {
    this.#order({ kind: 'proceed' });
  }

  /** Makes the server delete chats as retention does. False if it could not delete them all, or has ended. */
  expire(order: Omit<ExpireOrder, 'kind'>): Promise<boolean> {
    return new Promise((resolve) => {
      this.#expiring.set(order.agent, resolve);
      if (this.#child?.connected) this.#order({ kind: 'expire', ...order });
      else resolve(false);
    });
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.#isToEnd = true;
    this.#child?.kill(signal);
  }

  /** Settles when no server runs here. */
  async exited(): Promise<void> {
    const child = this.#child;
    if (child && isRunning(child)) await once(child, 'exit');
  }

  /** Stops the server, and starts another program in its place. */
  async replaceBy(entry: URL): Promise<void> {
    this.signal('SIGTERM');
    await this.exited();
    this.#entry = entry;
    await this.start();
  }

  /** Stops the server in order, by force if that fails. */
  async stop(): Promise<void> {
    this.proceed();
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const force = setTimeout(() => this.signal('SIGKILL'), STOP_MAX_MS);
    await this.exited();
    clearTimeout(force);
  }

  /** A server that had started has ended: its supervisor starts another one, unless the test ended it. */
  #onEnd(code: number | null): void {
    if (!this.#isToEnd || code) this.#troubles.push(`it ended by itself, or not in order, with code ${code}`);
    if (!this.#isToEnd) void this.start();
  }

  #order(order: Order): void {
    if (this.#child?.connected) this.#child.send(order, () => undefined);
  }

  async #tryStart(): Promise<boolean> {
    const log = openSync(this.#logPath, 'a');
    const child = fork(this.#entry, [JSON.stringify(this.#parts)], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const listening = Promise.withResolvers<boolean>();
    const stopping = Promise.withResolvers<void>();
    this.#child = child;
    this.#isToEnd = false;
    this.#stopping = stopping.promise;
    child.on('message', (report: Report) => {
      if (report.kind === 'held') this.#held.resolve();
      if (report.kind === 'expired') this.#expiring.get(report.agent)?.(report.isComplete);
      if (report.kind === 'trouble') this.#troubles.push(report.line);
      if (report.kind === 'stopping') stopping.resolve();
      if (report.kind === 'listening') {
        this.#url = report.url;
        listening.resolve(true);
      }
    });
    child.on('error', () => listening.resolve(false));
    child.once('exit', async (code) => {
      listening.resolve(false);
      stopping.resolve();
      for (const resolve of this.#expiring.values()) resolve(false);
      if (await listening.promise) this.#onEnd(code);
    });
    return await listening.promise;
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
