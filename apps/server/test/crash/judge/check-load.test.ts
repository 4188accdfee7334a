import { describe, expect, test } from 'vitest';
import { checkLoad } from './check-load.ts';
import { exampleCell } from './example-cell.ts';
import type { ObservedCall } from './history.ts';

const load = { running: 3, visitors: 2, perAddress: 2, visitorWaitMs: 0 };

let number = 0;
/** A call of the model for a message of this sender: of the team, or of a visitor at an address. */
function call(server: string, sender: string, from: number, to: number, isCut = false): ObservedCall {
  const context = [{ role: 'user', content: `${sender}/${++number}` }];
  return { number, server, from, to, isCut, context, text: `«${number}»` };
}

function check(...calls: readonly ObservedCall[]): string {
  const messages = calls.map(({ context: [message] }) => {
    const content = message?.content ?? '';
    const visitorAt = content.startsWith('team') ? undefined : content.split('/')[0];
    return { chat: 'chat_1', content, requests: [], ...(visitorAt !== undefined && { visitorAt }) };
  });
  const promises = { ...exampleCell.promises, load };
  return checkLoad({ ...exampleCell, messages, calls, promises }).join('\n');
}

test('answers within the bounds are not complained about, nor a cut that the model noticed late', () => {
  const calls = [
    call('A', 'team', 0, 1_000),
    call('A', 'one', 0, 900),
    call('A', 'two', 100, 1_000),
    call('B', 'two', 100, 1_000),
    call('A', 'one', 900, 2_000),
    call('B', 'one', 950, 2_000),
    call('B', 'team', 0, 1_300, true),
    call('B', 'team', 800, 1_800),
  ];
  expect(check(...calls)).toBe('');
});

describe('a server is complained about that runs at once', () => {
  test.each<[what: string, calls: readonly ObservedCall[], offence: RegExp]>([
    [
      'more answers than it may',
      ['team', 'team', 'team', 'team'].map((sender) => call('A', sender, 0, 1_000)),
      /server A ran 4 answers at once; 3 may run/,
    ],
    [
      'visitors in a place that is reserved for others',
      ['one', 'two', 'three'].map((sender) => call('A', sender, 0, 1_000)),
      /ran 3 answers of visitors at once; 2 may run/,
    ],
    [
      'more answers of one address than may run',
      ['one', 'one', 'one'].map((sender) => call('A', sender, 0, 1_000)),
      /ran 3 answers of one at once; 2 may run/,
    ],
    [
      'answers of an address in addition to those that it must know of elsewhere',
      [
        ...['one', 'one'].map((sender) => call('A', sender, 0, 9_000)),
        ...['one', 'one'].map((sender) => call('B', sender, 5_000, 6_000)),
      ],
      /4 answers of one ran for long; 3 may run/,
    ],
  ])('%s', (_, calls, offence) => {
    expect(check(...calls)).toMatch(offence);
  });
});

test('answers of an address that two servers start in the same second are not complained about', () => {
  const calls = ['A', 'A', 'B', 'B'].map((server, index) => call(server, 'one', index * 10, 1_500));
  expect(check(...calls)).toBe('');
});
