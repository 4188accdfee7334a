import { describe, expect, test } from 'vitest';
import { isLoopbackHost, ownOrigins } from './own-origins.ts';

describe('the Host header of this machine', () => {
  test.each(['localhost', 'LOCALHOST:3000', '127.0.0.1:1', '[::1]', '[::1]:65535'])(
    'the Host header "%s" names this machine',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  test.each([
    '',
    'localhost.',
    'localhost:',
    'localhost:x',
    '127.0.0.2',
    '127.1',
    '::1',
    'a.localhost',
    'localhost@x',
  ])('the Host header "%s" does not name this machine', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('the origin of this server', () => {
  const isOwn = ownOrigins(['https://chat.example.com', 'http://10.0.0.5:8080/']);

  test.each([
    ['a public address with any Host header', 'https://chat.example.com', 'internal:3000'],
    ['a further public address', 'http://10.0.0.5:8080', '10.0.0.5:8080'],
    ['a name of this machine that the request was sent to', 'http://localhost:3000', 'localhost:3000'],
    ['the same behind a proxy that ends TLS', 'https://127.0.0.1:8443', '127.0.0.1:8443'],
  ])('%s is the server’s own origin', (_, origin, host) => {
    expect(isOwn(origin, host)).toBe(true);
  });

  test.each([
    ['a foreign name that was made to lead here', 'http://evil.example', 'evil.example'],
    ['a public address with another scheme', 'http://chat.example.com', 'chat.example.com'],
    ['a public address with another port', 'https://chat.example.com:8443', 'chat.example.com'],
    ['another port of this machine', 'http://localhost:3001', 'localhost:3000'],
    ['a page without an origin', 'null', 'localhost:3000'],
    ['a request without a Host header', 'http://localhost:3000', undefined],
  ])('%s is not the server’s own origin', (_, origin, host) => {
    expect(isOwn(origin, host)).toBe(false);
  });
});
