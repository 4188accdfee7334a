import { createRequire } from 'node:module';

/**
 * Returns whether this package can be used. npm links a workspace in every install, but `--omit=optional` leaves out the
 * packages that this one depends on. Of these, only the driver is imported as well, and another package may bring one.
 */
export function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('mongodb-memory-server-core');
    return true;
  } catch {
    return false;
  }
}
