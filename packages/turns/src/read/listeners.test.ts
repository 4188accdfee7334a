import { expect, test } from 'vitest';
import { Listeners } from './listeners.ts';

test('every listener is notified until it detaches, and no key is kept after that', () => {
  const listeners = new Listeners<string, string>();
  const received: string[] = [];
  const detach = [
    listeners.attach('one', (event) => received.push(`a ${event}`)),
    listeners.attach('one', (event) => received.push(`b ${event}`)),
    listeners.attach('two', (event) => received.push(`c ${event}`)),
  ];
  listeners.notify('one', 'first');
  expect(received.splice(0)).toEqual(['a first', 'b first']);
  detach[0]?.();
  detach[0]?.();
  listeners.notifyAll('second');
  expect(received.splice(0)).toEqual(['b second', 'c second']);
  expect(listeners.size).toBe(2);
  for (const each of detach) each();
  expect(listeners.size).toBe(0);
  listeners.notifyAll('third');
  listeners.notify('one', 'fourth');
  expect(received).toEqual([]);
});

test('a late detach does not remove listeners that attached since', () => {
  const listeners = new Listeners<string, string>();
  const received: string[] = [];
  const detach = listeners.attach('one', () => undefined);
  detach();
  listeners.attach('one', (event) => received.push(event));
  detach();
  listeners.notify('one', 'new');
  expect(received).toEqual(['new']);
});

test('a listener that detaches during a notification does not stop the others', () => {
  const listeners = new Listeners<string, string>();
  const received: string[] = [];
  const detach = listeners.attach('one', () => {
    received.push('a');
    detach();
  });
  listeners.attach('one', () => received.push('b'));
  listeners.attach('two', () => received.push('c'));
  listeners.notifyAll('end');
  expect(received).toEqual(['a', 'b', 'c']);
});
