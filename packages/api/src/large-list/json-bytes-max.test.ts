import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonBytesMax } from './json-bytes-max.ts';

test('the bound of a value is never below the bytes of its JSON and a comma', () => {
  const text = fc.string({ unit: 'binary' });
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      text,
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      tie('object'),
      tie('list'),
    ),
    object: fc.dictionary(text, tie('any')),
    list: fc.array(tie('any')),
  })).any;
  const worst = [String.fromCharCode(0), String.fromCharCode(0xd800), '漢', -Number.MAX_VALUE];
  fc.assert(
    fc.property(value, (one) => {
      expect(jsonBytesMax(one)).toBeGreaterThan(Buffer.byteLength(JSON.stringify(one)));
    }),
    { examples: [...worst, worst, { [worst[0] as string]: null }, [], {}].map((one): [unknown] => [one]) },
  );
});
