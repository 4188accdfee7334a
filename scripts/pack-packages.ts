import { fileURLToPath } from 'node:url';
import { stagePackages } from './packages/stage-packages.ts';

// What `npm publish` would send, for whoever wants to look at it or install it: `npm run pack`.
for (const { name, version, tarball } of await stagePackages(
  fileURLToPath(new URL('../dist/packages', import.meta.url)),
)) {
  console.log(`${name} ${version} ${tarball}`);
}
