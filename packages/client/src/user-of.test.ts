import { expect, test } from 'vitest';
import { userOf } from './user-of.ts';

const signed = (claims: object, signature = 'signature') =>
  ['header', btoa(JSON.stringify(claims)).replaceAll('+', '-').replaceAll('/', '_'), signature].join('.');

test('gives all tokens of one user the same name', () => {
  const one = userOf(signed({ sub: 'ada', aud: 'team_1', exp: 1 }, 'one'));
  expect(userOf(signed({ sub: 'ada', aud: 'team_1', exp: 2 }, 'two'))).toBe(one);
});

test.each([
  ['another user', signed({ sub: 'grace', aud: 'team_1' })],
  ['another team', signed({ sub: 'ada', aud: 'team_2' })],
  ['a guest', 'gt_live_0123456789abcdefghij'],
  ['another guest', 'gt_live_1123456789abcdefghij'],
  ['a name that looks like a guest', signed({ sub: 'gt_live_0123456789abcdefghij', aud: 'team_1' })],
  ['a name with colons in it', signed({ sub: 'ada:x', aud: 'team_1' })],
  ['a text that is not a token', 'a.b.c'],
])('gives %s another name without a colon', (_, token) => {
  const name = userOf(token);
  expect(name).not.toBe(userOf(signed({ sub: 'ada', aud: 'team_1' })));
  expect(name).not.toContain(':');
});

test("the user does not contain a guest's whole token", () => {
  const token = `gt_live_${'x'.repeat(38)}`;
  expect(token).not.toBe(userOf(token));
  expect(userOf(token).length).toBeLessThan(token.length / 2);
});
