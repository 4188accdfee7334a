import { describe, expect, test } from 'vitest';
import { en } from '../texts/en.ts';
import { textsIn } from '../texts/texts.ts';
import { groupByDay } from './group-by-day.ts';

const texts = textsIn('en', en);

const now = new Date(2026, 2, 30, 0, 30);
const at = (...parts: [number, number, number, number, number?]) => ({
  updatedAt: new Date(...parts).toISOString(),
});

const names = (items: { updatedAt: string }[]) => groupByDay(items, now, texts).map(({ name }) => name);

describe('groupByDay', () => {
  test('puts a chat of a minute before midnight into Yesterday', () => {
    expect(names([at(2026, 2, 30, 0, 29), at(2026, 2, 29, 23, 59)])).toEqual(['Today', 'Yesterday']);
  });

  test('names each period, and adds the year to months of other years', () => {
    const items = [
      at(2026, 2, 30, 0),
      at(2026, 2, 28, 12),
      at(2026, 2, 23, 12),
      at(2026, 2, 22, 12),
      at(2026, 1, 28, 12),
      at(2026, 1, 27, 12),
      at(2025, 11, 31, 12),
    ];
    expect(names(items)).toEqual([
      'Today',
      'Previous 7 days',
      'Previous 30 days',
      'February',
      'December 2025',
    ]);
  });

  test('puts a chat of the future into Today', () => {
    expect(names([at(2026, 2, 31, 1)])).toEqual(['Today']);
  });

  test('keeps the order of all items', () => {
    const items = [at(2026, 2, 30, 0, 20), at(2026, 2, 30, 0, 10), at(2026, 2, 29, 10)];
    expect(groupByDay(items, now, texts).flatMap((group) => group.items)).toEqual(items);
  });
});
