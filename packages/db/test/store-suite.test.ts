import { afterAll, beforeAll, test } from 'vitest';
import { openTestDatabase, runCase, storeSuite, type TestDatabase } from '../src/testing/index.ts';
import { mongoUri } from './mongo-uri.ts';

/* What the stores of turns promise, on the real database; a simulation's store keeps the same promises. */

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase(mongoUri(), 'store_suite');
});
afterAll(() => db.drop());

test.each(storeSuite)('$name', (storeCase) => runCase(storeCase, db.stores));
