import { ApiError, type Id, startsInCharacter } from '@parley/contract';
import type { ChatAccess } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import { findOutcome, isCancelledBeforeRun, type TurnOutcome, tapeOfOutcome } from '../turn-outcome.ts';
import type { KnownText, QueuedView } from './answer-events.ts';
import {
  ANSWER_POLL,
  DEPOSED_PRIMARY_MAX_MS,
  LOG_LAG_MAX_MS,
  QUEUE_POSITION_MAX_AGE_MS,
} from './intervals.ts';
import type { ReaderPosition } from './reader-position.ts';
import { alignedPause, type Reads } from './reads.ts';

/**
 * The state of a turn in the database: queued, with the position if the reader needs it; not known yet (`waiting`); the
 * text in the log; or the outcome.
 */
export type RemoteView =
  | KnownText
  | QueuedView
  | 'queued'
  | 'waiting'
  | Exclude<TurnOutcome, { attempt: number }>;

/** The turn that a reader polls. */
export interface RemoteReading {
  readonly access: ChatAccess;
  readonly turn: Id<'turn'>;
  /**
   * True for readers of one answer: they receive the number of messages before it. A follower of the chat knows these
   * messages and does not need the position.
   */
  readonly emitsPosition: boolean;
}

/** Polls a turn that does not run in this process, for one reader. */
export class RemoteTurn {
  readonly #deps: TurnDeps & { readonly reads: Reads };
  readonly #access: ChatAccess;
  readonly #turn: Id<'turn'>;
  readonly #needsPosition: boolean;
  #pauseMs: number = ANSWER_POLL.minMs;
  #unreachableSince: number | undefined;
  #silentSince: number | undefined;

  constructor(deps: TurnDeps & { readonly reads: Reads }, { access, turn, emitsPosition }: RemoteReading) {
    this.#deps = deps;
    this.#access = access;
    this.#turn = turn;
    this.#needsPosition = emitsPosition;
  }

  /** The time before the next poll. */
  get pauseMs(): number {
    return alignedPause(this.#deps.clock, this.#pauseMs);
  }

  /**
   * Reads the turn. While the database is unreachable, the turn counts as `waiting`.
   *
   * @throws ApiError `database_unavailable` when the database was unreachable for a whole lease
   */
  async poll(position: ReaderPosition): Promise<RemoteView> {
    const { clock, bounds } = this.#deps;
    const startedAt = clock.now();
    try {
      const view = await this.#read(position);
      this.#unreachableSince = undefined;
      const { minMs, maxMs, growth } = ANSWER_POLL;
      const isNew = typeof view === 'object' && 'text' in view && view.text !== '';
      this.#pauseMs = isNew ? minMs : Math.min(this.#pauseMs * growth, maxMs);
      return view;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#unreachableSince ??= startedAt;
      if (clock.now() - this.#unreachableSince >= bounds.leaseMs) throw error;
      return 'waiting';
    }
  }

  async #read(position: ReaderPosition): Promise<RemoteView> {
    const { store } = this.#deps;
    // Readers of one turn share results: half a pause old is recent enough.
    const turn = { access: this.#access, turn: this.#turn };
    const status = await this.#deps.reads.statuses.read(turn, this.#pauseMs / 2);
    if (status?.status === 'generating') {
      // A run that only ends a cancelled turn has no text. Its readers keep the text of the older run.
      if (status.isCancelled && position.isBehind(status.attempt)) return 'waiting';
      const { waitsUntil } = status;
      const view = await this.#readLog(position, status.attempt);
      // The end of a wait is not stored, so compare its time with the clock.
      const isWaiting = waitsUntil !== undefined && waitsUntil.getTime() > Date.now();
      return view === 'waiting' || !isWaiting ? view : { ...view, waitsUntil };
    }
    if (status?.status === 'queued' && !isCancelledBeforeRun(status, status.attempt))
      return this.#readQueue(status.sequence);
    const outcome = await findOutcome(store, this.#access, this.#turn);
    if (!outcome) return 'waiting';
    if (!('attempt' in outcome)) return outcome;
    return { attempt: outcome.attempt, from: 0, text: tapeOfOutcome(outcome), outcome };
  }

  async #readQueue(sequence: number): Promise<QueuedView | 'queued' | 'waiting'> {
    if (!this.#needsPosition) return 'queued';
    if (sequence === 1) return { turnsBefore: 0 };
    // A tail costs two queries for each chat. An old one is enough, because the status shows when the run begins.
    const tail = await this.#deps.reads.tails.read({ access: this.#access }, QUEUE_POSITION_MAX_AGE_MS);
    if (!tail) return 'waiting';
    const firstUnfinished = tail.sequence - tail.unfinished + 1;
    return { turnsBefore: Math.max(sequence - firstUnfinished, 0) };
  }

  async #readLog(position: ReaderPosition, attempt: number): Promise<KnownText | 'waiting'> {
    const read = (from: number) =>
      this.#deps.reads.log.read({ access: this.#access, turn: this.#turn, attempt, from }, this.#pauseMs / 2);
    if (position.isAheadOf(attempt)) {
      // Either the queried member does not know the newer run yet, or the reader's cursor was never issued.
      if (!this.#isSilentFor(DEPOSED_PRIMARY_MAX_MS)) return 'waiting';
      return { attempt, from: 0, ...(await read(0)) };
    }
    const from = position.neededFrom(attempt);
    const { isWithinMark = false, ...tape } = await read(from);
    // No server issued this cursor.
    if (isWithinMark || startsInCharacter(tape.text)) return { attempt, from: 0, ...(await read(0)) };
    if (tape.text !== '' || from === 0) {
      this.#silentSince = undefined;
      return { attempt, from, ...tape };
    }
    // Nothing is new: the model is slow, the log lags, or the reader's cursor was never issued.
    if (!this.#isSilentFor(LOG_LAG_MAX_MS)) return { attempt, from, ...tape };
    return { attempt, from: 0, ...(await read(0)) };
  }

  /** Whether no new text has arrived for this time. If so, the measurement restarts. */
  #isSilentFor(ms: number): boolean {
    const now = this.#deps.clock.now();
    this.#silentSince ??= now;
    if (now - this.#silentSince < ms) return false;
    this.#silentSince = undefined;
    return true;
  }
}
