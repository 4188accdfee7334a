import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { currentFields, currentValues } from '../integrations/upgrade/current-fields.ts';
import { scenarios } from '../integrations/upgrade/scenarios/index.ts';

/*
 * Every stored field that release 0.1.0 does not have, and every value that it does not have in one of its fields, is written
 * in a scenario of the mixed-version test, which compares the list of that release with its code.
 */

const stored = [...currentFields(), ...currentValues()];
const old: string[] = JSON.parse(
  await readFile(new URL('../integrations/upgrade/fields-0.1.0.json', import.meta.url), 'utf8'),
);
const added = stored.filter((field) => !old.includes(field));
const named = new Set(scenarios.flatMap(({ fields = [] }) => fields));

test('every stored field and value that release 0.1.0 does not have is written in a scenario of the mixed-version test', () => {
  expect(
    added.filter((field) => !named.has(field)),
    'add a scenario to integrations/upgrade/scenarios that names these fields and values',
  ).toEqual([]);
});

test('the scenarios of the mixed-version test name no field or value that release 0.1.0 has or nobody stores', () => {
  expect([...named].filter((field) => !added.includes(field))).toEqual([]);
});

test('no field or value of release 0.1.0 is missing, so that its documents can be read', () => {
  expect(old.filter((field) => !stored.includes(field))).toEqual([]);
});
