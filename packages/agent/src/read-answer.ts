import type { IncomingMessage } from 'node:http';
import type { ToolCall } from '@parley/contract';
import type { AgentUsage } from './agent.ts';
import type { AnswerText } from './answer-text.ts';
import { BrokenCall } from './broken-call.ts';
import { ChunkReader } from './chunk-reader.ts';
import { EventStream } from './event-stream.ts';
import type { Watch } from './watch.ts';

/** What a complete answer tells beside its text. */
export interface AnswerEnd {
  readonly finishReason: string;
  readonly model: string | undefined;
  readonly usage: AgentUsage | undefined;
  /** The tools the model calls, in order. */
  readonly calls: readonly ToolCall[];
}

/**
 * Reads a streamed answer into `answer`, which emits once for all that one read of the connection brought.
 * The answer is complete with its finish reason: whatever goes wrong after that costs the usage at most, and
 * is waited for no longer than `tailMaxMs`. An answer beyond its longest length is cut, its connection is
 * closed, and the finish reason is `length`.
 *
 * @throws BrokenCall when the stream ends, breaks or is none before there is a finish reason; what emitting
 * throws, unchanged.
 */
export function readAnswer(
  response: IncomingMessage,
  answer: AnswerText,
  watch: Watch,
  tailMaxMs: number,
): Promise<AnswerEnd> {
  return new AnswerReader(response, answer, watch, tailMaxMs).end;
}

class AnswerReader {
  readonly end: Promise<AnswerEnd>;
  readonly #resolve: (end: AnswerEnd) => void;
  readonly #reject: (error: unknown) => void;
  readonly #response: IncomingMessage;
  readonly #answer: AnswerText;
  readonly #watch: Watch;
  readonly #tailMaxMs: number;
  readonly #chunks: ChunkReader;
  readonly #events: EventStream;
  #tail: NodeJS.Timeout | undefined;
  #isSettled = false;

  constructor(response: IncomingMessage, answer: AnswerText, watch: Watch, tailMaxMs: number) {
    ({
      promise: this.end,
      resolve: this.#resolve,
      reject: this.#reject,
    } = Promise.withResolvers<AnswerEnd>());
    this.#response = response;
    this.#answer = answer;
    this.#watch = watch;
    this.#tailMaxMs = tailMaxMs;
    this.#chunks = new ChunkReader(answer);
    this.#events = new EventStream((data, name) => this.#chunks.take(data, name));
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#advance(text));
    response.on('end', () => this.#advance(undefined));
    response.on('close', () => this.#close());
    // A broken connection is told twice; the close that follows is where it is dealt with.
    response.on('error', () => undefined);
  }

  /** Takes what one read brought, or the end of the stream. */
  #advance(text: string | undefined): void {
    // What comes after the end is still read, so that the connection can serve the next call.
    if (this.#isSettled) return;
    try {
      const broken = this.#take(text);
      this.#answer.flush();
      const { finishReason } = this.#chunks;
      if (finishReason !== undefined) this.#answer.end();
      if (this.#answer.isCut) this.#completeCut();
      else if (finishReason !== undefined) this.#completeSoon(finishReason);
      else if (broken) this.#fail(broken);
      else if (this.#answer.part !== '' || this.#chunks.calls.hasBegun) this.#watch.heard();
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(text: string | undefined): BrokenCall | undefined {
    try {
      if (text === undefined) this.#events.end();
      else this.#events.push(text);
    } catch (error) {
      if (error instanceof BrokenCall) return error;
      throw error;
    }
    return undefined;
  }

  #completeSoon(finishReason: string): void {
    this.#tail ??= setTimeout(() => this.#response.destroy(), this.#tailMaxMs);
    if (this.#chunks.isDone) this.#complete(finishReason);
  }

  #completeCut(): void {
    this.#complete('length');
    this.#response.destroy();
  }

  #close(): void {
    clearTimeout(this.#tail);
    if (this.#isSettled) return;
    const { finishReason } = this.#chunks;
    if (finishReason !== undefined) this.#complete(finishReason);
    else if (this.#response.complete) this.#fail(new BrokenCall('the stream ended without a finish reason'));
    else this.#fail(new BrokenCall('the connection broke within the answer'));
  }

  #complete(finishReason: string): void {
    this.#isSettled = true;
    const { model, usage, calls } = this.#chunks;
    this.#resolve({ finishReason, model, usage, calls: calls.all() });
  }

  #fail(error: unknown): void {
    this.#isSettled = true;
    this.#reject(error);
    this.#response.destroy();
  }
}
