import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';
import { type ChunkResult, simulateMany } from './simulate-many.ts';

/*
 * Runs the simulation: many schedules (`--schedules 100000 --from 1 --workers 2`), or single seeds with their traces
 * (`--seed 17 --trace`). `--first` stops at the first broken promise.
 */

const SCHEDULES = 100_000;
const PROGRESS_EVERY = 10_000;
/** The number of seeds with a broken promise after which the run ends. */
const SHOWN_MAX = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', multiple: true, default: [] },
    trace: { type: 'boolean', default: false },
    from: { type: 'string', default: '1' },
    schedules: { type: 'string' },
    workers: { type: 'string' },
    first: { type: 'boolean', default: false },
  },
});

process.exitCode = await run();

async function run(): Promise<number> {
  let code = 0;
  for (const seed of values.seed) {
    code = Math.max(code, await runOne(Number(seed)));
    if (code > 0 && values.first) return code;
  }
  const runsMany = values.schedules !== undefined || values.seed.length === 0;
  return runsMany ? Math.max(code, await runMany(Number(values.schedules ?? SCHEDULES))) : code;
}

async function runOne(seed: number): Promise<number> {
  const report = await simulate(seed, values.trace);
  for (const line of report.trace) say(line);
  for (const offence of report.offences) say(`seed ${seed}: ${offence}`);
  say(`seed ${seed}: ${report.turns} turns, ${report.offences.length} broken promises`);
  return report.offences.length === 0 ? 0 : 1;
}

async function runMany(count: number): Promise<number> {
  const startedAt = performance.now();
  let shown = 0;
  const report = (sum: ChunkResult) => {
    for (const { seed, offences } of sum.broken.slice(shown, SHOWN_MAX)) {
      for (const offence of offences.slice(0, 2)) say(`seed ${seed}: ${offence}`);
    }
    shown = sum.broken.length;
    if (sum.run % PROGRESS_EVERY === 0) say(`${sum.run} schedules, ${sum.broken.length} broke a promise`);
  };
  const sum = await simulateMany(
    {
      from: Number(values.from),
      count,
      stopsAtFirst: values.first,
      workers: values.workers === undefined ? undefined : Number(values.workers),
    },
    report,
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  say(
    `${sum.run} schedules in ${seconds.toFixed(0)} s: ${sum.turns} turns (${sum.rerun} run again), ${sum.calls} calls of the model, ` +
      `${sum.events} events; settled within ${sum.settledLeases.toFixed(1)} leases; ` +
      `${sum.broken.length} broke a promise`,
  );
  const [first] = sum.broken;
  if (first) say(`look at the first: npm run simulate -- --seed ${first.seed} --trace`);
  return first ? 1 : 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
