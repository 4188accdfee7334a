import type { Id, StreamCursor } from '@parley/contract';
import type { AnswerEventWithCursor } from '../../src/index.ts';
import type { ReaderConnection } from '../../src/testing/index.ts';
import type { Ledger } from './ledger.ts';
import { cutSometime, openStream, type StreamEnd } from './stream.ts';
import type { World } from './world.ts';

/** A cursor that no server issued, in the form that `checkReaders` gets. */
const UNKNOWN_CURSOR: StreamCursor = { attempt: 0, part: 0, offset: 1 };
/** A cursor that no run reaches. */
const IMPOSSIBLE: StreamCursor = { attempt: 99, part: 1, offset: 999 };
/** After so many `message_not_found` the answer counts as missing: never stored, or removed with its chat. */
const MISSES_MAX = 3;
/** The longest delay of an end: a poll of half a second, several round trips to the database, and a slow reader. */
const REPORT_MS = 1_300;
const SLOW_MS = 500;

/** A reader of one answer that reconnects to any process after random cuts, until the end. */
export class AnswerReader {
  readonly #world: World;
  readonly #chat: Id<'chat'>;
  readonly #answerId: Id<'message'>;
  readonly #name: string;
  readonly #connections: ReaderConnection[] = [];
  #misses = 0;
  #hasEnded = false;

  constructor(world: World, ledger: Ledger, chat: Id<'chat'>, answerId: Id<'message'>, name: string) {
    this.#world = world;
    this.#chat = chat;
    this.#answerId = answerId;
    this.#name = name;
    ledger.of(chat).readers.push({ name, answerId, connections: this.#connections });
  }

  async read(): Promise<void> {
    const { random } = this.#world;
    let from: StreamCursor | null | undefined;
    while (!this.#hasEnded && this.#misses < MISSES_MAX) {
      const last = await this.#connect(from);
      from = last ?? from;
      if (this.#world.isStormy && random.chance(0.05)) from = random.pick([undefined, null, IMPOSSIBLE]);
      await this.#world.wait(random.skewed(1, 500));
    }
    // A reader that reconnects after the end receives nothing twice.
    if (this.#hasEnded && random.chance(0.2)) await this.#connect(from);
  }

  /** One connection; returns the cursor of its last event. */
  async #connect(from: StreamCursor | null | undefined): Promise<StreamCursor | undefined> {
    const world = this.#world;
    const connectedAt = world.scheduler.now;
    const replica = world.anyReplica();
    if (!replica) return undefined;
    const { scope } = world;
    const stream = openStream<AnswerEventWithCursor>(world, replica, async (turns, signal) => {
      const answer = await turns.read(scope, { chat: this.#chat, answerId: this.#answerId, from }, signal);
      return answer.events;
    });
    cutSometime(world, stream, 0.5);
    const end = await stream.end;
    const { events } = stream;
    this.#connections.push({ ...(from !== undefined && { from: from ?? UNKNOWN_CURSOR }), events });
    this.#note(replica.process.name, from, events, end);
    this.#check(end, from, events);
    if (end === 'over' && events.length > 0)
      world.checkReport(this.#name, this.#answerId, connectedAt, REPORT_MS + events.length * SLOW_MS);
    return events.at(-1)?.cursor;
  }

  #check(end: StreamEnd, from: StreamCursor | null | undefined, events: ReaderConnection['events']): void {
    const last = events.at(-1)?.event.type;
    if (last === 'end') this.#hasEnded = true;
    if (end === 'cut') return;
    if (end === 'over') {
      const wasOver = this.#hasEnded && from !== undefined && events.length === 0;
      if (last !== 'end' && !wasOver) this.#world.offend(`${this.#name}: a stream ended without an end`);
    } else if (end.code === 'message_not_found' || end.code === 'chat_not_found') {
      this.#misses++;
    }
  }

  #note(at: string, from: StreamCursor | null | undefined, events: unknown, end: StreamEnd): void {
    const how = typeof end === 'string' ? end : end.code;
    this.#world.note(
      `${this.#name} of ${this.#answerId} at ${at} from ${JSON.stringify(from)}: ${JSON.stringify(events)} ${how}`,
    );
  }
}
