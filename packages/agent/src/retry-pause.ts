import type { ModelFailure } from './model/model-failure.ts';

/** The situation after a failed call. */
export interface RetrySituation {
  readonly failure: ModelFailure;
  /** HTTP calls so far, and their maximum. */
  readonly calls: number;
  readonly callsMax: number;
  /** Emitted text cannot be taken back, so the answer of another call would follow it. */
  readonly hasEmitted: boolean;
  /** The remaining time for the whole answer. */
  readonly remainingMs: number;
  /** The pause before the second call, unless the server asks for a longer one. */
  readonly retryDelayMs: number;
}

/** The maximum of our own pauses; the server may ask for a longer one. */
const RETRY_DELAY_MAX_MS = 8_000;
/** A longer wait of the server ends the answer, because a user waits for it. */
const RETRY_AFTER_MAX_MS = 20_000;

/**
 * The pause before the next call of the model, or `undefined` if no further call is made. Our own pauses double, and
 * half of each is random, so that turns that failed together do not retry together. The server's wait is a minimum.
 * If it exceeds 20 seconds or the answer's remaining time, there is no further call. `chance` is in [0, 1).
 */
export function retryPauseMs(situation: RetrySituation, chance: number): number | undefined {
  const { failure, calls } = situation;
  if (failure.retry === 'never' || situation.hasEmitted || calls >= situation.callsMax) return undefined;
  if (failure.retry === 'now') return situation.remainingMs > 0 ? 0 : undefined;
  if ((failure.retryAfterMs ?? 0) > RETRY_AFTER_MAX_MS) return undefined;
  const delayMs = Math.min(situation.retryDelayMs * 2 ** Math.max(0, calls - 1), RETRY_DELAY_MAX_MS);
  const pauseMs = Math.max(delayMs / 2, failure.retryAfterMs ?? 0) + (delayMs / 2) * chance;
  return pauseMs < situation.remainingMs ? pauseMs : undefined;
}
