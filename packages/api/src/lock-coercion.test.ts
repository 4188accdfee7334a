import { initTRPC } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { lockCoercion } from './lock-coercion.ts';

const t = initTRPC.create();

/** Does to every part what trpc-to-openapi does to some, and whatever it may come to do to others. */
function coerceAll(schema: unknown, seen = new Set<unknown>()): void {
  if (!(schema instanceof z.ZodType) || seen.has(schema)) return;
  seen.add(schema);
  Reflect.set(schema.def, 'coerce', true);
  const parts =
    schema instanceof z.ZodObject ? Object.values(schema.shape) : Object.values(schema.def).flat();
  for (const part of parts) coerceAll(part, seen);
}

function locked<Schema extends z.ZodType>(schema: Schema): Schema {
  lockCoercion(t.router({ nested: t.router({ probe: t.procedure.input(schema).query(() => null) }) }));
  return schema;
}

describe('a locked schema means what it meant', () => {
  test.each([
    ['a boolean', z.boolean(), 'false'],
    ['a number', z.number(), '5'],
    ['an integer', z.int(), '5'],
    ['a date', z.date(), '2026-01-01'],
    ['a bigint', z.bigint(), '5'],
    ['an optional one', z.number().optional(), '5'],
    ['a nullable one', z.number().nullable(), '5'],
    ['one with a default', z.number().default(1), '5'],
    ['one of several', z.union([z.number(), z.boolean()]), '5'],
    ['one in an array', z.array(z.number()), ['5']],
    ['one in a tuple', z.tuple([z.number()]), ['5']],
    ['one in a record', z.record(z.string(), z.number()), { a: '5' }],
    ['one behind a pipe', z.number().pipe(z.number()), '5'],
    ['one that is read only', z.number().readonly(), '5'],
    [
      'one deep inside',
      z.object({ a: z.object({ b: z.array(z.object({ c: z.boolean() })) }) }),
      { a: { b: [{ c: 'false' }] } },
    ],
  ] as [string, z.ZodType, unknown][])('%s', (_, inner, wrong) => {
    const schema = locked(z.object({ field: inner }));
    expect(schema.safeParse({ field: wrong }).success).toBe(false);
    coerceAll(schema);
    expect(schema.safeParse({ field: wrong }).success).toBe(false);
  });
});

test('a schema that was declared to coerce goes on', () => {
  const schema = locked(z.object({ field: z.coerce.number() }));
  expect(schema.parse({ field: '5' })).toEqual({ field: 5 });
});

test('a schema that contains itself is no endless walk', () => {
  const tree: z.ZodType = z.object({
    count: z.number(),
    get children() {
      return z.array(tree);
    },
  });
  expect(
    locked(z.object({ tree })).safeParse({ tree: { count: 1, children: [{ count: 2, children: [] }] } })
      .success,
  ).toBe(true);
});

test('locking twice changes nothing', () => {
  const schema = locked(locked(z.object({ field: z.number() })));
  coerceAll(schema);
  expect(schema.safeParse({ field: '5' }).success).toBe(false);
});
