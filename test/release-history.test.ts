import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { assertInHistory } from '../integrations/upgrade/old-release.ts';

async function git(folder: string, ...args: string[]): Promise<string> {
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
  return (await promisify(execFile)('git', [...author, ...args], { cwd: folder })).stdout.trim();
}

test('a release whose commit a clone without history does not hold is rejected with the command that fetches it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-history-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [origin, clone] = [join(folder, 'origin'), join(folder, 'clone')];
  await git(folder, 'init', '--quiet', origin);
  await git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'a release');
  const release = { version: '0.1.0', commit: await git(origin, 'rev-parse', 'HEAD') };
  await git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'a later commit');
  await git(folder, 'clone', '--quiet', '--depth', '1', pathToFileURL(origin).href, clone);
  await expect(assertInHistory(release, clone)).rejects.toThrow(
    `The commit of release 0.1.0 (${release.commit}) is not in this clone's history. ` +
      'The mixed-version test needs the whole history: run `git fetch --unshallow`.',
  );
  await git(clone, 'fetch', '--quiet', '--unshallow');
  await assertInHistory(release, clone);
});
