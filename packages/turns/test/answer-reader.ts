import type { AnswerEvent, Id, StreamCursor } from '@parley/contract';
import type { Scope } from '@parley/db';
import type { AnswerEventWithCursor } from '../src/index.ts';
import type { Replica } from './harness.ts';

export interface ReadFrom {
  readonly chat: Id<'chat'>;
  readonly answerId: string;
  readonly from?: StreamCursor | null | undefined;
}

/** A client that reads an answer without delay and reduces its events to the text it shows. */
export class AnswerReader {
  readonly events: AnswerEventWithCursor[] = [];
  text = '';
  end: Extract<AnswerEvent, { type: 'end' }> | undefined;
  /** Resolves at the end of the stream, with the error that ended it or undefined. */
  readonly done: Promise<unknown>;
  readonly #abort = new AbortController();

  constructor(replica: Replica, scope: Scope, { chat, answerId, from }: ReadFrom) {
    this.done = replica.turns
      .read(scope, { chat, answerId, from }, this.#abort.signal)
      .then(async ({ events }) => {
        for await (const placed of events) this.#take(placed);
      })
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  }

  get types(): string[] {
    return this.events.map(({ event }) => event.type);
  }

  get cursor(): StreamCursor | undefined {
    return this.events.at(-1)?.cursor;
  }

  /** Disconnects. Resolves when no further event can arrive. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.done;
  }

  #take(placed: AnswerEventWithCursor): void {
    this.events.push(placed);
    const { event } = placed;
    if (event.type === 'text-delta') this.text += event.text;
    if (event.type === 'snapshot') this.text = event.text;
    if (event.type === 'end') this.end = event;
  }
}

/** Reads an answer in stretches of `length` events, on alternating processes, each from the last cursor. */
export class RelayReader {
  text = '';
  readonly types: string[] = [];
  readonly texts: string[] = [];
  readonly done: Promise<void>;
  stretches = 0;

  constructor(replicas: readonly Replica[], scope: Scope, place: ReadFrom, length: number) {
    this.done = this.#read(replicas, scope, place, length);
  }

  async #read(replicas: readonly Replica[], scope: Scope, place: ReadFrom, length: number): Promise<void> {
    let from = place.from;
    while (this.types.at(-1) !== 'end') {
      const replica = replicas[this.stretches % replicas.length];
      if (!replica) throw new Error('no replica to read from');
      this.stretches++;
      const { events } = await replica.turns.read(scope, { ...place, from }, new AbortController().signal);
      let left = length;
      for await (const { event, cursor } of events) {
        from = cursor;
        this.types.push(event.type);
        if (event.type === 'text-delta') this.texts.push(event.text);
        if (event.type === 'text-delta') this.text += event.text;
        if (event.type === 'snapshot') this.text = event.text;
        if (--left === 0) break;
      }
    }
  }
}
