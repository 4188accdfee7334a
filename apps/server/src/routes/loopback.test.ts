import { expect, test } from 'vitest';
import { isLoopbackAddress } from './loopback.ts';

test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])(
  '%s is an address of this machine',
  (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  },
);

test.each([undefined, '', '0.0.0.0', '::', '10.0.0.1', '::ffff:10.0.0.1', '::2', 'localhost', '128.0.0.1'])(
  '%s is not an address of this machine',
  (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  },
);
