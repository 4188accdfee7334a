import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { upstreamCases } from '../packages/agent/test/upstream/cases.ts';

const page = readFileSync(resolve(import.meta.dirname, '../docs/models.md'), 'utf8');
const named = new Set([...page.matchAll(/`([a-z0-9-]+)`/g)].map(([, name = '']) => name));
const cases = Object.keys(upstreamCases);

test('docs/models.md names every tested form of an answer', () => {
  expect(cases.filter((name) => !named.has(name))).toEqual([]);
});

test('every row of the forms in docs/models.md names the tests that hold it', () => {
  const tables = [...page.matchAll(/^\|.*\| Test \|\n\|.*\n((?:\|.*\n)+)/gm)];
  const rows = tables.flatMap(([, body = '']) => body.trim().split('\n'));
  expect(rows.length).toBeGreaterThan(20);
  const without = rows.filter((row) => {
    const tests = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    return tests.length === 0 || tests.some((name) => !cases.includes(name));
  });
  expect(without).toEqual([]);
});
