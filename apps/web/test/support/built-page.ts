import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** Builds the page from its current sources, or reuses a build of the same sources. */
export function buildPage(): string {
  build(['web']);
  return join(root, 'apps/web/dist');
}

function build(apps: readonly string[]): void {
  const filters = apps.map((name) => `--filter=@parley/${name}`);
  const args = ['run', 'build', ...filters, '--output-logs=errors-only', '--no-daemon'];
  const { status, stdout, stderr } = spawnSync('node_modules/.bin/turbo', args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  });
  if (status !== 0) throw new Error(`The pages could not be built:\n${stdout}${stderr}`);
}

/** Copies the built pages, so that a later build does not change them. */
export async function copyPages(): Promise<{ web: string; docs: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-pages-'));
  build(['web', 'docs']);
  const [web, docs] = ['web', 'docs'].map((name) => join(folder, name)) as [string, string];
  await cp(join(root, 'apps/web/dist'), web, { recursive: true });
  await cp(join(root, 'apps/docs/dist'), docs, { recursive: true });
  return { web, docs, remove: () => rm(folder, { recursive: true, force: true }) };
}
