import { openTestDatabase as openDatabase, type TestDatabase } from '@parley/db/testing';
import type {} from '@parley/embedded/testing';
import { inject } from 'vitest';

export type { TestDatabase };

/** Opens a new database. The server uses the address that `addressOf` returns; the test connects directly. */
export function openTestDatabase(addressOf?: (uri: string) => string): Promise<TestDatabase> {
  return openDatabase(inject('mongoUri'), 'server', addressOf);
}
