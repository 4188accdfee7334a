import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryFolder } from './server-process.ts';

const root = resolve(import.meta.dirname, '../../../..');

/** The files that the server needs besides its packages. */
const SERVER_FILES = ['package.json', 'scripts', 'apps/server/package.json', 'apps/server/src'];

/**
 * Copies what `npm start` needs of this repository into a temporary folder. The installed packages are links, without
 * those in `without`; these can be packages of this repository too. No pages are built, because turbo is left out.
 */
export async function copyRepository({ without }: { without: readonly string[] }): Promise<string> {
  const copy = await temporaryFolder();
  const names = await readdir(join(root, 'packages'));
  const present = names.filter((name) => !without.includes(`@parley/${name}`));
  const packageFiles = present.flatMap((name) => [`packages/${name}/package.json`, `packages/${name}/src`]);
  for (const path of [...SERVER_FILES, ...packageFiles]) {
    await cp(join(root, path), join(copy, path), { recursive: true });
  }
  await linkInstalled(join(copy, 'node_modules'), without);
  await mkdir(join(copy, 'node_modules/@parley'));
  for (const name of present) {
    await symlink(join(copy, 'packages', name), join(copy, 'node_modules/@parley', name));
  }
  return copy;
}

async function linkInstalled(folder: string, without: readonly string[]): Promise<void> {
  const installed = join(root, 'node_modules');
  await mkdir(join(folder, '.bin'), { recursive: true });
  await symlink(process.execPath, join(folder, '.bin/node'));
  for (const name of await readdir(installed)) {
    if (name.startsWith('.') || name === '@parley' || without.includes(name)) continue;
    await symlink(join(installed, name), join(folder, name));
  }
}
