import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ISOLATED_TESTS, LONG_FORMS, LONGEST_TESTS, SLOW_TESTS } from '../scripts/test-files.ts';

const root = join(import.meta.dirname, '..');

/* `npm test` runs a sample. The rest must run somewhere: a file that no list names would lose it in silence. */

const files = execFileSync('git', ['ls-files', '-z', '--', 'apps', 'packages'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => /\.test\.tsx?$/.test(path));

const filesWith = (text: string) =>
  files.filter((path) => readFileSync(join(root, path), 'utf8').includes(text));

test('every test file that has a long form is in the list of those that the slow run takes', () => {
  const withForm = filesWith("from '@parley/embedded/testing/form'");
  expect(withForm.length).toBeGreaterThan(0);
  expect(withForm.filter((path) => !LONG_FORMS.includes(path))).toEqual([]);
});

test('every test file of the client that sets the globals of a browser has a process of its own', () => {
  const withGlobals = filesWith("import './support/dom.ts'");
  expect(withGlobals.length).toBeGreaterThan(0);
  expect(withGlobals.filter((path) => !ISOLATED_TESTS.includes(path))).toEqual([]);
});

test('every file of the lists exists, and none is in both', () => {
  const named = [...SLOW_TESTS, ...LONG_FORMS, ...LONGEST_TESTS, ...ISOLATED_TESTS];
  expect(named.filter((path) => !/[*{]/.test(path) && !existsSync(join(root, path)))).toEqual([]);
  expect(SLOW_TESTS.filter((path) => LONG_FORMS.includes(path))).toEqual([]);
});
