import { writeReport } from '../../../../scripts/write-report.ts';
import type { CellResult } from './cell/cell-result.ts';
import { readOptions } from './options.ts';
import { renderReport } from './report.ts';
import { runMatrix } from './run-matrix.ts';

const say = (text: string) => process.stderr.write(`${text}\n`);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());

try {
  const options = readOptions(process.argv.slice(2));
  const startedAt = performance.now();
  const results = await runMatrix(options, sayResult, stopping.signal);
  const seconds = (performance.now() - startedAt) / 1_000;
  const report = renderReport(results, { seed: options.seed, seconds });
  const broken = results.filter(({ offences }) => offences.length > 0);
  process.stdout.write(`${report}\n`);
  for (const { name } of broken)
    say(`A promise was broken. Again: npm run crash-test -- --seed ${options.seed} --cell ${name}`);
  if (options.isWrite && broken.length === 0) await writeReport('durability.md', 'measured', report);
  process.exit(broken.length === 0 ? 0 : 1);
} catch (error) {
  say(stopping.signal.aborted ? 'Stopped.' : error instanceof Error ? String(error.stack) : String(error));
  process.exit(1);
}

function sayResult({ name, turns, strikes, takeovers, endMsMax, offences }: CellResult): void {
  const counts = `${turns.length} turns, ${strikes} strikes, ${takeovers} takeovers, slowest end ${endMsMax} ms`;
  say(`${offences.length === 0 ? 'kept  ' : 'BROKEN'} ${name}: ${counts}`);
  for (const offence of offences) say(`       ${offence}`);
}
