import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { ChatWire } from './chat-wire.ts';
import { ResponsesWire } from './responses-wire.ts';
import type { FinishOptions, ScriptedCallBody, ScriptedToolPiece, ScriptedWire } from './scripted-wire.ts';

/**
 * One call of the model: the request, and the means to answer it. A script or the test writes the answer piece by
 * piece; writing to a disconnected client does nothing.
 */
export class ScriptedCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: ScriptedCallBody;
  /** The body as it was sent. */
  readonly sent: unknown;
  /** The newest user message. */
  readonly message: string;
  /** The client's port, which identifies the connection. */
  readonly clientPort: number | undefined;
  /** Settles when the client disconnects before the answer is complete; never otherwise. */
  readonly aborted: Promise<void>;
  /** Settles when nothing more can be sent: the answer is complete, or the connection is closed. */
  readonly closed: Promise<void>;
  readonly #response: ServerResponse;
  readonly #wire: ScriptedWire;
  #isAborted = false;
  #flushed: Promise<void> = Promise.resolve();

  constructor(request: IncomingMessage, response: ServerResponse, body: string) {
    this.path = request.url ?? '';
    this.headers = request.headers;
    const sent = JSON.parse(body);
    this.sent = sent;
    this.#wire = this.path.endsWith('/responses') ? new ResponsesWire(sent) : new ChatWire(sent);
    this.body = this.#wire.body;
    this.message = this.body.messages.findLast(({ role }) => role === 'user')?.content ?? '';
    this.clientPort = request.socket.remotePort;
    this.#response = response;
    const aborted = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    this.aborted = aborted.promise;
    this.closed = closed.promise;
    response.on('close', () => {
      closed.resolve();
      if (response.writableFinished) return;
      this.#isAborted = true;
      aborted.resolve();
    });
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  /** Sends the status and the headers of a stream, without any piece. */
  open(): void {
    if (this.#response.headersSent || this.#isOver) return;
    this.#response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#response.flushHeaders();
  }

  /** Sends a piece of the answer's text. */
  text(content: string): void {
    this.raw(this.#wire.text(content));
  }

  /** Sends a piece of a tool call. */
  toolCall(piece: ScriptedToolPiece): void {
    this.raw(this.#wire.toolCall(piece));
  }

  /** Sends an error within the answer. */
  error(error: object): void {
    this.raw(this.#wire.error(error));
  }

  /** Sends any chunk of Chat Completions; the common fields of all chunks are added. */
  chunk(fields: object): void {
    this.raw(new ChatWire(this.body).chunk(fields));
  }

  /** Sends these characters or bytes as they are. */
  raw(text: string | Uint8Array): void {
    this.open();
    if (this.#isOver) return;
    this.#flushed = new Promise((resolve) => this.#response.write(text, () => resolve()));
  }

  /** Settles when all data has been written to the socket. */
  flushed(): Promise<void> {
    return this.#flushed;
  }

  /** Ends the answer as a server does: the finish reason, the usage if it was requested, the end mark. */
  finish(options: FinishOptions = {}): void {
    this.raw(this.#wire.finish(options));
    this.end();
  }

  /** Ends the response normally, complete or not. */
  end(): void {
    this.open();
    if (!this.#isOver) this.#response.end();
  }

  /** Closes the connection in the middle of the answer. */
  cut(): void {
    this.#response.destroy();
  }

  /** Answers with a status and a JSON body instead of a stream. */
  status(status: number, body: unknown, headers: Record<string, string> = {}): void {
    if (this.#isOver) return;
    this.#response.writeHead(status, { 'content-type': 'application/json', ...headers });
    this.#response.end(JSON.stringify(body));
  }

  /** The client has disconnected, or the response was ended. */
  get #isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }
}
