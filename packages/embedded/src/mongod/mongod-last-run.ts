import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkMongod, type MongodProgram } from './check-mongod.ts';
import type { MongodBinary } from './find-mongod.ts';

/** The `mongod` that last served a data folder, and its port. */
export interface LastRun extends MongodProgram {
  version: string;
  port: number;
}

/** Returns `undefined` on the first run, and when the file cannot be read: no start depends on it. */
export async function readLastRun(dataDir: string): Promise<LastRun | undefined> {
  try {
    const { binary, libraryPath, version, port } = JSON.parse(await readFile(fileIn(dataDir), 'utf8'));
    const program = { binary: String(binary), ...(libraryPath && { libraryPath: String(libraryPath) }) };
    return { ...program, version: String(version), port: validPort(port) };
  } catch {
    return undefined;
  }
}

/** Stores the last run, replacing the file as a whole. */
export async function writeLastRun(dataDir: string, lastRun: LastRun): Promise<void> {
  const file = fileIn(dataDir);
  await writeFile(`${file}.new`, `${JSON.stringify(lastRun)}\n`);
  await rename(`${file}.new`, file);
}

/**
 * Chooses the program that serves a folder. MongoDB opens data of its own series (such as 6.0) and of few others. So if
 * `found` is of another series than the data, the program of the last run is used as long as it works. An older series never
 * opens the data of a newer one.
 *
 * @throws Error when only an older series than the data's is available.
 */
export async function keepReleaseSeries(
  found: MongodBinary,
  lastRun: LastRun | undefined,
  onProgress: (line: string) => void,
): Promise<MongodProgram & { version: string }> {
  if (!lastRun || seriesOf(lastRun.version) === seriesOf(found.version)) return found;
  const { port: _, version: lastVersion, ...program } = lastRun;
  const version = await checkMongod(program).catch(() => undefined);
  if (version === undefined || seriesOf(version) !== seriesOf(lastVersion)) {
    if (isOlder(found.version, lastVersion)) throw new Error(tooOld(found, lastVersion));
    return found;
  }
  onProgress(
    `Using MongoDB ${version} (${program.binary}), which the data was made with, not ${found.version}.`,
  );
  return { ...program, version };
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function tooOld({ binary, version }: MongodBinary, lastVersion: string): string {
  return (
    `The data was last served by MongoDB ${lastVersion}, which was removed, and ${binary} is the older ${version}: it ` +
    `would damage the data. Install MongoDB ${seriesOf(lastVersion)} so that \`mongod\` is on the PATH, or name it ` +
    'with MONGOMS_SYSTEM_BINARY.'
  );
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'mongod.json');
}

function seriesOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function validPort(port: unknown): number {
  if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error('not a port');
}
