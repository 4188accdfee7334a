import { startTestMongo } from '@parley/embedded/testing';
import type { CellResult } from './cell/cell-result.ts';
import { checkFinal } from './cell/check-final.ts';
import { ListWatch } from './cell/list-watch.ts';
import { runCell } from './cell/run-cell.ts';
import { CROWD, CROWD_PACE, runCrowd } from './crowd.ts';
import { type Lab, type LabOptions, openLab } from './lab/lab.ts';
import { openReplicaSet } from './lab/replica-set.ts';
import { USUAL_PACE } from './lab/slow-model.ts';
import { type Cell, matrix } from './matrix.ts';
import type { Options } from './options.ts';
import { Random } from './random.ts';
import { ROLLING_PACE, ROLLING_RESTART, runRollingRestart } from './rolling-restart.ts';
import { ACCESS_ENDS_WITHIN_MS, bounds, crowdedBounds, END_LEASES, visitorBounds } from './settings.ts';

/** How often the fault of a cell is injected. */
const STRIKES = 2;

const settings = { accessEndsWithinMs: ACCESS_ENDS_WITHIN_MS, endWithinMs: END_LEASES * bounds.leaseMs };

interface LoneCell extends Pick<LabOptions, 'bounds' | 'pace'> {
  readonly name: string;
  runIn(lab: Lab, random: Random): Promise<CellResult>;
}

const loneCells: readonly LoneCell[] = [
  { name: ROLLING_RESTART, bounds, pace: ROLLING_PACE, runIn: runRollingRestart },
  { name: CROWD, bounds: visitorBounds, pace: CROWD_PACE, runIn: runCrowd },
];

type Database = Pick<LabOptions, 'mongoUri' | 'replicaSet'>;

/** Runs the selected cells, one after the other, and reports each result. */
export async function runMatrix(
  options: Options,
  report: (result: CellResult) => void,
  signal: AbortSignal,
): Promise<CellResult[]> {
  const cells = matrix.filter(({ name }) => options.cells.includes(name));
  const { one = [], three = [] } = Object.groupBy(cells, ({ fault }) =>
    fault.database === 'one node' ? 'one' : 'three',
  );
  const results: CellResult[] = [];
  const failed = new AbortController();
  const over = AbortSignal.any([signal, failed.signal]);
  const run: Run = async (cell) => {
    const result = await orAborted(cell, over);
    results.push(result);
    report(result);
    return result;
  };
  const groups = [
    runOneNode(one, options, run),
    three.length > 0 ? runThreeNodes(three, options, run) : undefined,
  ];
  // If one of them fails, the other one ends too, after everything that both have started has ended.
  await Promise.all(groups).catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(groups);
  failed.signal.throwIfAborted();
  return results;
}

type Run = (cell: Promise<CellResult>) => Promise<CellResult>;

async function runCells(
  database: Database,
  cells: readonly Cell[],
  { seed, turns, logFolder, patienceMs }: Options,
  run: Run,
): Promise<void> {
  const random = new Random(seed);
  await using lab = await openLab({
    ...settings,
    ...database,
    bounds: crowdedBounds,
    pace: USUAL_PACE,
    random,
    logFolder,
    patienceMs,
  });
  await using watch = new ListWatch(lab, random.fork('list'));
  const results: CellResult[] = [];
  for (const cell of cells)
    results.push(await run(runCell(lab, cell, { turns, strikes: STRIKES }, random.fork(cell.name))));
  const changes = await checkFinal(lab, watch, results);
  if (changes.length > 0) throw new Error(`What had ended did not stay so: ${changes.join('; ')}`);
}

/** Runs a cell that needs a lab of its own. */
async function runAlone(
  { name, runIn, ...own }: LoneCell,
  database: Database,
  { seed, logFolder, patienceMs }: Options,
  run: Run,
): Promise<void> {
  const random = new Random(seed);
  await using lab = await openLab({
    ...settings,
    ...database,
    ...own,
    random,
    logFolder,
    patienceMs,
  });
  await run(runIn(lab, random.fork(name)));
}

/** An aborted run is abandoned: its servers and database are ended. */
function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}

async function runOneNode(cells: readonly Cell[], options: Options, run: Run): Promise<void> {
  const alone = loneCells.filter(({ name }) => options.cells.includes(name));
  if (cells.length === 0 && alone.length === 0) return;
  await using owned = new AsyncDisposableStack();
  const { uri: mongoUri, stop } = await startTestMongo(() => undefined);
  owned.defer(stop);
  if (cells.length > 0) await runCells({ mongoUri }, cells, options, run);
  for (const cell of alone) await runAlone(cell, { mongoUri }, options, run);
}

async function runThreeNodes(cells: readonly Cell[], options: Options, run: Run): Promise<void> {
  await using replicaSet = await openReplicaSet();
  await runCells({ mongoUri: replicaSet.uri, replicaSet }, cells, options, run);
}
