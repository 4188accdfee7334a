import { ApiError, type Id, type StreamCursor } from '@parley/contract';
import type { ChatAccess } from '@parley/db';
import type { TurnDeps } from '../dependencies.ts';
import type { RunningTurns } from '../run/run.ts';
import { type TurnOutcome, textOf } from '../turn-outcome.ts';
import type { AnswerEventWithCursor, AnswerIds, KnownText } from './answer-events.ts';
import type { Followers } from './followers.ts';
import { WAITING_POLL_MS } from './intervals.ts';
import { ReaderPosition } from './reader-position.ts';
import type { Reads } from './reads.ts';
import { RemoteTurn, type RemoteView } from './remote-turn.ts';
import type { WakeUp } from './wake-up.ts';

/** The dependencies of readers, besides the ports: the turns that run in this process, and shared reads of all others. */
export interface ReadDeps extends TurnDeps {
  readonly followers: Followers;
  readonly running: RunningTurns;
  readonly reads: Reads;
  /** Whether a turn waits for a place in this process, which then tells its readers when it starts. */
  readonly isWaiting: (turn: Id<'turn'>) => boolean;
}

/** Which turn is read, from where on. */
export interface Reading extends AnswerIds {
  readonly access: ChatAccess;
  readonly turn: Id<'turn'>;
  /** The last event the reader got; null for a cursor that nobody made. */
  readonly from: StreamCursor | null | undefined;
}

/** The result of one step of reading. */
interface Step {
  readonly events: readonly AnswerEventWithCursor[];
  readonly isOver: boolean;
  /** After which to look again unless woken; undefined: only when woken. */
  readonly pauseMs: number | undefined;
}

/**
 * Reads one answer, wherever it runs, step by step: first what is there, then what comes. On the process that
 * runs it the text comes from memory, elsewhere from the log. The reader pulls; a slow one holds nothing but
 * its position.
 */
export class TurnReader {
  readonly #deps: ReadDeps;
  readonly #reading: Reading;
  readonly #position: ReaderPosition;
  readonly #remote: RemoteTurn;
  readonly #detach: (() => void)[];
  #outcome: TurnOutcome | undefined;

  /** Attaches before anything is read, so that nothing is missed. `wake` is set when a step is worth it. */
  constructor(deps: ReadDeps, reading: Reading, wake: WakeUp) {
    const { followers } = deps;
    const { access, turn, from } = reading;
    this.#deps = deps;
    this.#reading = reading;
    this.#position = new ReaderPosition(reading, from);
    this.#remote = new RemoteTurn(deps, access, turn);
    this.#detach = [
      followers.texts.attach(turn, wake.set),
      followers.attachToEnd(turn, access.chat.id, (outcome) => {
        this.#outcome ??= outcome;
        wake.set();
      }),
    ];
  }

  /**
   * The new events.
   *
   * @throws ApiError `chat_not_found` when the chat was deleted; `draining` when this process lets its readers
   *   go; `database_unavailable` when that has been away for a whole lease.
   */
  async step(): Promise<Step> {
    const local = this.#local();
    const view = local ?? (await this.#remote.poll(this.#position));
    // An end that this process noticed during the query is newer than its result.
    const known = this.#outcome && !local ? this.#ofOutcome(this.#outcome) : view;
    const isWaiting = this.#deps.isWaiting(this.#reading.turn);
    const pauseMs = local ? undefined : isWaiting ? WAITING_POLL_MS : this.#remote.pauseMs;
    if (known === 'waiting') return { events: this.#position.begin(), isOver: false, pauseMs };
    if ('kind' in known) throw this.#apiErrorOf(known.kind);
    return { events: this.#position.advance(known), isOver: known.outcome !== undefined, pauseMs };
  }

  close(): void {
    for (const detach of this.#detach) detach();
  }

  /** The turn as far as this process knows it without a query: its end, or the run that holds the lease here. */
  #local(): RemoteView | undefined {
    if (this.#outcome) return this.#ofOutcome(this.#outcome);
    const { running, clock } = this.#deps;
    const run = running.get(this.#reading.turn);
    // A process that was stopped and revived must not show what may be another's by now.
    if (!run || clock.now() >= run.deadline) return undefined;
    // It was claimed only to be ended, with what an older run had shown.
    if (run.turn.isCancelled) return undefined;
    const { attempt, text, waitsUntil } = run;
    return { attempt, from: 0, text, ...(waitsUntil && { waitsUntil }) };
  }

  #ofOutcome(outcome: TurnOutcome): KnownText | Exclude<TurnOutcome, { attempt: number }> {
    if (!('attempt' in outcome)) return outcome;
    return { attempt: outcome.attempt, from: 0, text: textOf(outcome), outcome };
  }

  #apiErrorOf(kind: 'gone' | 'handed-over'): ApiError {
    if (kind === 'gone') return new ApiError('chat_not_found');
    return new ApiError('draining', { messageId: this.#reading.answerId });
  }
}

/**
 * Reads an answer to its end, or until the signal aborts.
 *
 * @throws ApiError as `TurnReader.step` does
 */
export async function* readTurn(
  deps: ReadDeps,
  reading: Reading,
  wake: WakeUp,
  signal: AbortSignal,
): AsyncGenerator<AnswerEventWithCursor, void, undefined> {
  const reader = new TurnReader(deps, reading, wake);
  signal.addEventListener('abort', wake.set);
  try {
    while (!signal.aborted) {
      const { events, isOver, pauseMs } = await reader.step();
      yield* events;
      if (isOver) return;
      await wake.wait(deps.clock, pauseMs);
    }
  } finally {
    signal.removeEventListener('abort', wake.set);
    reader.close();
  }
}
