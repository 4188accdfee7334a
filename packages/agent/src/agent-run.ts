import type { AgentInput, AgentOutcome, AgentUsage } from './agent.ts';
import { AnswerText } from './answer-text.ts';
import type { AgentBounds } from './bounds.ts';
import { type CallFailure, type CallSecrets, failureOf, failureOfEmptyAnswer } from './call-failure.ts';
import { HttpExchange } from './http-fetch.ts';
import type { ModelClient, ModelRequest } from './model-client.ts';
import { ModelError } from './model-error.ts';
import { type AnswerEnd, readAnswer } from './read-answer.ts';
import { retryPauseMs } from './retry-pause.ts';
import { Watch } from './watch.ts';

/** One answer: the calls of the model until there is one, or until it is given up. */
export class AgentRun {
  readonly #client: ModelClient;
  readonly #request: ModelRequest;
  readonly #secrets: CallSecrets;
  readonly #signal: AbortSignal;
  readonly #bounds: AgentBounds;
  readonly #exchange = new HttpExchange();
  readonly #answer: AnswerText;
  readonly #watch: Watch;
  #usage: AgentUsage | undefined;

  constructor(
    client: ModelClient,
    request: ModelRequest,
    apiKey: string,
    input: Pick<AgentInput, 'signal' | 'emit'>,
    bounds: AgentBounds,
  ) {
    this.#client = client;
    this.#request = request;
    this.#secrets = { apiKey, messages: request.messages };
    this.#signal = input.signal;
    this.#bounds = bounds;
    this.#answer = new AnswerText(input.emit, bounds.answerLengthMax);
    this.#watch = new Watch(input.signal, bounds, () => this.#exchange.stop());
  }

  /** @throws ModelError; the signal's reason; what emitting throws. */
  async outcome(): Promise<AgentOutcome> {
    try {
      for (;;) {
        const result = await this.#attempt();
        if ('text' in result) return result;
        const pauseMs = this.#pauseAfter(result);
        if (pauseMs === undefined) throw this.#errorOf(result);
        await this.#watch.pause(pauseMs);
      }
    } finally {
      this.#watch.close();
    }
  }

  async #attempt(): Promise<AgentOutcome | CallFailure> {
    this.#answer.restart();
    try {
      const response = await this.#client.ask(this.#request, this.#exchange, this.#bounds.callsMax);
      const end = await readAnswer(response, this.#answer, this.#watch, this.#bounds.tailMaxMs);
      this.#usage = sumOf(this.#usage, end.usage);
      return this.#answer.text === '' ? failureOfEmptyAnswer(end.finishReason) : this.#outcomeOf(end);
    } catch (error) {
      this.#signal.throwIfAborted();
      const { timeout } = this.#watch;
      if (timeout) return { code: 'model_timeout', isPassing: false, cause: new Error(timeout) };
      const failure = failureOf(error, this.#secrets);
      if (failure) return failure;
      throw error;
    }
  }

  /**
   * An answer with text stands, whatever the model's reason to end it: only `length` is told apart. One that
   * the server's filter ended is complete as far as it will ever be.
   */
  #outcomeOf(end: AnswerEnd): AgentOutcome {
    return {
      text: this.#answer.text,
      finishReason: end.finishReason === 'length' ? 'length' : 'stop',
      model: end.model ?? this.#request.model,
      usage: this.#usage,
      calls: this.#exchange.requests,
    };
  }

  #pauseAfter(failure: CallFailure): number | undefined {
    const { callsMax, retryDelayMs } = this.#bounds;
    return retryPauseMs(
      {
        failure,
        calls: this.#exchange.requests,
        callsMax,
        hasEmitted: this.#answer.text !== '',
        remainingMs: this.#watch.remainingMs,
        retryDelayMs,
      },
      Math.random(),
    );
  }

  #errorOf(failure: CallFailure): ModelError {
    return new ModelError(failure.code, {
      calls: this.#exchange.requests,
      usage: this.#usage,
      cause: failure.cause,
    });
  }
}

function sumOf(sum: AgentUsage | undefined, more: AgentUsage | undefined): AgentUsage | undefined {
  if (!sum || !more) return sum ?? more;
  return {
    inputTokens: sum.inputTokens + more.inputTokens,
    outputTokens: sum.outputTokens + more.outputTokens,
  };
}
