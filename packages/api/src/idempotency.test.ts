import { limits, mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import type { Caller } from './caller.ts';
import { toIdempotency } from './idempotency.ts';

function newCaller(fields: Partial<Caller> = {}): Caller {
  const key = mintId('key');
  const as = { role: 'team' } as const;
  const limits = { issuers: [], limits: { budgets: [] } };
  return { key, familyId: key, ...limits, kind: 'secret', as, scope: { team: mintId('team') }, ...fields };
}

const caller = newCaller();
const input = { chatId: 'chat_1', content: 'hi', role: 'user' };
const of = (fields: { caller?: Caller; procedure?: string; key?: string; input?: unknown } = {}) =>
  toIdempotency(
    fields.caller ?? caller,
    fields.procedure ?? 'message.create',
    fields.key ?? 'k1',
    'input' in fields ? fields.input : input,
  );

describe('a repeated request', () => {
  test('a repeated request is recognized', () => {
    expect(of()).toEqual(of());
    expect(of({ input: structuredClone(input) })).toEqual(of());
  });

  test('a repeated request is recognized in any order of its fields, at every depth', () => {
    const one = { metadata: { a: { x: 1, y: [1, { p: 1, q: 2 }] }, b: 2 }, agentId: 'a' };
    const other = { agentId: 'a', metadata: { b: 2, a: { y: [1, { q: 2, p: 1 }], x: 1 } } };
    expect(of({ input: one })).toEqual(of({ input: other }));
  });

  test('a repeated request is recognized whether or not it waits', () => {
    for (const wait of [true, false]) expect(of({ input: { ...input, wait } })).toEqual(of());
    // Inside other fields of the input, a field with this name is content.
    const inner = (wait: boolean) => of({ input: { metadata: { wait } } });
    expect(inner(true).body).not.toBe(inner(false).body);
  });

  test('a repeated request is recognized after the API key was rolled', () => {
    expect(of({ caller: { ...caller, key: mintId('key') } })).toEqual(of());
  });
});

describe('another request', () => {
  test.each([
    ['another text', { ...input, content: 'hi ' }],
    ['another field', { ...input, onBusy: 'reject' }],
    ['a number for a text', { ...input, content: 1 }],
    ['a list in another order', { ...input, content: ['a', 'b'] }],
    ['a list for an object of its entries', [['content', 'hi']]],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'hi'],
  ])('another request with the same key has another hash of its body: %s', (_name, other) => {
    const one = of({ input: { ...input, content: ['b', 'a'] } });
    const changed = of({ input: other });
    expect(changed.key).toBe(of().key);
    expect(changed.body).not.toBe(of().body);
    expect(changed.body).not.toBe(one.body);
  });

  test('another request has another hash if its caller, procedure or key differs', () => {
    const keys = [
      of(),
      of({ caller: newCaller() }),
      of({ procedure: 'message.retry' }),
      of({ key: 'k2' }),
      of({ procedure: 'message.createk', key: '1' }),
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the header Idempotency-Key', () => {
  test.each([
    'k',
    '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    '!~',
    'x'.repeat(limits.idempotencyKeyLengthMax),
  ])('accepts %j', (key) => {
    expect(of({ key })).toMatchObject({ key: expect.any(String), body: expect.any(String) });
  });

  test.each(['', ' ', 'a b', 'a\t', 'é', '\u{1F600}', 'a\n', 'x'.repeat(limits.idempotencyKeyLengthMax + 1)])(
    'rejects %j with its own name in the error',
    (key) => {
      expect(() => of({ key })).toThrow(
        expect.objectContaining({
          code: 'invalid_input',
          facts: expect.objectContaining({ issues: [expect.objectContaining({ path: 'Idempotency-Key' })] }),
        }),
      );
    },
  );
});

test('only hashes of the header and the body are stored', () => {
  const secret = 'a secret sentence';
  const kept = JSON.stringify(of({ key: 'k-secret', input: { ...input, content: secret } }));
  expect(kept).not.toContain('secret');
});

test('an input that is too deep does not overflow the stack', () => {
  let deep: unknown = 'end';
  for (let depth = 0; depth < 100_000; depth++) deep = { deep };
  expect(of({ input: deep })).toMatchObject({ body: expect.any(String) });
});
