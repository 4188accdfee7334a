import type { JsonObject, JsonValue } from '@parley/contract';
import type { AgentUsage } from './agent.ts';
import type { AnswerReasoning } from './answer-reasoning.ts';
import type { AnswerSources } from './answer-sources.ts';
import type { AnswerText } from './answer-text.ts';
import { type AssembledCalls, CallAssembler, TooManyCalls } from './call-assembler.ts';
import type { ModelFinishReason, ModelPiece, ModelTool, ToolCallPiece } from './model/model.ts';
import type { ModelFailure } from './model/model-failure.ts';
import type { Watch } from './watch.ts';

/** The data of a complete answer beside its text. */
export interface AnswerEnd {
  readonly finishReason: ModelFinishReason;
  readonly model: string | undefined;
  readonly usage: AgentUsage | undefined;
  /** The tools the model calls, in order. */
  readonly calls: AssembledCalls['calls'];
  /** Opaque data of this step that must be sent back to the model's server. */
  readonly opaque: JsonObject;
}

/** The dependencies of reading an answer. */
export interface ReadingDeps {
  readonly answer: AnswerText;
  readonly reasoning: AnswerReasoning;
  readonly sources: AnswerSources;
  readonly watch: Watch;
  readonly tools: readonly ModelTool[];
  readonly tailMaxMs: number;
  /** Closes the connection. */
  readonly stop: () => void;
}

/** The maximum length of opaque data as JSON, so that a turn stays far below MongoDB's 16 MB. */
const OPAQUE_LENGTH_MAX = 256 * 1024;

/**
 * Reads one answer of a model from its pieces. The text goes to `answer`, which emits once for each read of the
 * connection, and the reasoning to `reasoning`, in the order in which they arrive.
 *
 * An answer is complete when the server marks its end after a finish reason, after some text, or after complete
 * calls; without such a mark, `tailMaxMs` after a finish reason and the last piece. A connection that closes without
 * these is a failure. An error after a finish reason loses at most the usage, unless more of the answer followed a
 * reason: then the server sends a reason with each piece, and an error may have cut the answer. An answer that exceeds
 * its maximum length is cut.
 */
export class AnswerReading {
  /** Resolves with the end of the answer; rejects with errors of `emit`. */
  readonly end: Promise<AnswerEnd | ModelFailure>;
  readonly #resolve: (end: AnswerEnd | ModelFailure) => void;
  readonly #reject: (error: unknown) => void;
  readonly #deps: ReadingDeps;
  readonly #calls: CallAssembler;
  #finishReason: ModelFinishReason | undefined;
  /** Text or a call followed a finish reason, so the reasons of this answer do not mark its end. */
  #hasMoreAfterReason = false;
  #model: string | undefined;
  #usage: AgentUsage | undefined;
  #opaque: JsonObject = {};
  #opaqueLength = 0;
  #tail: NodeJS.Timeout | undefined;
  #isDone = false;
  #isSettled = false;

  constructor(deps: ReadingDeps) {
    ({
      promise: this.end,
      resolve: this.#resolve,
      reject: this.#reject,
    } = Promise.withResolvers<AnswerEnd | ModelFailure>());
    this.#deps = deps;
    this.#calls = new CallAssembler(deps.tools);
  }

  /** The usage that the server has reported so far. */
  get usage(): AgentUsage | undefined {
    return this.#usage;
  }

  /** Takes the pieces of one read of the connection. */
  readonly take = (pieces: readonly ModelPiece[]): void => {
    const last = pieces.at(-1);
    const isOver = last?.type === 'end' || last?.type === 'error';
    if (isOver) clearTimeout(this.#tail);
    // The rest of the body is still read after the end, so that the connection can serve the next call.
    if (this.#isSettled) return;
    try {
      let isHeard = false;
      for (const piece of pieces) isHeard = this.#takePiece(piece) || isHeard;
      this.#deps.reasoning.flush();
      this.#deps.answer.flush();
      if (isHeard) this.#deps.watch.heard();
      this.#settle(last, isHeard);
    } catch (error) {
      if (error instanceof TooManyCalls) this.#fail(failed('the model calls tools without end'));
      else this.#throw(error);
    }
  };

  /** Whether the piece belongs to the answer itself. */
  #takePiece(piece: ModelPiece): boolean {
    switch (piece.type) {
      case 'text':
        this.#hasMoreAfterReason ||= this.#finishReason !== undefined;
        this.#deps.reasoning.flush();
        this.#deps.answer.add(piece.text);
        return true;
      case 'reasoning':
        this.#deps.answer.flush();
        this.#deps.reasoning.add(piece.text);
        return true;
      case 'tool-call':
        this.#hasMoreAfterReason ||= this.#finishReason !== undefined;
        this.#calls.take(piece satisfies ToolCallPiece);
        return true;
      case 'source':
        this.#deps.sources.add(piece);
        return true;
      case 'opaque':
        this.#takeOpaque(piece);
        return false;
      case 'model':
        this.#model = piece.name;
        return false;
      case 'usage':
        this.#takeUsage(piece);
        return false;
      case 'finish':
        // Some servers send `stop` after another reason; it does not replace that reason.
        if (this.#finishReason === undefined || piece.reason !== 'stop') this.#finishReason = piece.reason;
        return false;
      case 'done':
        this.#isDone = true;
        return false;
      default:
        return false;
    }
  }

  /**
   * Only a step with tool calls is sent back. A truncated field is useless, so all fields are dropped if they are too
   * long.
   */
  #takeOpaque({ name, value }: Extract<ModelPiece, { type: 'opaque' }>): void {
    if (this.#deps.tools.length === 0) return;
    this.#opaqueLength += typeof value === 'string' ? value.length : JSON.stringify(value).length;
    if (this.#opaqueLength > OPAQUE_LENGTH_MAX) this.#opaque = {};
    else this.#opaque[name] = joined(this.#opaque[name], value);
  }

  /** A usage of zero is ignored, because it would replace an earlier report. */
  #takeUsage({ inputTokens, outputTokens }: AgentUsage): void {
    if (inputTokens + outputTokens > 0) this.#usage = { inputTokens, outputTokens };
  }

  #settle(last: ModelPiece | undefined, isHeard: boolean): void {
    if (this.#deps.answer.isCut) {
      this.#complete('length');
      this.#deps.stop();
    } else if (this.#isDone) {
      this.#endMarked();
    } else if (last?.type === 'end' || last?.type === 'error') {
      this.#endUnmarked(last);
    } else if (this.#finishReason !== undefined) {
      this.#waitForTail(isHeard);
    }
  }

  /**
   * The server marks the end of the answer. If there is text or a complete call, the mark counts as a finish reason.
   */
  #endMarked(): void {
    // A server that does not close its stream is disconnected after a while.
    this.#waitForTail(false);
    const { calls, areWhole } = this.#calls.all();
    if (this.#finishReason !== undefined) this.#complete(this.#finishReason);
    else if (calls.length > 0 && areWhole) this.#complete('tool_calls');
    else if (calls.length === 0 && this.#deps.answer.hasNew) this.#complete('stop');
    else this.#fail(failed('the stream ended without a finish reason'));
  }

  #endUnmarked(last: Extract<ModelPiece, { type: 'end' | 'error' }>): void {
    const isCut = last.type === 'error' && this.#hasMoreAfterReason;
    if (this.#finishReason !== undefined && !isCut) this.#complete(this.#finishReason);
    else if (last.type === 'error') this.#fail(last.failure);
    else this.#fail(failed('the stream ended without a finish reason'));
  }

  #waitForTail(isHeard: boolean): void {
    if (this.#tail && isHeard) this.#tail.refresh();
    this.#tail ??= setTimeout(() => {
      if (this.#finishReason !== undefined && !this.#isSettled) this.#complete(this.#finishReason);
      this.#deps.stop();
    }, this.#deps.tailMaxMs);
  }

  #complete(finishReason: ModelFinishReason): void {
    try {
      this.#deps.answer.end();
    } catch (error) {
      this.#throw(error);
      return;
    }
    this.#isSettled = true;
    const { calls } = this.#calls.all();
    const opaque = this.#opaque;
    this.#resolve({ finishReason, model: this.#model, usage: this.#usage, calls, opaque });
  }

  #fail(failure: ModelFailure): void {
    this.#isSettled = true;
    this.#resolve(failure);
    this.#deps.stop();
  }

  #throw(error: unknown): void {
    this.#isSettled = true;
    this.#reject(error);
    this.#deps.stop();
  }
}

function failed(reason: string): ModelFailure {
  return { code: 'model_failed', retry: 'later', cause: new Error(reason) };
}

function joined(before: JsonValue | undefined, more: JsonValue): JsonValue {
  if (typeof before === 'string' && typeof more === 'string') return before + more;
  if (!Array.isArray(before) || !Array.isArray(more)) return more;
  before.push(...more);
  return before;
}
