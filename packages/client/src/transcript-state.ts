import type { Exchange } from './exchange.ts';
import type { Send } from './send.ts';

/** The known state of a chat. */
export interface TranscriptState {
  /** Oldest first. */
  readonly exchanges: readonly Exchange[];
  /** The cursor of the next older page; null if there is none, undefined until the newest page is loaded. */
  readonly olderCursor: string | null | undefined;
  /** The gap in the received events; undefined if none was missed since the oldest exchange. */
  readonly gap: Gap | undefined;
  /** Sent messages that the transcript does not contain yet. */
  readonly sends: readonly Send[];
  readonly isDeleted: boolean;
  /**
   * The messages received since the chat may show another path. The next newest page completes them, and then they replace
   * this state.
   */
  readonly replacement?: Omit<TranscriptState, 'replacement'>;
}

/**
 * A range of exchanges whose events may have been missed. The exchanges before index `since`, and from index
 * `until` on, are complete.
 */
export interface Gap {
  readonly since: number;
  readonly until: number;
}

/** The state of a chat that nothing is known of. */
export const emptyTranscript: TranscriptState = {
  exchanges: [],
  olderCursor: undefined,
  gap: undefined,
  sends: [],
  isDeleted: false,
};
