import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ModelRequest } from '../model/model.ts';
import { type Omission, Omissions } from './omissions.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const request: ModelRequest = {
  model: 'm',
  messages: [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: '', calls: [], opaque: { reasoning_content: 'hm' } },
  ],
  temperature: 0.2,
  tools: [{ name: 'weather', description: '', parameters: {} }],
  mustAnswer: true,
};
const none: ReadonlySet<Omission> = new Set();
const all: readonly Omission[] = [
  'temperature',
  'system',
  'tool_choice',
  'opaque',
  'stream_options',
  'include',
];

/** Omissions of a server that has accepted a request in its full form. */
function omissionsOfKnownServer(): Omissions {
  const omissions = new Omissions(all);
  omissions.learn(request, none);
  return omissions;
}

describe('the part of a request that a server rejects', () => {
  test.each<[string, Omission]>([
    ["Unsupported value: 'temperature' does not support 0.2 with this model.", 'temperature'],
    ['System role not supported', 'system'],
    ['Developer instruction is not enabled for models/m', 'system'],
    ["Unsupported value: 'messages[0].role' does not support 'system' with this model.", 'system'],
    ['Only user and assistant roles are supported!', 'system'],
    ['Unrecognized request argument supplied: stream_options', 'stream_options'],
    ['`tool_choice` must be auto', 'tool_choice'],
    ['Extra inputs are not permitted: messages[2].reasoning_content', 'opaque'],
    ['The encrypted content for item rs_1 could not be verified.', 'opaque'],
    ['Encrypted content is not supported with this model.', 'include'],
    ["Unknown parameter: 'include'.", 'include'],
  ])('the rejected part is recognized by the words of the error: %s', (message, omission) => {
    expect(omissionsOfKnownServer().after({ status: 400, message }, request, none)).toBe(omission);
  });

  test('the rejected part is recognized by the param of the error', () => {
    const error = { status: 422, message: 'Unsupported value.', param: 'temperature' };
    expect(omissionsOfKnownServer().after(error, request, none)).toBe('temperature');
  });

  test.each<[string, Parameters<Omissions['after']>[0], Partial<ModelRequest>]>([
    ['the status is not one of a malformed request', { status: 401, message: 'temperature' }, {}],
    ['the error names nothing that can be left out', { status: 400, message: 'no such tool' }, {}],
    ['it was not sent', { status: 400, message: 'temperature' }, { temperature: undefined }],
  ])('the rejected part is unknown if %s', (_, error, change) => {
    expect(omissionsOfKnownServer().after(error, { ...request, ...change }, none)).toBeUndefined();
  });

  test('the rejected part is unknown if requests of the API never have it', () => {
    const omissions = new Omissions(['temperature']);
    expect(omissions.after({ status: 400, message: 'stream_options' }, request, none)).toBeUndefined();
    expect(omissions.after({ status: 400, message: 'no such tool' }, request, none)).toBeUndefined();
  });

  test('the rejected part is left out once, and the same error again is final', () => {
    const error = { status: 400, message: 'temperature' };
    expect(omissionsOfKnownServer().after(error, request, new Set(['temperature']))).toBeUndefined();
  });
});

describe('the parts that a server rejects', () => {
  test('a rejected part is remembered for its model and forgotten after an hour', () => {
    const omissions = omissionsOfKnownServer();
    omissions.learn({ ...request, adaptation: ['temperature'] }, new Set(['temperature']));
    expect([...omissions.of(request)]).toEqual(['temperature']);
    expect([...omissions.of({ ...request, model: 'other' })]).toEqual([]);
    vi.advanceTimersByTime(3_600_000 - 1);
    expect([...omissions.of(request)]).toEqual(['temperature']);
    vi.advanceTimersByTime(1);
    expect([...omissions.of(request)]).toEqual([]);
  });
});
