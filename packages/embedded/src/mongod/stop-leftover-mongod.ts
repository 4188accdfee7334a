import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLineOf } from './command-line.ts';

/**
 * Ends the `mongod` that a killed server left running on `dbPath`: in order if possible, else by force. Resolves when
 * its process has ended, or at once when there is none. `mongod` writes its pid into its folder, but the system may
 * since have given that pid to another process. A process is therefore only signalled while its command line names
 * this folder.
 *
 * @throws Error when it cannot be ended.
 */
export async function stopLeftoverMongod(dbPath: string, onProgress: (line: string) => void): Promise<void> {
  const leftover = await findLeftover(dbPath);
  if (!leftover) return;
  const { pid } = leftover;
  onProgress(`Stopping the MongoDB an earlier run left behind (process ${pid}) …`);
  for (const { signal, patienceMs } of STEPS) {
    if (!(await send(leftover, signal)) || (await hasEnded(leftover, patienceMs))) return;
  }
  throw new Error(`The MongoDB an earlier run left behind (process ${pid}) does not end. Stop it by hand.`);
}

const STEPS = [
  { signal: 'SIGTERM', patienceMs: 20_000 },
  { signal: 'SIGKILL', patienceMs: 10_000 },
] as const;
const POLL_EVERY_MS = 20;

interface Leftover {
  readonly pid: number;
  readonly dbPath: string;
}

async function findLeftover(dbPath: string): Promise<Leftover | undefined> {
  const text = await readFile(join(dbPath, 'mongod.lock'), 'utf8').catch(() => '');
  const pid = Number(text.trim());
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  return (await isServing({ pid, dbPath })) ? { pid, dbPath } : undefined;
}

async function isServing({ pid, dbPath }: Leftover): Promise<boolean> {
  return `${await commandLineOf(pid)} `.includes(` --dbpath ${dbPath} `);
}

/** Returns false when the process has ended meanwhile. */
async function send(leftover: Leftover, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isServing(leftover))) return false;
  try {
    process.kill(leftover.pid, signal);
    return true;
  } catch (error) {
    if (await isServing(leftover)) {
      const message = `A MongoDB (process ${leftover.pid}) of another user serves this folder. Stop it first.`;
      throw new Error(message, { cause: error });
    }
    return false;
  }
}

async function hasEnded(leftover: Leftover, patienceMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + patienceMs;
  while (await isServing(leftover)) {
    if (performance.now() > giveUpAt) return false;
    await delay(POLL_EVERY_MS);
  }
  return true;
}
