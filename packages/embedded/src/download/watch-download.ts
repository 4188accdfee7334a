import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Calls `onSize` twice a second with the size in bytes of the largest file in `folder`, at any depth, until the returned
 * function is called. This is the progress of a download by another program.
 */
export function watchDownload(folder: string, onSize: (bytes: number) => void): () => void {
  const timer = setInterval(() => void largestFile(folder).then(onSize), CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Formats a size for people. */
export function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}

const CHECK_EVERY_MS = 500;

async function largestFile(folder: string): Promise<number> {
  // The other program may remove files at any time; a removed file counts as empty.
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = entries.map((entry) =>
    stat(join(folder, entry)).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    ),
  );
  return Math.max(0, ...(await Promise.all(sizes)));
}
