import { test } from 'vitest';
import { runCase, storeSuite } from '../src/testing/index.ts';
import { startDatabase } from './start-database.ts';

/* The guarantees of the stores of turns, on the real database. The simulated store has the same guarantees. */

const db = await startDatabase('store_suite');

test.each(storeSuite)('$name', (storeCase) => runCase(storeCase, db.stores));
