import { parentPort } from 'node:worker_threads';
import { type Report, simulate } from './simulate.ts';
import type { Chunk, ChunkResult } from './simulate-many.ts';

// Rejections are frequent, so only a run with a trace records their origin.
Error.stackTraceLimit = 0;

parentPort?.on('message', (chunk: Chunk) => {
  void run(chunk).then((result) => parentPort?.postMessage(result));
});

async function run({ from, to, stopsAtFirst }: Chunk): Promise<ChunkResult> {
  const sum = { run: 0, events: 0, turns: 0, rerun: 0, calls: 0, settledLeases: 0 };
  const broken: Report[] = [];
  for (let seed = from; seed < to; seed++) {
    const report = await simulate(seed);
    sum.run++;
    sum.events += report.events;
    sum.turns += report.turns;
    sum.rerun += report.rerun;
    sum.calls += report.calls;
    sum.settledLeases = Math.max(sum.settledLeases, report.settledLeases);
    if (report.offences.length > 0) broken.push(report);
    if (stopsAtFirst && broken.length > 0) break;
  }
  return { ...sum, broken };
}
