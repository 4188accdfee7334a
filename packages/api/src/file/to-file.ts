import type { File } from '@parley/contract';
import type { FileRecord } from '@parley/db';

/** Converts a stored file to its form in answers. */
export function toFile({ id, filename, mediaType, bytes, createdAt }: FileRecord): File {
  return { id, filename, mediaType, bytes, createdAt: createdAt.toISOString() };
}
