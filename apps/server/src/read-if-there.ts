import { readFile } from 'node:fs/promises';

/**
 * Reads a file; undefined if there is none.
 *
 * @throws Error if the file exists and cannot be read
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
