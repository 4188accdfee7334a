import { readFileSync } from 'node:fs';

/** This package's own, from its manifest: beside the sources, and beside what is built of them. */
export const version: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version;
