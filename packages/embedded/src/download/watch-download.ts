import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Tells the size in bytes of the largest file in `folder` (at any depth) twice a second, until the answered
 * function is called: how far a download is that another program writes there.
 */
export function watchDownload(folder: string, look: (bytes: number) => void): () => void {
  const timer = setInterval(() => void largestFile(folder).then(look), LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** A size as people read it. */
export function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}

const LOOK_EVERY_MS = 500;

async function largestFile(folder: string): Promise<number> {
  // Files come and go while the other program works; what cannot be read any more counts nothing.
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = entries.map((entry) =>
    stat(join(folder, entry)).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    ),
  );
  return Math.max(0, ...(await Promise.all(sizes)));
}
