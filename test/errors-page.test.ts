import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorsPage } from '../scripts/errors-page.ts';

test('docs/errors.md is what the register says', () => {
  const committed = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
  expect(committed, 'run `npm run docs`').toBe(errorsPage());
});
