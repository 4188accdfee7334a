import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStream } from './event-stream.ts';

function eventsOf(chunks: readonly string[]): [data: string, name: string][] {
  const events: [string, string][] = [];
  const stream = new EventStream((data, name) => events.push([data, name]));
  for (const chunk of chunks) stream.push(chunk);
  stream.end();
  return events;
}

describe('a stream of events', () => {
  test('a stream gives the data of each event, with its name if it has one', () => {
    expect(eventsOf(['data: a\n\nevent: error\ndata: b\n\ndata: c\n\n'])).toEqual([
      ['a', ''],
      ['b', 'error'],
      ['c', ''],
    ]);
  });

  test('a stream skips comments, unknown fields and events without data', () => {
    expect(eventsOf([': ping\n\nid: 1\nretry: 5\n\nevent: x\n\ndata: a\n\n'])).toEqual([['a', '']]);
  });

  test('a stream joins the data lines of one event', () => {
    expect(eventsOf(['data: {\ndata: }\n\n'])).toEqual([['{\n}', '']]);
  });

  test('a stream accepts carriage returns, no blank after the colon, and an end without a blank line', () => {
    expect(eventsOf(['data:a\r\n\r\ndata: b'])).toEqual([
      ['a', ''],
      ['b', ''],
    ]);
  });

  test('a stream accepts events without blank lines between them if each is whole JSON', () => {
    expect(eventsOf(['data: {"a":{}}\ndata: {"b":1}\ndata: [DONE]\n'])).toEqual([
      ['{"a":{}}', ''],
      ['{"b":1}', ''],
      ['[DONE]', ''],
    ]);
  });

  test('a stream reads errors in a field of their own and as JSON without a field', () => {
    expect(eventsOf(['data: a\n\nerror: {"code":400}\n\n{"error":1}\n'])).toEqual([
      ['a', ''],
      ['{"code":400}', 'error'],
      ['{"error":1}', ''],
    ]);
  });

  test.each([
    ['without blank lines between events', 'data: {"a":1}\ndata: {"b":1}\n', ['{"a":1}']],
    ['with carriage returns alone', 'data: {"a":1}\r\r', ['{"a":1}']],
    ['with an error field behind an unfinished event', 'data: {"a":1}\nerror: x\n', ['{"a":1}', 'x']],
  ])('a stream gives an event before the next read of a stream %s', (_, text, data) => {
    const given: string[] = [];
    new EventStream((event) => given.push(event)).push(text);
    expect(given).toEqual(data);
  });

  test.each([
    'data: {"a":1}\r\n\r\n: ping\n\nevent:error\ndata: x\ndata:y\n\ndata: [DONE]\n\n',
    'data: {"a":1}\r\r: ping\r\rdata: x\rdata: y\r\revent: b\rdata: c\r\r',
    'data: {"a":1}\ndata: {"b":2}\nerror: x\n{"c":3}\ndata: [DONE]\n',
  ])('a stream is the same however it is cut into chunks: %j', (text) => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const chunks = places.slice(1).map((place, index) => text.slice(places[index], place));
        expect(eventsOf(chunks)).toEqual(eventsOf([text]));
      }),
    );
  });

  test('a stream is rejected if a line is longer than any answer', () => {
    const chunk = 'x'.repeat(1024 * 1024);
    expect(() => eventsOf(Array(5).fill(chunk))).toThrow('too long');
  });
});
