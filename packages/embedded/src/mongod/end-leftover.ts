import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { argumentsOf, identifyProcess, isRunning, type ProcessIdentity } from '../process-identity.ts';

/**
 * Ends the `mongod` that a killed server has left behind on `dbPath`, in order if it can, and waits until it
 * is gone. Nothing happens when there is none. A process is only touched when its own command line says that
 * it serves this very folder: its pid, which `mongod` itself writes down, may long be somebody else's.
 *
 * @throws Error when it cannot be ended.
 */
export async function endLeftover(dbPath: string, onProgress: (line: string) => void): Promise<void> {
  const leftover = await findLeftover(dbPath);
  if (!leftover) return;
  const { pid } = leftover;
  onProgress(`Stopping the MongoDB an earlier run left behind (process ${pid}) …`);
  for (const { signal, patienceMs } of STEPS) {
    if (!(await send(leftover, signal)) || (await isGone(leftover, patienceMs))) return;
  }
  throw new Error(`The MongoDB an earlier run left behind (process ${pid}) does not end. Stop it by hand.`);
}

const STEPS = [
  { signal: 'SIGTERM', patienceMs: 20_000 },
  { signal: 'SIGKILL', patienceMs: 10_000 },
] as const;
const LOOK_EVERY_MS = 20;

async function findLeftover(dbPath: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(join(dbPath, 'mongod.lock'), 'utf8').catch(() => '');
  const pid = Number(text.trim());
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  // First who it is, then what it does: were the pid given away in between, its new owner is never touched.
  const identity = await identifyProcess(pid);
  const commandLine = (await argumentsOf(pid))?.join(' ') ?? '';
  return `${commandLine} `.includes(` --dbpath ${dbPath} `) ? identity : undefined;
}

/** Answers whether there is still somebody to wait for. */
async function send(leftover: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(leftover))) return false;
  try {
    process.kill(leftover.pid, signal);
    return true;
  } catch (error) {
    if (await isRunning(leftover)) {
      const message = `A MongoDB (process ${leftover.pid}) of another user serves this folder. Stop it first.`;
      throw new Error(message, { cause: error });
    }
    return false;
  }
}

async function isGone(leftover: ProcessIdentity, patienceMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + patienceMs;
  while (await isRunning(leftover)) {
    if (performance.now() > giveUpAt) return false;
    await delay(LOOK_EVERY_MS);
  }
  return true;
}
