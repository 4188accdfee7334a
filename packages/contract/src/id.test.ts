import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { answerIdOf, type IdNoun, idInputSchema, idSchema, isId, mintId, turnIdOf } from './id.ts';

const nouns: readonly IdNoun[] = [
  'team',
  'agent',
  'chat',
  'turn',
  'message',
  'key',
  'audit',
  'deletion',
  'request',
];
const prefixes = ['team_', 'agent_', 'chat_', 'turn_', 'msg_', 'key_', 'audit_', 'del_', 'req_'];

afterEach(() => {
  vi.useRealTimers();
});

describe('mintId', () => {
  test.each(nouns.map((noun, index) => ({ noun, prefix: prefixes[index] })))(
    'mintId gives a $noun id the prefix $prefix and 28 characters that need no encoding',
    ({ noun, prefix = '' }) => {
      const id = mintId(noun);
      expect(id.startsWith(prefix)).toBe(true);
      expect(id).toMatch(/^[a-z]+_[0-9a-hjkmnp-tv-z]{28}$/);
      expect(encodeURIComponent(id)).toBe(id);
      expect(isId(noun, id)).toBe(true);
    },
  );

  test('mintId creates unique ids that sort in the order of their creation', () => {
    const ids = Array.from({ length: 20_000 }, () => mintId('chat'));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  test('mintId creates rising ids when the clock is set back', () => {
    vi.useFakeTimers({ now: new Date('2040-01-01T00:00:00Z') });
    const before = mintId('chat');
    vi.setSystemTime(new Date('2030-01-01T00:00:00Z'));
    expect(mintId('chat') > before).toBe(true);
  });

  test('mintId creates ids that sort by time until the time part is full', () => {
    vi.useFakeTimers();
    const dates = ['2041-01-01', '2100-01-01', '2500-06-15', '3000-12-31'];
    const ids = dates.map((date) => {
      vi.setSystemTime(new Date(`${date}T00:00:00Z`));
      return mintId('turn');
    });
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every((id) => isId('turn', id))).toBe(true);
  });

  test('mintId ends each id with 17 random characters that can take every letter', () => {
    const tails = Array.from({ length: 3_000 }, () => mintId('key').slice(-17));
    for (let place = 0; place < 17; place++) {
      expect(new Set(tails.map((tail) => tail[place])).size).toBe(32);
    }
    expect(new Set(tails.map((tail) => tail.slice(0, 6))).size).toBeGreaterThan(2_990);
  });
});

describe('isId', () => {
  test('isId returns false for an id of another noun', () => {
    for (const noun of nouns) {
      for (const other of nouns) expect(isId(other, mintId(noun))).toBe(noun === other);
    }
  });

  test('isId returns false for an id with a changed character', () => {
    const id = mintId('chat');
    const changed = fc.oneof(
      fc.nat(id.length).map((at) => id.slice(0, at) + id.slice(at + 1)),
      fc
        .tuple(fc.nat(id.length), fc.string({ minLength: 1, maxLength: 3 }))
        .map(([at, by]) => id.slice(0, at) + by + id.slice(at)),
      fc.constantFrom(
        id.toUpperCase(),
        ` ${id}`,
        `${id}\n`,
        `${id}\0`,
        id.replace('_', '-'),
        `${id.slice(0, -1)}u`,
        `${id.slice(0, -1)}é`,
      ),
    );
    fc.assert(
      fc.property(
        changed.filter((text) => text !== id),
        (text) => {
          expect(isId('chat', text)).toBe(false);
        },
      ),
    );
  });

  test('isId rejects a text of a million characters', () => {
    expect(isId('chat', `chat_${'0'.repeat(1_000_000)}`)).toBe(false);
  });
});

test('idSchema checks the form of an id, idInputSchema takes any string', () => {
  expect(idSchema('chat').safeParse('nope').success).toBe(false);
  expect(idSchema('chat').safeParse(mintId('chat')).success).toBe(true);
  expect(idInputSchema('chat').safeParse('nope').success).toBe(true);
  expect(idInputSchema('chat').safeParse({ $ne: null }).success).toBe(false);
});

describe('answerIdOf and turnIdOf', () => {
  test('answerIdOf and turnIdOf reverse each other, and give every turn its own answer', () => {
    const turns = Array.from({ length: 1_000 }, () => mintId('turn'));
    const answers = turns.map(answerIdOf);
    expect(answers.every((answer) => isId('message', answer))).toBe(true);
    expect(answers.map(turnIdOf)).toEqual(turns);
    expect(new Set(answers).size).toBe(1_000);
  });

  test('turnIdOf returns undefined for a text that is not a message id', () => {
    const turn = mintId('turn');
    for (const text of [
      '',
      'msg_',
      turn,
      answerIdOf(turn).toUpperCase(),
      `${answerIdOf(turn)} `,
      'msg_$ne',
    ]) {
      expect(turnIdOf(text)).toBeUndefined();
    }
  });
});
