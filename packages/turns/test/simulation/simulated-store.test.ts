import {
  type EngineStores,
  openTestDatabase,
  playRandomCalls,
  runCase,
  storeSuite,
} from '@parley/db/testing';
import type {} from '@parley/embedded/testing';
import { casesOfForm } from '@parley/embedded/testing/form';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { openDirectStores } from './direct-stores.ts';
import { Random } from './random.ts';

/* The simulated store must pass the suite of the real store and return the same results for random calls. */

const CALLS = 400;

const db = await openTestDatabase(inject('mongoUri'), 'simulated_store');
const stores = openDirectStores();
afterAll(() => db.drop());

describe('the simulated store', () => {
  test.each(storeSuite)('the simulated store passes the store suite: $name', (storeCase) =>
    runCase(storeCase, stores),
  );
});

test.each(casesOfForm([1, 2, 3, 4, 5], 5))(
  'the real and the simulated store return the same for calls drawn from seed %i',
  async (seed) => {
    const play = (on: EngineStores) => {
      const random = new Random(seed);
      return playRandomCalls(on, () => random.next(), CALLS);
    };
    expect(await play(stores)).toEqual(await play(db.stores));
  },
);
