import type { AnswerEvent, StreamCursor } from '@parley/contract';
import type { EndedOutcome } from '../turn-outcome.ts';
import { type AnswerEventWithCursor, type AnswerIds, type KnownText, toEndEvent } from './answer-events.ts';

/** The answer's one part is its text. Parts of other kinds come after it, once there are any. */
const TEXT_PART = 1;
/** The text is closed at the cursor's offset. */
const CLOSED_PART = TEXT_PART + 1;
/** The part after the last. */
const END_PART = CLOSED_PART + 1;

/**
 * Where a reader is in an answer, and what it is to be told next. It holds no text: a reader that is slow is
 * told more at once.
 *
 * A cursor is believed as far as it can be true. One of another run, or beyond what there is, is answered with
 * a snapshot: the reader's text is replaced, and it goes on from there.
 */
export class ReaderPosition {
  readonly #ids: AnswerIds;
  #cursor: StreamCursor | undefined;
  /** The newest wait for the model that the reader was told of, by its end. */
  #waitTold: number | undefined;

  /** `from` is the last event the reader got; undefined begins at the start, null is a cursor nobody made. */
  constructor(ids: AnswerIds, from: StreamCursor | null | undefined) {
    this.#ids = ids;
    this.#cursor = from === null ? { attempt: -1, part: TEXT_PART, offset: 0 } : from;
  }

  /** From where on the text of this run is needed. */
  neededFrom(attempt: number): number {
    const { attempt: shown, part, offset } = this.#cursor ?? { attempt: 0, part: 0, offset: 0 };
    return shown === attempt && (part === TEXT_PART || part === CLOSED_PART) ? offset : 0;
  }

  /** Whether the reader was shown a newer run than this one, or claims so. */
  isAheadOf(attempt: number): boolean {
    return this.#cursor !== undefined && this.#cursor.attempt > attempt;
  }

  /** Whether the reader was shown text of an older run than this one. */
  isBehind(attempt: number): boolean {
    const shown = this.#cursor?.attempt ?? 0;
    return shown !== 0 && shown < attempt;
  }

  /** What can be told before anything is known of the answer. */
  begin(): AnswerEventWithCursor[] {
    if (this.#cursor) return [];
    this.#cursor = START;
    const { answerId, userMessageId } = this.#ids;
    return [{ event: { type: 'start', messageId: answerId, userMessageId }, cursor: START }];
  }

  /** The events that lead from here to what is known. */
  advance(known: KnownText): AnswerEventWithCursor[] {
    const events = this.begin();
    const tell = (event: AnswerEvent, cursor: StreamCursor) => {
      events.push({ event, cursor });
      this.#cursor = cursor;
    };
    const isTold = this.#tellText(known, tell);
    if (known.outcome && !isTold) this.#tellEnd({ ...known, outcome: known.outcome }, tell);
    else if (known.waitsUntil) this.#tellWait(known.waitsUntil, tell);
    return events;
  }

  /** True when the reader knows the end already. */
  #tellText({ attempt, from, text, outcome }: KnownText, tell: Tell): boolean {
    const cursor = this.#cursor ?? START;
    const length = from + text.length;
    if (cursor.attempt === 0 && cursor.part === 0) {
      if (length === 0) return false;
      tell({ type: 'text-start' }, { attempt, part: TEXT_PART, offset: 0 });
      tell({ type: 'text-delta', text }, { attempt, part: TEXT_PART, offset: length });
      return false;
    }
    // Ended is final: a reader that knows of an end knows more than whoever was asked, until that one knows it too.
    if (!outcome && (cursor.part === CLOSED_PART || cursor.part === END_PART)) return false;
    if (outcome && isEnd(cursor, attempt)) return true;
    const { offset } = cursor;
    const isClosed = cursor.part === CLOSED_PART && offset === length;
    const isOpen = cursor.part === TEXT_PART && offset <= length;
    const isThere = cursor.attempt === attempt && (isOpen || isClosed);
    // Nobody was ever shown half a character.
    const isTrue = isThere && !startsInCharacter(text.slice(offset - from, offset - from + 1));
    if (!isTrue) {
      // A reader of another run is told at once that its text is void, and reads what there is of this one.
      if (from === 0) tell({ type: 'snapshot', text }, { attempt, part: TEXT_PART, offset: length });
    } else if (offset < length) {
      const delta = text.slice(offset - from);
      tell({ type: 'text-delta', text: delta }, { attempt, part: TEXT_PART, offset: length });
    }
    return false;
  }

  #tellWait(retryAt: Date, tell: Tell): void {
    if (this.#waitTold === retryAt.getTime()) return;
    this.#waitTold = retryAt.getTime();
    const event = { type: 'status', status: 'waiting_for_model', retryAt: retryAt.toISOString() } as const;
    tell(event, this.#cursor ?? START);
  }

  #tellEnd({ attempt, from, text, outcome }: EndedText, tell: Tell): void {
    const length = from + text.length;
    if (this.#cursor?.part === TEXT_PART) {
      tell({ type: 'text-end' }, { attempt, part: CLOSED_PART, offset: length });
    }
    tell(toEndEvent(outcome), { attempt, part: END_PART, offset: 0 });
  }
}

type EndedText = KnownText & { readonly outcome: EndedOutcome };
type Tell = (event: AnswerEvent, cursor: StreamCursor) => void;

const START: StreamCursor = { attempt: 0, part: 0, offset: 0 };

/** Every end of a turn that was cancelled before its first run is that end: it was told under no attempt. */
function isEnd({ attempt: shown, part }: StreamCursor, attempt: number): boolean {
  return part === END_PART && (shown === attempt || shown === 0 || attempt === 0);
}

/** Whether a text begins with the second half of a surrogate pair. */
export function startsInCharacter(text: string): boolean {
  const unit = text.charCodeAt(0);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
