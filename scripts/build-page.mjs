// Preloaded by `npm start` and `npm run dev`: what the server shows to people (its chat page, its documentation) is as new
// as its sources. turbo knows when nothing has changed, and then takes what was built before. Standard output belongs to
// the server's log, so all that is said here goes to standard error.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const turbo = at('node_modules/.bin/turbo');

const sites = [
  // biome-ignore lint/suspicious/noUndeclaredEnvVars: it is read before turbo runs, and by none of its tasks.
  ...(process.env['WEB_APP'] === 'off' ? [] : ['web']),
  'docs',
];
if (existsSync(turbo)) {
  const missing = sites.filter((name) => !existsSync(at(`apps/${name}/dist/index.html`)));
  if (missing.length > 0) console.error(`Building ${missing.map(nameOf).join(' and ')}, once …`);
  const filters = sites.map((name) => `--filter=@parley/${name}`);
  const args = ['run', 'build', ...filters, '--output-logs=errors-only', '--no-daemon', '--continue'];
  const { status, stdout, stderr } = spawnSync(turbo, args, {
    cwd: at('.'),
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', FORCE_COLOR: '0' },
  });
  // The server is worth starting without them: it says itself what there is not, and how to build it.
  if (status !== 0) console.error(`Not all pages could be built:\n${stdout ?? ''}${stderr ?? ''}`);
}

function nameOf(site) {
  return site === 'web' ? 'the chat page' : 'the documentation';
}
