import { isPlainTape, isWholePart, placeAfter, type StreamCursor } from '@parley/contract';
import { endOf, reportedEndOf, shownTape } from './check-turns.ts';
import type { ChatHistory, ReaderConnection, ReaderHistory, ShownEnd, StoredTurn } from './history.ts';
import { ShownTape } from './shown-tape.ts';

/** The parts of cursors: see `StreamCursor`. */
const [TEXT, CLOSED, LATER_TEXT, REASONING, BETWEEN] = [1, 2, 4, 5, 6];

type ShownStep = ReaderConnection['events'][number];

/**
 * Checks the events of an answer's readers: over any number of connections they add up to the stored text.
 */
export function checkReaders(chat: ChatHistory): string[] {
  const stored = new Map(chat.turns.map((turn) => [turn.answerId, turn]));
  /** Every text shown of one run of one turn. */
  const texts = new Map<string, { answerId: string; shown: string[] }>();
  const offences: string[] = [];
  for (const reader of chat.readers) {
    const view = new ReaderView(reader, stored.get(reader.answerId));
    for (const connection of reader.connections) view.connect(connection);
    offences.push(...view.offences.map((offence) => `${reader.name}: ${offence}`));
    for (const [attempt, shown] of view.shown) {
      const run = `${reader.answerId} in its run ${attempt}`;
      const known = texts.get(run) ?? { answerId: reader.answerId, shown: [] };
      texts.set(run, known);
      known.shown.push(shown);
    }
  }
  for (const [run, { answerId, shown }] of texts)
    offences.push(...checkRun(run, shown, chat, stored.get(answerId)));
  return offences;
}

/** One run writes one text: all readers of the run saw the same beginning, and the model wrote it. */
function checkRun(
  run: string,
  shown: readonly string[],
  { calls }: ChatHistory,
  turn: StoredTurn | undefined,
): string[] {
  const longest = shown.reduce((a, b) => (b.length > a.length ? b : a), '');
  if (longest === '') return [];
  const odd = shown.find((text) => !longest.startsWith(text));
  if (odd !== undefined) return [`of ${run}, one was shown "${odd}", another "${longest}"`];
  if (!calls.some(({ text }) => text.startsWith(longest)))
    return [`of ${run}, "${longest}" was shown, which no call wrote`];
  const isOfThisRun = turn?.status === 'completed' && run.endsWith(`run ${turn.written?.attempt}`);
  if (isOfThisRun && !shownTape(turn).startsWith(longest))
    return [`of ${run}, "${longest}" was shown; stored is "${shownTape(turn)}"`];
  return [];
}

/** Reads as a client does: keeps the text, appends deltas, replaces it by a snapshot. */
class ReaderView {
  readonly offences: string[] = [];
  /** The longest tape shown of each run. */
  readonly shown = new Map<number, string>();
  readonly #reader: ReaderHistory;
  readonly #turn: StoredTurn | undefined;
  readonly #shown = new ShownTape();
  #attempt = 0;
  /** Whether the newest part has begun and has not ended. Unknown after an empty snapshot. */
  #isOpen: boolean | undefined = false;
  #hasEnded = false;
  #last: StreamCursor | undefined;

  constructor(reader: ReaderHistory, turn: StoredTurn | undefined) {
    this.#reader = reader;
    this.#turn = turn;
  }

  get #text(): string {
    return this.#shown.tape;
  }

  connect({ from, events }: ReaderConnection): void {
    if (!from) {
      this.#shown.clear();
      this.#isOpen = false;
      this.#attempt = 0;
    }
    // A reader that connects with another cursor than its last one does not know the end.
    if (!from || !isSame(from, this.#last)) this.#hasEnded = false;
    const first = events[0]?.event.type;
    if (first && (first === 'start') !== (from === undefined))
      this.#say(`a stream ${from ? 'taken up' : 'from the start'} began with ${first}`);
    for (const [index, step] of events.entries()) {
      if (this.#hasEnded) this.#say(`${step.event.type} came after the end`);
      if (step.event.type === 'start' && index > 0) this.#say('a second start came');
      // The first event of a connection follows the cursor that the reader sent, even a wrong one.
      const before = index === 0 && from ? from : this.#last;
      if (step.event.type === 'status' && !isSame(step.cursor, before))
        this.#say('a status came with a cursor of its own');
      this.#take(step);
      this.#last = step.cursor;
    }
  }

  #take(step: ShownStep): void {
    const { event, cursor } = step;
    switch (event.type) {
      case 'start':
        if (event.messageId !== this.#reader.answerId) this.#say(`start named ${event.messageId}`);
        return;
      case 'snapshot':
        this.#shown.replace(event.text, event.parts);
        this.#isOpen = this.#text === '' ? undefined : this.#shown.isOpen;
        this.#attempt = cursor.attempt;
        this.#show(step, [TEXT, LATER_TEXT, REASONING, BETWEEN]);
        return;
      case 'text-start':
      case 'text-delta':
        this.#go(cursor.attempt);
        this.#open(event.type);
        if (event.type === 'text-delta' && event.text === '') this.#say('an empty delta came');
        this.#shown.text(event.type === 'text-delta' ? event.text : '');
        this.#show(step, isPlainTape(this.#text) ? [TEXT] : [LATER_TEXT]);
        this.#checkNumber(event.type, event.part);
        return;
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'tool-call':
      case 'tool-result':
      case 'source':
        this.#go(cursor.attempt);
        this.#open(event.type);
        this.#shown.part(event);
        this.#show(step, isWholePart(event) ? [BETWEEN] : [REASONING]);
        if ('part' in event) this.#checkNumber(event.type, event.part);
        return;
      case 'text-end':
      case 'reasoning-end':
        this.#go(cursor.attempt);
        this.#checkNumber(event.type, event.part);
        if (this.#isOpen === false) this.#say(`${event.type} came, and no part was open`);
        this.#isOpen = false;
        if (![CLOSED, BETWEEN].includes(cursor.part) || cursor.offset !== this.#text.length)
          this.#sayCursor(step);
        return;
      case 'end':
        this.#end(event);
        return;
      case 'status':
        return;
    }
  }

  /** A part begins after the end of the one before it, and its text comes in between. */
  #open(type: string): void {
    const isMore = type.endsWith('-delta');
    if (this.#isOpen === !isMore)
      this.#say(`${type} came ${isMore ? 'after' : 'before'} the end of its part`);
    this.#isOpen = !isWholePart({ type });
  }

  /** The number of a part is that of the marks before it. */
  #checkNumber(type: string, part = 0): void {
    const index = placeAfter(this.#text)?.index;
    if (part !== index) this.#say(`${type} came of part ${part}, and it is part ${index}`);
  }

  /** Switches to a run. Its text may begin without a snapshot only if no text of an earlier run was shown. */
  #go(attempt: number): void {
    if (attempt !== this.#attempt && this.#text !== '')
      this.#say(`run ${attempt} went on after "${this.#text}" of run ${this.#attempt}`);
    this.#attempt = attempt;
  }

  #show(step: ShownStep, partsOfCursor: readonly number[]): void {
    const { part, offset, attempt } = step.cursor;
    if (!partsOfCursor.includes(part) || offset !== this.#text.length) this.#sayCursor(step);
    const before = this.shown.get(attempt) ?? '';
    if (!this.#text.startsWith(before) && !before.startsWith(this.#text))
      this.#say(`"${this.#text}" was shown of run ${attempt} after "${before}"`);
    if (this.#text.length >= before.length) this.shown.set(attempt, this.#text);
  }

  #end(end: ShownEnd): void {
    this.#hasEnded = true;
    const turn = this.#turn;
    // A missing turn was removed with its chat.
    if (!turn) return;
    if (endOf(turn) !== reportedEndOf(end))
      this.#say(`received ${reportedEndOf(end)}; stored is ${endOf(turn)}`);
    if (this.#text !== shownTape(turn))
      this.#say(`shown "${this.#text}" to the end; stored is "${shownTape(turn)}"`);
  }

  #sayCursor({ cursor: { attempt, part, offset }, event }: ShownStep): void {
    this.#say(`${event.type} came at ${attempt}-${part}-${offset} with ${this.#text.length} units shown`);
  }

  #say(offence: string): void {
    this.offences.push(offence);
  }
}

function isSame(a: StreamCursor, b: StreamCursor | undefined): boolean {
  return a.attempt === b?.attempt && a.part === b.part && a.offset === b.offset;
}
