import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorsPage } from '../scripts/errors-page.ts';
import { securityPage } from '../scripts/security-page.ts';

test.each([
  ['docs/errors.md', 'the register of errors', errorsPage],
  ['docs/security.md', 'the policies', securityPage],
])('%s is up to date with %s', (path, _, page) => {
  const committed = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  expect(committed, 'run `npm run docs`').toBe(page());
});
