import { readFileSync } from 'node:fs';

/** The release this package belongs to, from its manifest beside the sources or the build. */
export const version: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;
