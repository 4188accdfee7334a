import { buildParley } from './build-parley.ts';
import { browserPage } from './page.ts';
import type { Parley, ParleyOptions } from './parley.ts';
import { timings } from './timings.ts';

/**
 * Makes the client. One for a page and a person is enough: it holds the outbox, the streams and the cache. What an
 * earlier page left in the outbox goes out at once.
 */
export function createParley(options: ParleyOptions): Parley {
  return buildParley(options, browserPage(), timings);
}
