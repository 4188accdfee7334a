import { describe, expect, test } from 'vitest';
import { checkWithdrawal } from './check-withdrawal.ts';
import type { Harm, Use, Withdrawal } from './history.ts';

const use = (server: string, from: number, to: number, outcome: string): Use => ({
  server,
  interval: { from, to },
  outcome,
});

/** A user who is blocked, and a server that learns of it four seconds later, when it ends their stream. */
const example: Withdrawal = {
  name: 'a block',
  code: 'user_blocked',
  withdrawn: { from: 1_000, to: 1_100 },
  uses: [
    use('A', 500, 600, 'success'),
    use('B', 700, 4_900, 'user_blocked'),
    use('A', 1_200, 1_210, 'user_blocked'),
    use('B', 4_000, 4_010, 'success'),
    use('B', 9_000, 9_010, 'user_blocked'),
  ],
};
const lifted: Withdrawal = {
  ...example,
  restored: { from: 10_000, to: 10_050 },
  uses: [...example.uses, use('A', 10_100, 10_110, 'user_blocked'), use('A', 16_000, 16_010, 'success')],
};

const check = (withdrawal: Withdrawal, harms: readonly Harm[] = []) =>
  checkWithdrawal(withdrawal, { servers: ['A', 'B'], withinMs: 5_000, harms }).join('\n');
const withUse = (withdrawal: Withdrawal, ...uses: readonly Use[]): Withdrawal => ({
  ...withdrawal,
  uses: [...withdrawal.uses, ...uses],
});

test.each([
  ['is never given back', example],
  ['is given back', lifted],
])('access that ends in time and %s is not complained about', (_, withdrawal) => {
  expect(check(withdrawal)).toBe('');
});

describe('a withdrawal is complained about when', () => {
  test.each<[what: string, withdrawal: Withdrawal, offence: RegExp]>([
    ['no server acknowledges it', { ...example, withdrawn: undefined }, /no server withdrew/],
    [
      'a request is answered after the promised time',
      withUse(example, use('B', 6_200, 6_210, 'success')),
      /5100 ms after/,
    ],
    [
      'a request gets another code',
      withUse(example, use('B', 6_200, 6_210, 'not_found')),
      /answered not_found/,
    ],
    [
      'a stream goes on after the promised time',
      withUse(example, use('B', 800, 6_200, 'user_blocked')),
      /kept a request open/,
    ],
    [
      'a stream is still open when its client gives up',
      withUse(example, use('B', 800, 40_000, 'open')),
      /kept a request open/,
    ],
    [
      'a server was never asked afterwards',
      { ...example, uses: example.uses.slice(0, 1) },
      /server B never answered/,
    ],
    [
      'a user is rejected before the block',
      withUse(example, use('A', 800, 900, 'user_blocked')),
      /before anyone/,
    ],
    [
      'a user is still rejected long after the unblock',
      withUse(lifted, use('A', 16_000, 16_010, 'user_blocked')),
      /long after it was lifted/,
    ],
  ])('%s', (_, withdrawal, offence) => {
    expect(check(withdrawal)).toMatch(offence);
  });
});

test('the time in which harm is done extends the promised time', () => {
  const late = withUse(example, use('B', 6_200, 6_210, 'success'));
  expect(check(late)).not.toBe('');
  expect(check(late, [{ from: 2_000, to: 2_500, holdsUpTurns: false }])).toBe('');
});
