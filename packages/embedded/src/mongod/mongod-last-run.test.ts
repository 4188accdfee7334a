import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MongodBinary } from './find-mongod.ts';
import { keepReleaseSeries, readLastRun, writeLastRun } from './mongod-last-run.ts';

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-last-'));
  lines = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const found: MongodBinary = { binary: '/usr/bin/mongod', version: '8.0.4', source: 'path' };
const onProgress = (line: string) => void lines.push(line);

test('a stored run is read back, and an unreadable file counts as none', async () => {
  expect(await readLastRun(folder)).toBeUndefined();
  const lastRun = { binary: '/opt/mongod', version: '6.0.5', port: 27_017 };
  await writeLastRun(folder, lastRun);
  expect(await readLastRun(folder)).toEqual(lastRun);
  for (const broken of ['', '{"port":', '{"binary":"x","version":"6.0.5","port":"27017"}']) {
    await writeFile(join(folder, 'mongod.json'), broken);
    expect(await readLastRun(folder)).toBeUndefined();
  }
});

test('data keeps its program as long as the program works', async () => {
  const binary = await fakeMongod('6.0.5');
  const lastRun = { binary, version: '6.0.5', port: 1 };
  expect(await keepReleaseSeries(found, lastRun, onProgress)).toEqual({ binary, version: '6.0.5' });
  expect(lines).toEqual([`Using MongoDB 6.0.5 (${binary}), which the data was made with, not 8.0.4.`]);
});

test('the found program is used when it is of the same series or the earlier program was removed', async () => {
  const binary = await fakeMongod('8.0.1');
  expect(await keepReleaseSeries(found, undefined, onProgress)).toBe(found);
  expect(await keepReleaseSeries(found, { binary, version: '8.0.1', port: 1 }, onProgress)).toBe(found);
  const removed = { binary: join(folder, 'removed'), version: '6.0.5', port: 1 };
  expect(await keepReleaseSeries(found, removed, onProgress)).toBe(found);
  // The program at that path was replaced by a newer one.
  expect(await keepReleaseSeries(found, { binary, version: '6.0.5', port: 1 }, onProgress)).toBe(found);
  expect(lines).toEqual([]);
});

test('an older series does not open the data of a newer one', async () => {
  const older: MongodBinary = { binary: '/usr/bin/mongod', version: '6.0.5', source: 'wheel' };
  const removed = { binary: join(folder, 'removed'), version: '8.2.6', port: 1 };
  await expect(keepReleaseSeries(older, removed, onProgress)).rejects.toThrow(
    /^The data was last served by MongoDB 8\.2\.6, which was removed, and .* is the older 6\.0\.5: .*Install MongoDB 8\.2/,
  );
  await expect(keepReleaseSeries({ ...older, version: '8.0.4' }, removed, onProgress)).rejects.toThrow(
    'older 8.0.4',
  );
  // The former program is back at its old path.
  const binary = await fakeMongod('8.2.7');
  expect(await keepReleaseSeries(older, { ...removed, binary }, onProgress)).toEqual({
    binary,
    version: '8.2.7',
  });
});

async function fakeMongod(version: string): Promise<string> {
  const path = join(folder, `mongod-${version}`);
  await writeFile(path, `#!/bin/sh\necho "db version v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}
