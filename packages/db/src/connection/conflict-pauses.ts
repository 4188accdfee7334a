import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '@parley/contract';

const CONFLICTS_MAX = 20;
const PAUSE_MIN_MS = 10;
const PAUSE_MAX_MS = 500;

/**
 * Paces attempts that conflict with another write. One more read normally resolves a conflict. It recurs while a
 * majority has not acknowledged the other write: reads do not show that write yet, but its unique index already
 * rejects ours.
 */
export class ConflictPauses {
  #conflicts = 0;

  /**
   * Waits before the next attempt: not at all after the first conflict, then longer each time.
   *
   * @throws ApiError `database_unavailable` after twenty conflicts; nothing was stored
   */
  async next(): Promise<void> {
    this.#conflicts++;
    if (this.#conflicts >= CONFLICTS_MAX) throw new ApiError('database_unavailable');
    if (this.#conflicts === 1) return;
    const longest = Math.min(PAUSE_MIN_MS * 2 ** (this.#conflicts - 2), PAUSE_MAX_MS);
    await delay(longest * (0.5 + Math.random() / 2));
  }
}
