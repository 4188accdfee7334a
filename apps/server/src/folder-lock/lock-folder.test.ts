import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
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

test('a second server is rejected at once with the holder’s pid and what to do', async () => {
  const contender = await startContender();
  expect(await contend(contender)).toBe('won');
  await expect(lockFolder(dataDir)).rejects.toThrow(
    `Another server (process ${contender.pid}) already uses the folder ${dataDir}. ` +
      'Stop that one first, or give this one a folder of its own with DATA_DIR.',
  );
  // The rejected contender leaves no files: the claim and the note are the holder's.
  expect(await readdir(join(dataDir, 'lock'))).toHaveLength(2);
});

test('the next contender gets the folder at once after a kill -9 of the holder', async () => {
  const contender = await startContender();
  expect(await contend(contender)).toBe('won');
  await kill(contender);
  expect(await readLock(dataDir)).toBeUndefined();
  const lock = await lockFolder(dataDir);
  expect(await readLock(dataDir)).toEqual({ pid: process.pid });
  await lock.release();
});

test('exactly one of eight processes that start together gets the folder of a dead process', async () => {
  const dead = await startContender();
  await contend(dead);
  await kill(dead);
  const eight = await Promise.all(Array.from({ length: 8 }, startContender));
  const outcomes = await Promise.all(eight.map(contend));
  expect(outcomes.toSorted()).toEqual([...Array<string>(7).fill('refused'), 'won']);
});

test('no two contenders hold the folder at the same time, however they interleave', async () => {
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

test('a reused pid does not hold the folder', async () => {
  const claim = `${process.ppid}_00000000-0000-1_abcdef`;
  await mkdir(join(dataDir, 'lock'));
  await writeFile(join(dataDir, 'lock', claim), '');
  await writeFile(join(dataDir, 'lock', `${claim}.json`), '{}');
  const lock = await lockFolder(dataDir);
  expect(lock.pid).toBe(process.pid);
  expect(await readdir(join(dataDir, 'lock'))).not.toContain(claim);
});

test('other processes read the holder of the folder and its note', async () => {
  expect(await readLock(dataDir)).toBeUndefined();
  const lock = await lockFolder(dataDir);
  expect(await readLock(dataDir)).toEqual({ pid: process.pid });
  await lock.update({ mongodbUri: 'mongodb://127.0.0.1:27017' });
  expect(await readLock(dataDir)).toEqual({ pid: process.pid, mongodbUri: 'mongodb://127.0.0.1:27017' });
  await lock.release();
  await lock.release();
  expect(await readLock(dataDir)).toBeUndefined();
});

test('a new data folder is accessible to its owner only', async () => {
  const folder = join(dataDir, 'new');
  const lock = await lockFolder(folder);
  await lock.update({ mongodbUri: 'mongodb://parley:password@127.0.0.1:1' });
  const modes = await Promise.all(
    [folder, join(folder, 'lock')].map(async (path) => (await stat(path)).mode & 0o777),
  );
  expect(modes).toEqual([0o700, 0o700]);
  await lock.release();
});

test('a folder can be locked and released repeatedly', async () => {
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
