import type { ModelFailure } from './model/model-failure.ts';

/** How things stand after a failed call. */
export interface RetrySituation {
  readonly failure: ModelFailure;
  /** HTTP calls made so far, and how many there may be. */
  readonly calls: number;
  readonly callsMax: number;
  /** Emitted text cannot be taken back, so the answer of another call would follow it. */
  readonly hasEmitted: boolean;
  /** The rest of the answer's whole time. */
  readonly remainingMs: number;
  /** The pause before the second call, without what the server asks for. */
  readonly retryDelayMs: number;
}

/** The longest pause of our own choice; one that the server asks for may be longer. */
const RETRY_DELAY_MAX_MS = 8_000;
/** A server that asks for a longer pause is not waited for: somebody waits for the answer. */
const RETRY_AFTER_MAX_MS = 20_000;

/**
 * How long to wait before the next call of the model, or `undefined` if there shall be none. Our own pauses
 * double, and half of each is chance, so that many turns that failed together do not come back together.
 * What the server asks for is a minimum; if that is more than 20 seconds, or beyond the answer's time, there is no
 * further call. `chance` is in [0, 1).
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
