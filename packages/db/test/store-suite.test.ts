import { afterAll, beforeAll, test } from 'vitest';
import { openTestDatabase, runCase, storeSuite, type TestDatabase } from '../src/testing/index.ts';
import { mongoUri } from './mongo-uri.ts';

/* The guarantees of the stores of turns, on the real database. The simulated store has the same guarantees. */

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase(mongoUri(), 'store_suite');
});
afterAll(() => db.drop());

test.each(storeSuite)('$name', (storeCase) => runCase(storeCase, db.stores));
