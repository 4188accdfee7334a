import { buildParley } from './build-parley.ts';
import { browserPage } from './page.ts';
import type { Parley, ParleyOptions } from './parley.ts';
import { timings } from './timings.ts';

/**
 * Creates the client. Create one per page: it holds the outbox, the streams and the cache. Messages that an
 * earlier page left in the outbox are sent at once.
 */
export function createParley(options: ParleyOptions): Parley {
  return buildParley(options, browserPage(), timings);
}
