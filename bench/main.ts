import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeReport } from '../scripts/write-report.ts';
import { type Lab, openLab } from './lab/lab.ts';
import { measureAll } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { profileAll } from './profile/profile-all.ts';
import { renderReport } from './report.ts';

const say = (text: string) => process.stderr.write(`${text}\n`);

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());

try {
  const options = readOptions(process.argv.slice(2));
  await using lab = await openLab(options.mongodbUri, stopping.signal);
  process.stdout.write(`${await (options.isProfile ? profile(lab, options) : measure(lab, options))}\n`);
} catch (error) {
  say(stopping.signal.aborted ? 'Stopped.' : error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function measure(lab: Lab, options: Options): Promise<string> {
  const report = renderReport(await measureAll(lab, options, say), options, lab.mongo.version);
  if (options.isWrite) await writeReport('performance.md', 'measured', report);
  return report;
}

/** The profiles stay, so that you can open them in a browser's developer tools. */
async function profile(lab: Lab, options: Options): Promise<string> {
  return profileAll(lab, options, await mkdtemp(join(tmpdir(), 'parley-profile-')));
}
