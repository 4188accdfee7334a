import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { mutants } from '../packages/turns/test/simulation/mutants.ts';

test('docs/durability.md states the number of planted bugs that the simulation finds', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../docs/durability.md'), 'utf8');
  const stated = /(\d+) bugs that are inserted on purpose/.exec(page)?.[1];
  expect(Number(stated)).toBe(mutants.length);
});
