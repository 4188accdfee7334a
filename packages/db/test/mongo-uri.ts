import type {} from '@parley/embedded/testing';
import { inject } from 'vitest';

/** The MongoDB of this test run. It names no database. */
export function mongoUri(): string {
  return inject('mongoUri');
}
