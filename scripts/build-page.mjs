// Preloaded by `npm start` and `npm run dev`: what the server shows to people is as new as its sources. turbo
// knows when nothing has changed, and then takes what was built before. Standard output belongs to the server's
// log, so all that is said here goes to standard error.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const turbo = fileURLToPath(new URL('../node_modules/.bin/turbo', import.meta.url));
const page = fileURLToPath(new URL('../apps/web/dist/index.html', import.meta.url));

// biome-ignore lint/suspicious/noUndeclaredEnvVars: it is read before turbo runs, and by none of its tasks.
if (process.env['WEB_APP'] !== 'off' && existsSync(turbo)) {
  if (!existsSync(page)) console.error('Building the chat page, once …');
  const args = ['run', 'build', '--filter=@parley/web', '--output-logs=errors-only', '--no-daemon'];
  const { status, stdout, stderr } = spawnSync(turbo, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1', FORCE_COLOR: '0' },
  });
  // The server is worth starting without its page: it says itself that there is none, and how to build it.
  if (status !== 0) console.error(`The chat page could not be built:\n${stdout ?? ''}${stderr ?? ''}`);
}
