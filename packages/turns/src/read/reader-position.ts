import type { AnswerEvent, StreamCursor } from '@parley/contract';
import type { EndedOutcome } from '../turn-outcome.ts';
import {
  type AnswerEventWithCursor,
  type AnswerIds,
  type KnownText,
  type QueuedView,
  toEndEvent,
} from './answer-events.ts';

/** An answer has one part, its text. Later kinds of parts come after it. */
const TEXT_PART = 1;
/** The text is closed at the cursor's offset. */
const CLOSED_PART = TEXT_PART + 1;
/** The part after the last. */
const END_PART = CLOSED_PART + 1;

/**
 * The position of a reader in an answer, and its next events. It has no copy of the text: a slow reader gets more
 * text at once. A plausible cursor is accepted. A reader whose cursor belongs to another run, or is beyond the known
 * text, gets a snapshot, which replaces its text, and continues after it.
 */
export class ReaderPosition {
  readonly #ids: AnswerIds;
  #cursor: StreamCursor | undefined;
  /** The newest status that the reader received. */
  #emittedStatus: Status | undefined;

  /** `from` is the reader's last event; undefined begins at the start, and null is a cursor that no server issued. */
  constructor(ids: AnswerIds, from: StreamCursor | null | undefined) {
    this.#ids = ids;
    this.#cursor = from === null ? { attempt: -1, part: TEXT_PART, offset: 0 } : from;
  }

  /** The offset after which the reader needs the text of this run. */
  neededFrom(attempt: number): number {
    const { attempt: shown, part, offset } = this.#cursor ?? { attempt: 0, part: 0, offset: 0 };
    return shown === attempt && (part === TEXT_PART || part === CLOSED_PART) ? offset : 0;
  }

  /** Whether the reader's cursor belongs to a newer run than this one. */
  isAheadOf(attempt: number): boolean {
    return this.#cursor !== undefined && this.#cursor.attempt > attempt;
  }

  /** Whether the reader's cursor belongs to an older run than this one. */
  isBehind(attempt: number): boolean {
    const shown = this.#cursor?.attempt ?? 0;
    return shown !== 0 && shown < attempt;
  }

  /** The events before anything of the answer is known. */
  begin(): AnswerEventWithCursor[] {
    if (this.#cursor) return [];
    this.#cursor = START;
    const { answerId, userMessageId } = this.#ids;
    return [{ event: { type: 'start', messageId: answerId, userMessageId }, cursor: START }];
  }

  /** The events while the turn waits for a run. */
  queue({ turnsBefore }: QueuedView): AnswerEventWithCursor[] {
    const events = this.begin();
    const status = { type: 'status', status: 'queued', position: turnsBefore } as const;
    this.#emitStatus(status, (event, cursor) => events.push({ event, cursor }));
    return events;
  }

  /** The events from the reader's position to the known state. */
  advance(known: KnownText): AnswerEventWithCursor[] {
    const events = this.begin();
    const emit = (event: AnswerEvent, cursor: StreamCursor) => {
      events.push({ event, cursor });
      this.#cursor = cursor;
    };
    const knowsEnd = this.#emitText(known, emit);
    if (known.outcome && !knowsEnd) this.#emitEnd({ ...known, outcome: known.outcome }, emit);
    else if (known.waitsUntil) {
      const retryAt = known.waitsUntil.toISOString();
      this.#emitStatus({ type: 'status', status: 'waiting_for_model', retryAt }, emit);
    } else if (this.#isShownAsQueued && events.length === 0) {
      this.#emitStatus({ type: 'status', status: 'generating' }, emit);
    }
    return events;
  }

  /** Emits the new text. Returns whether the reader has already received the end. */
  #emitText({ attempt, from, text, outcome }: KnownText, emit: Emit): boolean {
    const cursor = this.#cursor ?? START;
    const length = from + text.length;
    if (cursor.attempt === 0 && cursor.part === 0) {
      if (length === 0) return false;
      emit({ type: 'text-start' }, { attempt, part: TEXT_PART, offset: 0 });
      emit({ type: 'text-delta', text }, { attempt, part: TEXT_PART, offset: length });
      return false;
    }
    // The reader has received the end, which this process does not know yet. Emit nothing.
    if (!outcome && this.#isTextClosed()) return false;
    if (outcome && isEnd(cursor, attempt)) return true;
    const { offset } = cursor;
    const isClosed = cursor.part === CLOSED_PART && offset === length;
    const isOpen = cursor.part === TEXT_PART && offset <= length;
    const isThere = cursor.attempt === attempt && (isOpen || isClosed);
    // A cursor within a character was never issued.
    const isTrue = isThere && !startsInCharacter(text.slice(offset - from, offset - from + 1));
    if (!isTrue) {
      // A reader of another run gets a snapshot at once and the text of this run so far.
      if (from === 0) emit({ type: 'snapshot', text }, { attempt, part: TEXT_PART, offset: length });
    } else if (offset < length) {
      const delta = text.slice(offset - from);
      emit({ type: 'text-delta', text: delta }, { attempt, part: TEXT_PART, offset: length });
    }
    return false;
  }

  /** Whether the newest event of the reader said that no run has begun. */
  get #isShownAsQueued(): boolean {
    return this.#emittedStatus?.status === 'queued' && this.#cursor?.part === START.part;
  }

  /** Whether the reader has received the end of the text. */
  #isTextClosed(): boolean {
    const part = this.#cursor?.part;
    return part === CLOSED_PART || part === END_PART;
  }

  /**
   * Emits a status once, with the cursor of the event before it, unless the reader has received the end of the text. A
   * cursor that no server issued is not repeated.
   */
  #emitStatus(status: Status, emit: Emit): void {
    const { attempt } = this.#cursor ?? START;
    const isKnown = JSON.stringify(this.#emittedStatus) === JSON.stringify(status);
    if (this.#isTextClosed() || attempt < 0 || isKnown) return;
    this.#emittedStatus = status;
    emit(status, this.#cursor ?? START);
  }

  #emitEnd({ attempt, from, text, outcome }: EndedText, emit: Emit): void {
    const length = from + text.length;
    if (this.#cursor?.part === TEXT_PART) {
      emit({ type: 'text-end' }, { attempt, part: CLOSED_PART, offset: length });
    }
    emit(toEndEvent(outcome), { attempt, part: END_PART, offset: 0 });
  }
}

type EndedText = KnownText & { readonly outcome: EndedOutcome };
type Status = Extract<AnswerEvent, { type: 'status' }>;
type Emit = (event: AnswerEvent, cursor: StreamCursor) => void;

const START: StreamCursor = { attempt: 0, part: 0, offset: 0 };

/**
 * Whether a cursor is the end of this attempt. A turn that was cancelled before its first run has one end for all
 * attempts.
 */
function isEnd({ attempt: shown, part }: StreamCursor, attempt: number): boolean {
  return part === END_PART && (shown === attempt || shown === 0 || attempt === 0);
}

/** Whether a text begins with the second half of a surrogate pair. */
export function startsInCharacter(text: string): boolean {
  const unit = text.charCodeAt(0);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
