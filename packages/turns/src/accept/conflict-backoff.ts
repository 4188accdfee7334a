import { ApiError } from '@parley/contract';
import type { Clock } from '@parley/quota';
import { CONFLICT_BACKOFF } from './intervals.ts';

/**
 * Paces the attempts to insert a turn after another turn took its sequence number. Reading the tail again normally
 * resolves a conflict. The conflict repeats while the other turn is written but not yet acknowledged by a majority:
 * reads do not return that turn, but the unique index already rejects its sequence number.
 */
export class ConflictBackoff {
  readonly #clock: Pick<Clock, 'sleep' | 'random'>;
  #conflicts = 0;

  constructor(clock: Pick<Clock, 'sleep' | 'random'>) {
    this.#clock = clock;
  }

  /**
   * Waits before the next attempt: not at all after the first conflict, then longer each time.
   *
   * @throws ApiError `database_unavailable` when there were too many attempts; nothing was stored
   */
  async pause(): Promise<void> {
    const { attemptsMax, pauseMinMs, pauseMaxMs } = CONFLICT_BACKOFF;
    this.#conflicts++;
    if (this.#conflicts >= attemptsMax) throw new ApiError('database_unavailable');
    if (this.#conflicts === 1) return;
    const longest = Math.min(pauseMinMs * 2 ** (this.#conflicts - 2), pauseMaxMs);
    await this.#clock.sleep(longest * (0.5 + this.#clock.random() / 2));
  }
}
