import { ApiError, type Id, type StreamCursor } from '@parley/contract';
import type { TurnDeps } from '../dependencies.ts';
import type { RunningTurns } from '../run/run.ts';
import { type TurnOutcome, tapeOfOutcome } from '../turn-outcome.ts';
import type { AnswerEventWithCursor, AnswerIds, KnownText } from './answer-events.ts';
import type { Followers } from './followers.ts';
import { WAITING_POLL_MS } from './intervals.ts';
import { ReaderPosition } from './reader-position.ts';
import type { Reads } from './reads.ts';
import { type RemoteReading, RemoteTurn, type RemoteView } from './remote-turn.ts';
import type { WakeUp } from './wake-up.ts';

/**
 * The dependencies of readers, besides the ports: the turns that run in this process, and the shared reads of other
 * turns.
 */
export interface ReadDeps extends TurnDeps {
  readonly followers: Followers;
  readonly running: RunningTurns;
  readonly reads: Reads;
  /** Whether a turn waits for a place in this process, so that the start of its run notifies its readers. */
  readonly isWaiting: (turn: Id<'turn'>) => boolean;
}

/** The turn that is read, and the cursor. */
export interface Reading extends AnswerIds, RemoteReading {
  /** The reader's last event; null for a cursor that no server issued. */
  readonly from: StreamCursor | null | undefined;
}

/** The result of one step of reading. */
interface Step {
  readonly events: readonly AnswerEventWithCursor[];
  readonly isOver: boolean;
  /** The time until the next step if no notification comes; undefined waits for a notification. */
  readonly pauseMs: number | undefined;
}

/**
 * Reads one answer, wherever it runs, step by step: first the existing text, then new text. In the process of the
 * run the text comes from memory, elsewhere from the log. The reader pulls, so a slow one uses no memory except its
 * position.
 */
export class TurnReader {
  readonly #deps: ReadDeps;
  readonly #reading: Reading;
  readonly #position: ReaderPosition;
  readonly #remote: RemoteTurn;
  readonly #detach: (() => void)[];
  #outcome: TurnOutcome | undefined;

  /**
   * Attaches its listeners before the first read, so that it misses no event. Calls `wake.set` when a step may have
   * new events.
   */
  constructor(deps: ReadDeps, reading: Reading, wake: WakeUp) {
    const { followers } = deps;
    const { access, turn, from } = reading;
    this.#deps = deps;
    this.#reading = reading;
    this.#position = new ReaderPosition(reading, from);
    this.#remote = new RemoteTurn(deps, reading);
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
   * @throws ApiError `chat_not_found` when the chat was deleted; `draining` when this process disconnects its
   * readers; `database_unavailable` when the database was unreachable for a whole lease.
   */
  async step(): Promise<Step> {
    const local = this.#local();
    const view = local ?? (await this.#remote.poll(this.#position));
    // An end that this process noticed during the query is newer than its result.
    const known = this.#outcome && !local ? this.#ofOutcome(this.#outcome) : view;
    const isWaiting = this.#deps.isWaiting(this.#reading.turn);
    const pauseMs = local ? undefined : isWaiting ? WAITING_POLL_MS : this.#remote.pauseMs;
    if (known === 'queued') return { events: [], isOver: false, pauseMs };
    if (known === 'waiting') return { events: this.#position.begin(), isOver: false, pauseMs };
    if ('turnsBefore' in known) return { events: this.#position.queue(known), isOver: false, pauseMs };
    if ('kind' in known) throw this.#apiErrorOf(known.kind);
    return { events: this.#position.advance(known), isOver: known.outcome !== undefined, pauseMs };
  }

  close(): void {
    for (const detach of this.#detach) detach();
  }

  /**
   * The state of the turn, if this process knows it without a query: its end, or a run whose lease this process
   * holds.
   */
  #local(): RemoteView | undefined {
    if (this.#outcome) return this.#ofOutcome(this.#outcome);
    const { running, clock } = this.#deps;
    const run = running.get(this.#reading.turn);
    // A process that was suspended and resumed must not show the text of a run that another process may have taken
    // over.
    if (!run || clock.now() >= run.deadline) return undefined;
    // This run was claimed only to end the turn with the text of an older run.
    if (run.turn.isCancelled) return undefined;
    const { attempt, text, waitsUntil } = run;
    return { attempt, from: 0, text, ...(waitsUntil && { waitsUntil }) };
  }

  #ofOutcome(outcome: TurnOutcome): KnownText | Exclude<TurnOutcome, { attempt: number }> {
    if (!('attempt' in outcome)) return outcome;
    return { attempt: outcome.attempt, from: 0, text: tapeOfOutcome(outcome), outcome };
  }

  #apiErrorOf(kind: 'deleted' | 'handed-over'): ApiError {
    if (kind === 'deleted') return new ApiError('chat_not_found');
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
      // `yield*` would wrap the list in an iterator of promises.
      for (const event of events) yield event;
      if (isOver) return;
      await wake.wait(deps.clock, pauseMs);
    }
  } finally {
    signal.removeEventListener('abort', wake.set);
    reader.close();
  }
}
