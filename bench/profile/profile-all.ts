import { writeFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import type { Comparison, Side } from '../comparisons/comparison.ts';
import { comparisons } from '../comparisons/comparisons.ts';
import type { Lab } from '../lab/lab.ts';
import { countFor, warmUp } from '../measure.ts';
import { prepareRound, runPrepared } from '../measure-round.ts';
import type { Options } from '../options.ts';
import { summarise } from './summarise.ts';

/** Shows where the CPU of both sides goes, for each comparison. Profiling itself costs: compare shares only. */
export async function profileAll(lab: Lab, options: Options, folder: string): Promise<string> {
  const parts: string[] = [];
  for (const name of options.comparisons) {
    const comparison = comparisons[name];
    const concurrency = (options.concurrencies ?? comparison.concurrencies).at(-1) ?? 1;
    const sides = await comparison.sides(lab, options);
    await warmUp(lab, comparison, sides);
    for (const side of sides) {
      const { seconds } = options;
      parts.push(await profileOne(lab, comparison, side, { name, concurrency, seconds, folder }));
    }
  }
  return parts.join('\n\n');
}

interface Stretch {
  readonly name: string;
  readonly concurrency: number;
  readonly seconds: number;
  readonly folder: string;
}

async function profileOne(lab: Lab, comparison: Comparison, side: Side, stretch: Stretch): Promise<string> {
  const { name, concurrency, folder } = stretch;
  const { subject } = side;
  const count = await countFor(lab, comparison, side, stretch);
  await prepareRound(lab, subject, await side.loadOf({ concurrency, count }));
  await using _beside = await side.startBeside?.();
  await subject.child.ask('start-profile');
  const sample = await runPrepared(lab, subject);
  const profile = await subject.child.ask<Profiler.Profile>('stop-profile');
  const path = join(folder, `${name}-${side.name}.cpuprofile`);
  await writeFile(path, JSON.stringify(profile));
  const title = `## ${name}, ${side.name}, ${concurrency} at once: ${sample.cpuMs.toFixed(3)} ms`;
  return `${title}\n\n${path}\n\n${summarise(profile, sample.cpuMs)}`;
}
