import type {} from '@parley/embedded/testing';
import { isLongForm } from '@parley/embedded/testing/form';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CellResult } from './cell/cell-result.ts';
import { checkFinal } from './cell/check-final.ts';
import { ListWatch } from './cell/list-watch.ts';
import { runCell } from './cell/run-cell.ts';
import { type Lab, openLab } from './lab/lab.ts';
import { openReplicaSet } from './lab/replica-set.ts';
import { USUAL_PACE } from './lab/slow-model.ts';
import { matrix } from './matrix.ts';
import { Random } from './random.ts';
import { crowdedBounds } from './settings.ts';

/*
 * The short form of the crash matrix: each fault once. Faults of a server, of the connection to the database and of
 * the one to the model are tested for every change; the other cells are slow tests. All cells with more turns: `npm
 * run crash-test`.
 */

const chosen = isLongForm()
  ? [
      'kill-9@after-end',
      'sigterm@before-end',
      'sigstop-sigcont@before-accept',
      'sigstop-sigcont@in-stream',
      'database-delayed@after-accept',
      'database-half-open@before-end',
      'model-delayed@in-stream',
      'model-half-open@after-accept',
      'mongod-kill@after-accept',
      'step-down@before-end',
    ]
  : ['kill-9@in-stream', 'database-reset@before-accept', 'model-reset@in-stream'];

const SIZE = { turns: 12, strikes: 1 };
/** Only the whole run checks that ends come in time, because this machine may be busy. */
const END_WITHIN_MS = 60_000;

/** Shorter than in the whole run: a lease that a busy machine loses costs a takeover, but no promise. */
const LEASE_MS = 1_000;

const seed = Math.floor(Math.random() * 2 ** 31);
const common = {
  bounds: { ...crowdedBounds, leaseMs: LEASE_MS },
  endWithinMs: END_WITHIN_MS,
  accessEndsWithinMs: END_WITHIN_MS,
  pace: USUAL_PACE,
  random: new Random(seed),
};

const cells = matrix.filter(({ name }) => chosen.includes(name));
const databases = [...new Set(cells.map(({ fault }) => fault.database))];

describe.each(databases)('two servers on a database of %s', (database) => {
  const owned = new AsyncDisposableStack();
  const results: CellResult[] = [];
  let lab: Lab;
  let watch: ListWatch;

  beforeAll(async () => {
    const replicaSet = database === 'three nodes' ? owned.use(await openReplicaSet()) : undefined;
    const mongoUri = replicaSet?.uri ?? inject('mongoUri');
    lab = owned.use(await openLab({ ...common, mongoUri, ...(replicaSet && { replicaSet }) }));
    watch = owned.use(new ListWatch(lab, new Random(seed).fork('list')));
  });
  afterAll(() => owned.disposeAsync());

  test.each(cells.filter(({ fault }) => fault.database === database))(
    'two servers keep every promise: $name',
    async (cell) => {
      const result = await runCell(lab, cell, SIZE, new Random(seed).fork(cell.name));
      results.push(result);
      expect(result.offences, `seed ${seed}`).toEqual([]);
    },
  );

  test('two servers keep all acknowledged writes and ends, reject withdrawn access, and list all uses of chats', async () => {
    expect(await checkFinal(lab, watch, results), `seed ${seed}`).toEqual([]);
  });
});
