import {
  isMarkAt,
  isPlainTape,
  type OpenPart,
  PLAIN_PLACE,
  partsOf,
  placeAfter,
  type StreamCursor,
  startsInCharacter,
  type TapePlace,
  textOfTape,
  walkTape,
} from '@parley/contract';
import type { EndedOutcome } from '../turn-outcome.ts';
import {
  type AnswerEventWithCursor,
  type AnswerIds,
  type EngineAnswerEvent,
  type KnownText,
  type QueuedView,
  toEndEvent,
} from './answer-events.ts';

/** The parts of a cursor: see `StreamCursor`. */
const [START_PART, FIRST_TEXT, CLOSED_PART, END_PART, TEXT, REASONING, BETWEEN] = [0, 1, 2, 3, 4, 5, 6];
const PARTS_WITH_OFFSET: ReadonlySet<number> = new Set([FIRST_TEXT, CLOSED_PART, TEXT, REASONING, BETWEEN]);
const OPEN_PARTS: ReadonlySet<number> = new Set([FIRST_TEXT, TEXT, REASONING]);

/**
 * The position of a reader in an answer, and its next events. It has no copy of the tape: a slow reader gets more
 * text at once. A plausible cursor is accepted. A reader whose cursor belongs to another run, is beyond the known
 * tape, or does not agree with it, gets a snapshot, which replaces what it shows, and continues after it.
 */
export class ReaderPosition {
  readonly #ids: AnswerIds;
  #cursor: StreamCursor | undefined;
  /** The place in the tape at the cursor; undefined until the tape was seen there. */
  #place: TapePlace | undefined;
  /** The newest status that the reader received. */
  #emittedStatus: Status | undefined;

  /** `from` is the reader's last event; undefined begins at the start, and null is a cursor that no server issued. */
  constructor(ids: AnswerIds, from: StreamCursor | null | undefined) {
    this.#ids = ids;
    this.#cursor = from === null ? { attempt: -1, part: FIRST_TEXT, offset: 0 } : from;
  }

  /** The offset after which the reader needs the tape of this run. */
  neededFrom(attempt: number): number {
    const { attempt: shown, part, offset } = this.#cursor ?? { attempt: 0, part: 0, offset: 0 };
    return shown === attempt && PARTS_WITH_OFFSET.has(part) ? offset : 0;
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
    const emit: Emit = (event, cursor) => {
      events.push({ event, cursor });
      this.#cursor = cursor;
    };
    const knowsEnd = this.#emitTape(known, emit);
    if (known.outcome && !knowsEnd) this.#emitEnd({ ...known, outcome: known.outcome }, emit);
    else if (known.waitsUntil) {
      const retryAt = known.waitsUntil.toISOString();
      this.#emitStatus({ type: 'status', status: 'waiting_for_model', retryAt }, emit);
    } else if (this.#isShownAsQueued && events.length === 0) {
      this.#emitStatus({ type: 'status', status: 'generating' }, emit);
    }
    return events;
  }

  /** Emits the new parts. Returns whether the reader has already received the end. */
  #emitTape(known: KnownText, emit: Emit): boolean {
    const { attempt, from, text, outcome } = known;
    const cursor = this.#cursor ?? START;
    if (cursor.attempt === 0 && cursor.part === START_PART) {
      if (from === 0 && text !== '') this.#emitFrom(0, PLAIN_PLACE, known, emit);
      return false;
    }
    // The reader has received the end, which this process does not know yet. Emit nothing.
    if (!outcome && this.#isTextClosed()) return false;
    if (outcome && isEnd(cursor, attempt)) return true;
    const place = this.#placeIn(known, cursor);
    if (place) this.#emitFrom(cursor.offset, place, known, emit);
    // A reader of another run gets a snapshot at once and the text of this run so far.
    else if (from === 0) this.#emitSnapshot(known, emit);
    return false;
  }

  /** The place of a cursor in the known tape; undefined if the cursor is not of this tape. */
  #placeIn(known: KnownText, cursor: StreamCursor): TapePlace | undefined {
    const { from, text } = known;
    const { attempt, part, offset } = cursor;
    const at = offset - from;
    if (attempt !== known.attempt || at < 0 || at > text.length) return undefined;
    const isAtEnd = at === text.length;
    if (part === CLOSED_PART) return isAtEnd ? CLOSED : undefined;
    // A cursor within a character was never issued.
    if (!PARTS_WITH_OFFSET.has(part) || startsInCharacter(text.slice(at, at + 1))) return undefined;
    const place = this.#place ?? placeAfter(text.slice(0, at), known.place);
    if (!place) return undefined;
    if (part !== BETWEEN) return part === partAt(place) ? place : undefined;
    // The part before the cursor is complete, so another one follows.
    const isBetween = offset > 0 && (isAtEnd || isMarkAt(text, at));
    return isBetween ? { ...place, open: undefined } : undefined;
  }

  /** Emits the tape from an offset on, where this place is. */
  #emitFrom(offset: number, place: TapePlace, { attempt, from, text }: KnownText, emit: Emit): void {
    let at = offset;
    let { open, index } = place;
    const cursorAt = (part: number) => ({ attempt, part, offset: at });
    const isAtStart = this.#cursor?.part === START_PART;
    const tape = text.slice(offset - from);
    if (tape === '') {
      // A cursor at which nothing is logged yet is only checked when something is.
      if (from === 0) this.#place = place;
      return;
    }
    if (isAtStart && !isMarkAt(tape, 0)) emit(startOf('text', 0), cursorAt(FIRST_TEXT));
    for (const step of walkTape(tape, place)) {
      if (step.type === 'more') {
        at += step.length;
        emit(deltaOf(step.part, step.text, index), cursorAt(partAt({ open: step.part, index })));
        continue;
      }
      // A tape that begins with a mark has no text before it.
      if (open && at > 0) emit(endOf(open, index), cursorAt(BETWEEN));
      at += step.length;
      index++;
      open = step.type === 'open' ? step.part : undefined;
      const event = step.type === 'open' ? startOf(step.part, index) : step.part;
      emit(event, cursorAt(partAt({ open, index })));
    }
    this.#place = { open, index };
  }

  #emitSnapshot({ attempt, text: tape }: KnownText, emit: Emit): void {
    const isPlain = isPlainTape(tape);
    const place = (isPlain ? undefined : placeAfter(tape)) ?? PLAIN_PLACE;
    const text = isPlain ? tape : textOfTape(tape);
    const snapshot = { type: 'snapshot', text, ...(!isPlain && { parts: partsOf(tape) }) } as const;
    emit(snapshot, { attempt, part: partAt(place), offset: tape.length });
    this.#place = place;
  }

  /** Whether the newest event of the reader said that no run has begun. */
  get #isShownAsQueued(): boolean {
    return this.#emittedStatus?.status === 'queued' && this.#cursor?.part === START_PART;
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
    const { part = START_PART } = this.#cursor ?? {};
    if (OPEN_PARTS.has(part)) {
      const { open = 'text', index } = this.#place ?? PLAIN_PLACE;
      emit(endOf(open, index), { attempt, part: CLOSED_PART, offset: from + text.length });
    }
    emit(toEndEvent(outcome), { attempt, part: END_PART, offset: 0 });
  }
}

type EndedText = KnownText & { readonly outcome: EndedOutcome };
type Status = Extract<EngineAnswerEvent, { type: 'status' }>;
type Emit = (event: EngineAnswerEvent, cursor: StreamCursor) => void;

const START: StreamCursor = { attempt: 0, part: START_PART, offset: 0 };
/** The place after the last part. */
const CLOSED: TapePlace = { open: undefined, index: 0 };

/** The part of a cursor at this place. */
function partAt({ open, index }: TapePlace): number {
  if (open === undefined) return BETWEEN;
  if (open !== 'text') return REASONING;
  return index === 0 ? FIRST_TEXT : TEXT;
}

const numberOf = (index: number) => (index === 0 ? {} : { part: index });

function startOf(open: OpenPart, index: number): EngineAnswerEvent {
  if (open === 'text') return { type: 'text-start', ...numberOf(index) };
  return { type: 'reasoning-start', part: index, isShown: open === 'shown-reasoning' };
}

function deltaOf(open: OpenPart, text: string, index: number): EngineAnswerEvent {
  if (open === 'text') return { type: 'text-delta', text, ...numberOf(index) };
  return { type: 'reasoning-delta', text, part: index, isShown: open === 'shown-reasoning' };
}

function endOf(open: OpenPart, index: number): EngineAnswerEvent {
  if (open === 'text') return { type: 'text-end', ...numberOf(index) };
  return { type: 'reasoning-end', part: index, isShown: open === 'shown-reasoning' };
}

/**
 * Whether a cursor is the end of this attempt. A turn that was cancelled before its first run has one end for all
 * attempts.
 */
function isEnd({ attempt: shown, part }: StreamCursor, attempt: number): boolean {
  return part === END_PART && (shown === attempt || shown === 0 || attempt === 0);
}
