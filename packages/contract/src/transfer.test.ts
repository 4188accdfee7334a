import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TRANSFER_VERSION, transferLineSchema } from './transfer.ts';

/**
 * The fields of all lines, by the version that has them. If this test fails, increase `TRANSFER_VERSION`, so that older
 * releases reject the new files with a clear error, and add a line here.
 */
const fieldsOfVersion: Readonly<Record<number, string>> = {
  2: '2bcb9f1bf4d811a6',
};

test('the fields of an export only change together with its version', () => {
  const fields = transferLineSchema.options.flatMap((line) =>
    fieldsOf(z.toJSONSchema(line, { io: 'input', unrepresentable: 'any' }), [line.shape.type.value]),
  );
  const hash = createHash('sha256').update(fields.toSorted().join('\n')).digest('hex').slice(0, 16);
  expect(fieldsOfVersion).toHaveProperty(String(TRANSFER_VERSION), hash);
});

/** The paths of all properties in a JSON schema. */
function fieldsOf(schema: unknown, path: readonly string[]): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, part]) => {
    if (keyword !== 'properties') return fieldsOf(part, path);
    return Object.entries(part as object).flatMap(([field, value]) => [
      [...path, field].join('.'),
      ...fieldsOf(value, [...path, field]),
    ]);
  });
}
