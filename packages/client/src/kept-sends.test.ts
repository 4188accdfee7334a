import { expect, test } from 'vitest';
import { MemoryStorage } from '../test/support/memory-storage.ts';
import { KeptSends } from './kept-sends.ts';

const send = (key: string, createdAt: string) => ({ key, chatId: 'chat_1', content: `of ${key}`, createdAt });

test('sends are had back in the order in which they were sent, until they are removed', () => {
  const storage = new MemoryStorage();
  const kept = new KeptSends(storage);
  kept.put(send('b', '2026-01-02T00:00:00.000Z'));
  kept.put(send('a', '2026-01-03T00:00:00.000Z'));
  kept.put(send('c', '2026-01-01T00:00:00.000Z'));
  expect(new KeptSends(storage).all().map(({ key }) => key)).toEqual(['c', 'b', 'a']);
  expect(kept.has('b')).toBe(true);
  kept.remove('b');
  expect(kept.has('b')).toBe(false);
  expect(new KeptSends(storage).all()).toHaveLength(2);
});

test('what others keep there, and what nobody wrote, is left alone', () => {
  const storage = new MemoryStorage();
  storage.setItem('theme', 'dark');
  storage.setItem('parley:send:broken', '{"chatId":');
  storage.setItem('parley:send:odd', '{"chatId":1,"content":"x","createdAt":"y"}');
  expect(new KeptSends(storage).all()).toEqual([]);
  expect(storage.length).toBe(3);
});

test('a storage that is full, forbidden or not there costs nothing but the memory', () => {
  const full = new MemoryStorage();
  full.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  for (const storage of [full, undefined]) {
    const kept = new KeptSends(storage);
    kept.put(send('a', ''));
    expect(kept.has('a')).toBe(false);
    expect(kept.all()).toEqual([]);
  }
});
