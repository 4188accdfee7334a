import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stagePackages } from './packages/stage-packages.ts';

// Builds the archives that `npm publish` would send, to inspect or install them: `npm run pack`.
const folder = fileURLToPath(new URL('../dist/packages', import.meta.url));
for (const { name, version, tarball } of await stagePackages(folder)) {
  const archive = join(folder, basename(tarball));
  await rename(tarball, archive);
  console.log(`${name} ${version} ${archive}`);
}
