import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FolderInUseError, lockFolder, readLock } from './lock-folder.ts';

let dataDir: string;
const contenders: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-lock-'));
});

afterEach(async () => {
  await Promise.all(contenders.splice(0).map(kill));
  await rm(dataDir, { recursive: true, force: true });
});

test('a second server is rejected at once, told who holds the folder and what to do', async () => {
  const contender = await startContender();
  expect(await contend(contender)).toBe('won');
  await expect(lockFolder(dataDir)).rejects.toThrow(
    `Another server (process ${contender.pid}) already uses the folder ${dataDir}. ` +
      'Stop that one first, or give this one a folder of its own with DATA_DIR.',
  );
  // The rejected one leaves nothing behind: one claim and one note are the holder's.
  expect(await readdir(join(dataDir, 'lock'))).toHaveLength(2);
});

test('after a kill -9 of the holder the next one has the folder at once', async () => {
  const contender = await startContender();
  expect(await contend(contender)).toBe('won');
  await kill(contender);
  expect(await readLock(dataDir)).toBeUndefined();
  const startedAt = performance.now();
  const lock = await lockFolder(dataDir);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(await readLock(dataDir)).toEqual({ pid: process.pid });
  await lock.release();
});

test('of eight processes that start together exactly one wins, also over the remains of a dead one', async () => {
  const dead = await startContender();
  await contend(dead);
  await kill(dead);
  const eight = await Promise.all(Array.from({ length: 8 }, startContender));
  const outcomes = await Promise.all(eight.map(contend));
  expect(outcomes.toSorted()).toEqual([...Array<string>(7).fill('refused'), 'won']);
});

test('however contenders interleave, never two hold the folder', async () => {
  for (let round = 0; round < 25; round++) {
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(dataDir)));
    const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(winners).toHaveLength(1);
    expect(refusals.every(({ reason }) => reason instanceof FolderInUseError)).toBe(true);
    await Promise.all(winners.map(({ value }) => value.release()));
    expect(await readdir(join(dataDir, 'lock'))).toEqual([]);
  }
});

test('a pid that now belongs to somebody else does not hold the folder', async () => {
  const claim = `${process.ppid}_00000000-0000-1_abcdef`;
  await mkdir(join(dataDir, 'lock'));
  await writeFile(join(dataDir, 'lock', claim), '');
  await writeFile(join(dataDir, 'lock', `${claim}.json`), '{}');
  const lock = await lockFolder(dataDir);
  expect(lock.pid).toBe(process.pid);
  expect(await readdir(join(dataDir, 'lock'))).not.toContain(claim);
});

test('others read who holds the folder and what it tells of itself', async () => {
  expect(await readLock(dataDir)).toBeUndefined();
  const lock = await lockFolder(dataDir);
  expect(await readLock(dataDir)).toEqual({ pid: process.pid });
  await lock.update({ mongodbUri: 'mongodb://127.0.0.1:27017' });
  expect(await readLock(dataDir)).toEqual({ pid: process.pid, mongodbUri: 'mongodb://127.0.0.1:27017' });
  await lock.release();
  await lock.release();
  expect(await readLock(dataDir)).toBeUndefined();
});

test('a folder is taken and given free any number of times', async () => {
  for (let times = 0; times < 3; times++) await (await lockFolder(dataDir)).release();
  expect(await readdir(join(dataDir, 'lock'))).toEqual([]);
});

async function startContender(): Promise<ChildProcess> {
  const contender = fork(new URL('./testing/lock-contender.ts', import.meta.url));
  contenders.push(contender);
  expect(await once(contender, 'message')).toEqual(['ready', undefined]);
  return contender;
}

async function contend(contender: ChildProcess): Promise<unknown> {
  contender.send(dataDir);
  const [outcome] = await once(contender, 'message');
  return outcome;
}

async function kill(contender: ChildProcess): Promise<void> {
  if (contender.exitCode !== null || contender.signalCode !== null) return;
  const exit = once(contender, 'exit');
  contender.kill('SIGKILL');
  await exit;
}
