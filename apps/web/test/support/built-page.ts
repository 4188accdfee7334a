import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** Builds the page as its sources are now; what was built from the same ones before is taken as it is. */
export function buildPage(): string {
  const args = ['run', 'build', '--filter=@parley/web', '--output-logs=errors-only', '--no-daemon'];
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/turbo', args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  });
  if (status !== 0) throw new Error(`The page could not be built:\n${stdout}${stderr}`);
  return join(root, 'apps/web/dist');
}

/** A copy of the built page, so that a build that comes meanwhile does not change what is looked at. */
export async function copyPage(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-page-'));
  await cp(buildPage(), folder, { recursive: true });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
