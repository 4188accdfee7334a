import { access, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { megabytes, watchDownload } from '../download/watch-download.ts';
import { runCommand, WITHOUT_PROXIES } from '../run-command.ts';

/** How to download a `mongod`. */
export interface DownloadMongodOptions {
  /** The folder of downloaded binaries. Created if it does not exist. */
  into: string;
  onProgress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** For tests: a server on `http://127.0.0.1:…` that replaces MongoDB's own. */
  mirror?: string | undefined;
  /** The time limit for the first byte, in milliseconds. Default: eight seconds; a firewall may drop all packets. */
  firstByteMs?: number;
  /** The time limit between bytes, in milliseconds. Default: twenty seconds. */
  stallMs?: number;
}

/**
 * Downloads MongoDB's own build for this system with mongodb-memory-server, and returns the path of the file. It gives up
 * after ten minutes, and earlier when no data arrives.
 *
 * The library runs in its own process, because a download cannot be stopped in any other way, and because the library is
 * configured only by environment variables: it checks certificates only if npm's setting says so.
 *
 * @throws Error that says why the download failed, or the signal's reason when aborted.
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

/** Returns the complete binaries in `into`. The checksum file beside a binary is written last. */
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
/** Smaller files are the library's lock files. */
const ARCHIVE_BYTES_MIN = 4_096;
const FIRST_BYTE_MS = 8_000;
const STALL_MS = 20_000;
const REPORT_EVERY_BYTES = 20_000_000;
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
  let reported = 0;
  let grewAt = performance.now();
  return watchDownload(into, (bytes) => {
    if (bytes > largest) {
      largest = bytes;
      grewAt = performance.now();
    }
    const patienceMs = largest < ARCHIVE_BYTES_MIN ? firstByteMs : stallMs;
    if (performance.now() - grewAt > patienceMs) onStall(patienceMs);
    if (bytes - reported < REPORT_EVERY_BYTES) return;
    reported = bytes;
    onProgress(`Downloading MongoDB: ${megabytes(bytes)} so far`);
  });
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
