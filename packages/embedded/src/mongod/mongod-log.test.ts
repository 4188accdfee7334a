import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errorTextIn, openMongodLog } from './mongod-log.ts';

const line = (severity: string, msg: string, attr: object = {}, id = 1) =>
  JSON.stringify({ t: { $date: '2026-01-01T00:00:00Z' }, s: severity, c: 'X', id, ctx: 'main', msg, attr });

describe('the reported errors', () => {
  test('the reported errors contain errors and no other lines', () => {
    const error = { code: 9001, codeName: 'SocketException', errmsg: 'Address already in use' };
    const text = [line('I', 'Starting'), line('E', 'Error setting up listener', { error }), line('I', 'Bye')];
    expect(errorTextIn(text.join('\n'))).toBe('Error setting up listener: Address already in use');
  });

  test('the reported errors quote the storage engine', () => {
    const message = { msg: 'WiredTiger.turtle: read error', error_str: 'WT_PANIC', thread: '1' };
    expect(errorTextIn(line('E', 'WiredTiger error message', { error: -31809, message }))).toBe(
      'WiredTiger.turtle: read error: WT_PANIC',
    );
  });

  test('the reported errors are the first two without duplicates and without the announcement of the end', () => {
    const text = [
      line('E', 'first', { error: 'reason' }),
      line('E', 'first', { error: 'reason' }),
      line('F', 'Fatal assertion', {}, 23089),
      line('F', 'second', { message: 'advice' }),
      line('F', 'third'),
    ];
    expect(errorTextIn(text.join('\n'))).toBe('first: reason; second: advice');
  });

  test('the reported errors are the plain output of a program that failed before it could log', () => {
    expect(errorTextIn("Error parsing command line: unrecognised option '--x'\n")).toBe(
      "Error parsing command line: unrecognised option '--x'",
    );
    expect(errorTextIn(line('I', 'all is well'))).toBe('');
  });
});

describe('the log file', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-log-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  test('the log file is readable by its owner only, and errors of earlier runs are not reported', async () => {
    const path = join(dataDir, 'mongod.log');
    const before = await openMongodLog(dataDir);
    await before.file.write(`${line('E', 'of the last run')}\n`);
    await before.close();
    const log = await openMongodLog(dataDir);
    expect(await log.errorText()).toBe('');
    await log.file.write(`${line('E', 'of this run')}\n`);
    expect(await log.errorText()).toBe('of this run');
    await log.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3);
  });

  test('the log file is rotated when it is full, and one old file is kept', async () => {
    const path = join(dataDir, 'mongod.log');
    for (const fill of ['a', 'b']) {
      await writeFile(path, fill.repeat(9 * 1024 * 1024));
      const log = await openMongodLog(dataDir);
      await log.close();
      expect((await stat(path)).size).toBe(0);
      expect((await readFile(`${path}.1`, 'utf8')).startsWith(fill)).toBe(true);
    }
  });

  test('the log file is rotated while a database writes to it', async () => {
    const path = join(dataDir, 'mongod.log');
    const log = await openMongodLog(dataDir, { checkEveryMs: 5 });
    await log.file.write('a'.repeat(9 * 1024 * 1024));
    await expect.poll(async () => (await stat(path)).size).toBe(0);
    await log.file.write(`${line('E', 'goes on')}\n`);
    expect(await log.errorText()).toBe('goes on');
    expect((await stat(path)).size).toBeLessThan(1_000);
    await log.close();
  });
});
