import { access, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { megabytes, watchDownload } from '../download/watch-download.ts';
import { runCommand, WITHOUT_PROXIES } from '../run-command.ts';

export interface DownloadMongodOptions {
  /** Where downloaded binaries live; made when missing. */
  into: string;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** For tests: a server on `http://127.0.0.1:…`, asked instead of MongoDB's own. */
  mirror?: string | undefined;
  /** How long the first byte may take, in milliseconds. Default: eight seconds; a firewall may answer nothing at all. */
  firstByteMs?: number;
  /** How long nothing more may arrive, in milliseconds. Default: twenty seconds. */
  stallMs?: number;
}

/**
 * Lets mongodb-memory-server download MongoDB's own build for this system, and answers the file. It gives up
 * when nothing arrives for a while, soon where nothing arrives at all, and after ten minutes in any case.
 *
 * The library runs in a process of its own, because a download it has begun cannot be stopped otherwise, and
 * because it is told what it must know by its environment alone: it checks certificates only if npm says so.
 *
 * @throws Error that says why there is none, and the signal's reason when aborted.
 */
export async function downloadMongod(options: DownloadMongodOptions): Promise<string> {
  const { into, onProgress, signal, firstByteMs = FIRST_BYTE_MS, stallMs = STALL_MS } = options;
  await mkdir(into, { recursive: true });
  onProgress("Downloading MongoDB from MongoDB's own server …");
  const stalled = new AbortController();
  const stopWatching = watchProgress({ ...options, firstByteMs, stallMs }, (afterMs) =>
    stalled.abort(afterMs),
  );
  const anySignal = AbortSignal.any(signal ? [signal, stalled.signal] : [stalled.signal]);
  try {
    const { exitCode, output, timedOut } = await runCommand('env', command(options), {
      timeoutMs: TIMEOUT_MS,
      signal: anySignal,
    });
    const binary = /^mongod: (.+)$/m.exec(output)?.[1];
    if (exitCode === 0 && binary !== undefined) return binary;
    throw new Error(timedOut ? 'it took longer than ten minutes' : lastLine(output));
  } catch (error) {
    signal?.throwIfAborted();
    if (stalled.signal.aborted)
      throw new Error(`nothing arrived for ${stalled.signal.reason / 1000} seconds`);
    throw error;
  } finally {
    stopWatching();
  }
}

/** The complete binaries in `into`: a checksum file beside a binary is the last thing that is written. */
export async function downloadedMongods(into: string): Promise<string[]> {
  const names = await readdir(into).catch(() => []);
  const binaries: string[] = [];
  for (const name of names.filter((candidate) => /^mongod-[^/]*\d$/.test(candidate))) {
    await access(join(into, `${name}.md5`)).then(
      () => binaries.push(join(into, name)),
      () => undefined,
    );
  }
  return binaries;
}

const TIMEOUT_MS = 600_000;
/** What is smaller is the library's own lock file. */
const ARCHIVE_BYTES_MIN = 4_096;
const FIRST_BYTE_MS = 8_000;
const STALL_MS = 20_000;
const TELL_EVERY_BYTES = 20_000_000;
const SCRIPT = fileURLToPath(new URL('./download-mongod-process.ts', import.meta.url));

function command({ into, mirror }: DownloadMongodOptions): string[] {
  const towardsMirror = [`MONGOMS_DOWNLOAD_MIRROR=${mirror}`, 'MONGOMS_USE_HTTP=true'];
  return [
    ...['-u', 'MONGOMS_SYSTEM_BINARY', ...(mirror === undefined ? [] : WITHOUT_PROXIES)],
    ...['npm_config_strict_ssl=true', 'MONGOMS_MD5_CHECK=true', 'MONGOMS_MAX_RETRIES=2'],
    ...(mirror === undefined ? [] : towardsMirror),
    ...[`MONGOMS_DOWNLOAD_DIR=${into}`, process.execPath, SCRIPT],
  ];
}

function watchProgress(
  {
    into,
    onProgress,
    firstByteMs,
    stallMs,
  }: DownloadMongodOptions & { firstByteMs: number; stallMs: number },
  onStall: (afterMs: number) => void,
): () => void {
  let largest = 0;
  let told = 0;
  let grewAt = performance.now();
  return watchDownload(into, (bytes) => {
    if (bytes > largest) {
      largest = bytes;
      grewAt = performance.now();
    }
    const patienceMs = largest < ARCHIVE_BYTES_MIN ? firstByteMs : stallMs;
    if (performance.now() - grewAt > patienceMs) onStall(patienceMs);
    if (bytes - told < TELL_EVERY_BYTES) return;
    told = bytes;
    onProgress(`Downloading MongoDB: ${megabytes(bytes)} so far`);
  });
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
