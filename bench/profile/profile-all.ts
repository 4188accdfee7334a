import { writeFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import type { Lab, Subject } from '../lab/lab.ts';
import type { OperationName } from '../load/operation-name.ts';
import { prepareRound, runPrepared, runRound } from '../measure.ts';
import type { Options } from '../options.ts';
import { summarise } from './summarise.ts';

const WARM_UP_OPERATIONS = 3_000;

/** Shows where the CPU of both sides goes, for each operation. Profiling itself costs: compare shares only. */
export async function profileAll(lab: Lab, options: Options, folder: string): Promise<string> {
  const concurrency = options.concurrencies.at(-1) ?? 64;
  const parts: string[] = [];
  for (const operation of options.operations) {
    for (const subject of [lab.floor, lab.server]) {
      parts.push(
        await profileOne(lab, subject, { operation, concurrency, seconds: options.seconds, folder }),
      );
    }
  }
  return parts.join('\n\n');
}

interface Stretch {
  readonly operation: OperationName;
  readonly concurrency: number;
  readonly seconds: number;
  readonly folder: string;
}

async function profileOne(lab: Lab, subject: Subject, stretch: Stretch): Promise<string> {
  const { operation, concurrency, seconds, folder } = stretch;
  const load = { operation, concurrency, count: WARM_UP_OPERATIONS };
  const { throughput } = await runRound(lab, subject, load);
  const count = Math.round(throughput * seconds);
  await prepareRound(lab, subject, { ...load, count });
  await subject.child.ask('start-profile');
  const sample = await runPrepared(lab, subject);
  const profile = await subject.child.ask<Profiler.Profile>('stop-profile');
  const path = join(folder, `${operation}-${subject.name}.cpuprofile`);
  await writeFile(path, JSON.stringify(profile));
  const title = `## ${operation}, ${subject.name}, ${concurrency} at once: ${sample.cpuMs.toFixed(3)} ms`;
  return `${title}\n\n${path}\n\n${summarise(profile, sample.cpuMs)}`;
}
