import { expect, test } from 'vitest';
import { MemoryStorage } from '../test/support/memory-storage.ts';
import { OutboxStorage } from './outbox-storage.ts';

const send = (key: string, createdAt: string) => ({ key, chatId: 'chat_1', content: `of ${key}`, createdAt });

test('stored messages are read in the order of sending until they are removed', () => {
  const storage = new MemoryStorage();
  const stored = new OutboxStorage(storage);
  stored.put(send('b', '2026-01-02T00:00:00.000Z'));
  stored.put(send('a', '2026-01-03T00:00:00.000Z'));
  stored.put(send('c', '2026-01-01T00:00:00.000Z'));
  expect(new OutboxStorage(storage).all().map(({ key }) => key)).toEqual(['c', 'b', 'a']);
  expect(stored.has('b')).toBe(true);
  stored.remove('b');
  expect(stored.has('b')).toBe(false);
  expect(new OutboxStorage(storage).all()).toHaveLength(2);
});

test('ignores entries of other programs and invalid entries', () => {
  const storage = new MemoryStorage();
  storage.setItem('theme', 'dark');
  storage.setItem('parley:send:broken', '{"chatId":');
  storage.setItem('parley:send:odd', '{"chatId":1,"content":"x","createdAt":"y"}');
  expect(new OutboxStorage(storage).all()).toEqual([]);
  expect(storage.length).toBe(3);
});

test('a full or missing storage stores nothing and throws nothing', () => {
  const full = new MemoryStorage();
  full.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  for (const storage of [full, undefined]) {
    const stored = new OutboxStorage(storage);
    stored.put(send('a', ''));
    expect(stored.has('a')).toBe(false);
    expect(stored.all()).toEqual([]);
  }
});
