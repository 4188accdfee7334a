import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const recipe = readFileSync(new URL('../../../../docs/recipes/ai-sdk.md', import.meta.url), 'utf8');
const transport = readFileSync(new URL('parley-transport.ts', import.meta.url), 'utf8');

test('the recipe prints the tested transport and is no longer than a page', () => {
  const blocks = [...recipe.matchAll(/^```ts parley-transport\.ts\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(blocks).toEqual([transport]);
  expect(transport.split('\n').length).toBeLessThanOrEqual(100);
});
