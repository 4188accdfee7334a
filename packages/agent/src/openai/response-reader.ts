import type { IncomingMessage } from 'node:http';
import type { OnPieces } from '../model/model.ts';
import type { ModelFailure } from '../model/model-failure.ts';
import type { AnswerPieces } from './answer-pieces.ts';
import { BrokenCall, NotTheApi } from './broken-call.ts';
import { EventStream } from './event-stream.ts';

/** Reads the events of one API. It adds pieces to `pieces`, which the caller takes after each read. */
export interface EventReader {
  readonly pieces: AnswerPieces;
  /** @throws BrokenCall when the event is an error, or not an event of this API */
  takeEvent(data: string, name: string): void;
  /**
   * Reads a complete JSON answer, which some servers send for a streamed request.
   *
   * @throws BrokenCall as `takeEvent`
   */
  takeBody(body: unknown): void;
  /** Records that the server sends no more events. */
  finish(): void;
}

/** The maximum length of an answer that is read as one JSON document. */
const BODY_LENGTH_MAX = 4 * 1024 * 1024;

type BodyKind = 'events' | 'json';

/**
 * Reads a response: server-sent events, or JSON. The first character decides, because servers send wrong content
 * types. All pieces of one read are passed on together.
 */
export class ResponseReader {
  readonly #response: IncomingMessage;
  readonly #reader: EventReader;
  readonly #onPieces: OnPieces;
  readonly #toFailure: (error: unknown) => ModelFailure;
  readonly #events: EventStream;
  #kind: BodyKind | undefined;
  /** The received part of a body whose format is not known yet, or that is JSON. */
  #text = '';
  #isOver = false;

  constructor(
    response: IncomingMessage,
    reader: EventReader,
    onPieces: OnPieces,
    toFailure: (error: unknown) => ModelFailure,
  ) {
    this.#response = response;
    this.#reader = reader;
    this.#onPieces = onPieces;
    this.#toFailure = toFailure;
    this.#events = new EventStream((data, name) => reader.takeEvent(data, name));
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#read(() => this.#push(text)));
    response.on('close', () => this.#close());
    // A broken connection emits two events. The close, which comes second, is handled.
    response.on('error', () => undefined);
    const packing = response.headers['content-encoding'] ?? 'identity';
    if (packing !== 'identity')
      this.#fail(new BrokenCall(`the answer is packed (${packing})`, { isFinal: true }));
  }

  #read(read: () => void): void {
    if (this.#isOver) return;
    try {
      read();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#reader.pieces.isEmpty) this.#onPieces(this.#reader.pieces.take());
  }

  #push(text: string): void {
    if (this.#kind === 'events') {
      this.#events.push(text);
      return;
    }
    this.#text += text;
    this.#kind ??= kindOf(this.#text);
    if (this.#text.length > BODY_LENGTH_MAX)
      throw new BrokenCall('the answer is too long', { isFinal: true });
    if (this.#kind !== 'events') return;
    const begun = withoutMark(this.#text);
    this.#text = '';
    this.#events.push(begun);
  }

  #close(): void {
    if (!this.#response.complete) this.#fail(new BrokenCall('the connection broke within the answer'));
    this.#read(() => {
      if (this.#kind === 'json') this.#reader.takeBody(parseBody(withoutMark(this.#text)));
      else this.#events.end();
      this.#reader.finish();
    });
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onPieces([{ type: 'end' }]);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onPieces([...this.#reader.pieces.take(), { type: 'error', failure: this.#toFailure(error) }]);
    this.#response.destroy();
  }
}

/** @throws NotTheApi when it is an HTML page */
function kindOf(text: string): BodyKind | undefined {
  const first = /[^\s\uFEFF]/.exec(text)?.[0];
  if (first === undefined) return undefined;
  if (first === '<')
    throw new NotTheApi('the address answers with a web page, not the API: it may lack `/v1`');
  return first === '{' || first === '[' ? 'json' : 'events';
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be part of the answer.
    throw new BrokenCall('the answer is broken JSON');
  }
}
