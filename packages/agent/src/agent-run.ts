import type { ToolCall, ToolStep } from '@parley/contract';
import type OpenAI from 'openai';
import type { AgentInput, AgentOutcome, AgentUsage } from './agent.ts';
import { AnswerText } from './answer-text.ts';
import type { AgentBounds } from './bounds.ts';
import type { ContextMessage } from './build-context.ts';
import { type CallFailure, failureOf, failureOfEmptyAnswer } from './call-failure.ts';
import { conversationOf, textsOf } from './conversation.ts';
import { estimateUsage } from './estimate-usage.ts';
import { HttpExchange } from './http-fetch.ts';
import type { ModelClient, ModelRequest } from './model-client.ts';
import { ModelError } from './model-error.ts';
import { type AnswerEnd, readAnswer } from './read-answer.ts';
import { retryPauseMs } from './retry-pause.ts';
import { fitResults } from './tools/fit-results.ts';
import type { Toolbox } from './tools/toolbox.ts';
import { Watch } from './watch.ts';

/** What an answer is asked for with. */
export interface AnswerPlan {
  readonly client: ModelClient;
  readonly model: string;
  readonly apiKey: string;
  readonly context: readonly ContextMessage[];
  /** For the results of all tools together, in estimated tokens. */
  readonly budgetTokens: number;
  readonly temperature: number | undefined;
  readonly tools: readonly OpenAI.ChatCompletionFunctionTool[];
}

/** An answer of the model: the end of ours, or calls of tools. */
interface ModelAnswer {
  readonly end: AnswerEnd;
  readonly calls: readonly ToolCall[];
}

/** One answer: the calls of the model and of tools until there is one, or until it is given up. */
export class AgentRun {
  readonly #plan: AnswerPlan;
  readonly #toolbox: Toolbox;
  readonly #input: Pick<AgentInput, 'signal' | 'steps' | 'keepSteps' | 'onAbort'>;
  readonly #bounds: AgentBounds;
  readonly #exchange = new HttpExchange();
  readonly #stopTools = new AbortController();
  readonly #answer: AnswerText;
  readonly #watch: Watch;
  readonly #steps: ToolStep[];
  #usage: AgentUsage | undefined;
  /** Of the calls whose usage the server did not tell. */
  #estimate: AgentUsage | undefined;
  /** The call that is under way. */
  #asking: ModelRequest | undefined;

  constructor(
    plan: AnswerPlan,
    toolboxOf: (stop: AbortSignal) => Toolbox,
    input: Pick<AgentInput, 'signal' | 'emit' | 'steps' | 'keepSteps' | 'onAbort'>,
    bounds: AgentBounds,
  ) {
    this.#plan = plan;
    this.#toolbox = toolboxOf(this.#stopTools.signal);
    this.#input = input;
    this.#bounds = bounds;
    this.#steps = [...(input.steps ?? [])];
    this.#answer = new AnswerText(input.emit, bounds.answerLengthMax);
    this.#watch = new Watch(input.signal, bounds, () => {
      this.#exchange.stop();
      this.#stopTools.abort();
    });
  }

  /** @throws ModelError; the signal's reason; what emitting and keeping throw. */
  async outcome(): Promise<AgentOutcome> {
    try {
      await this.#goOn();
      for (;;) {
        const { end, calls } = await this.#ask();
        if (calls.length === 0) return this.#outcomeOf(end);
        this.#steps.push({ text: this.#answer.part, calls });
        await this.#callTools();
      }
    } catch (error) {
      if (this.#input.signal.aborted) this.#tellSpent();
      throw error;
    } finally {
      this.#watch.close();
    }
  }

  /** What was under way is paid for too, and its server tells nothing of it any more. */
  #tellSpent(): void {
    const { requests: calls } = this.#exchange;
    if (calls === 0) return;
    const open = this.#asking && this.#estimateOf(this.#asking);
    const usage = sumOf(sumOf(this.#usage, this.#estimate), open) ?? { inputTokens: 0, outputTokens: 0 };
    this.#input.onAbort?.({ model: this.#plan.model, calls, usage });
  }

  #estimateOf({ messages }: ModelRequest): AgentUsage {
    return estimateUsage(textsOf(messages), this.#answer.part);
  }

  /** Takes up what an earlier run left: emits its text again, and ends the step it was in. */
  async #goOn(): Promise<void> {
    for (const { text } of this.#steps) this.#answer.repeatPart(text);
    const isOpen = this.#steps.at(-1)?.calls.some(({ result }) => result === undefined);
    if (isOpen) await this.#callTools();
  }

  /** Asks the model until it answers. A failure before any text of this answer was emitted may be passing. */
  async #ask(): Promise<ModelAnswer> {
    this.#answer.beginPart();
    this.#watch.rest();
    const callsBefore = this.#exchange.requests;
    for (;;) {
      const result = await this.#attempt(callsBefore + this.#bounds.callsMax);
      if ('end' in result) return result;
      const pauseMs = this.#pauseAfter(result, callsBefore);
      if (pauseMs === undefined) throw this.#errorOf(result);
      await this.#watch.pause(pauseMs);
    }
  }

  async #attempt(callsMax: number): Promise<ModelAnswer | CallFailure> {
    this.#answer.restart();
    const request = this.#request();
    this.#asking = request;
    try {
      const response = await this.#plan.client.ask(request, this.#exchange, callsMax);
      const end = await readAnswer(response, this.#answer, this.#watch, this.#bounds.tailMaxMs);
      this.#asking = undefined;
      this.#usage = sumOf(this.#usage, end.usage);
      if (!end.usage) this.#estimate = sumOf(this.#estimate, this.#estimateOf(request));
      const calls = this.#callsOf(end, request);
      const isEmpty = calls.length === 0 && this.#answer.text === '';
      return isEmpty ? failureOfEmptyAnswer(end.finishReason) : { end, calls };
    } catch (error) {
      this.#input.signal.throwIfAborted();
      this.#asking = undefined;
      const timeout = this.#timeout();
      if (timeout) return timeout;
      const failure = failureOf(error, { apiKey: this.#plan.apiKey, messages: textsOf(request.messages) });
      if (failure) return failure;
      throw error;
    }
  }

  #request(): ModelRequest {
    const { model, context, temperature, tools } = this.#plan;
    return {
      model,
      messages: conversationOf(context, this.#steps),
      temperature,
      tools,
      mustAnswer: this.#steps.length >= this.#bounds.toolStepsMax,
    };
  }

  /** The calls to be made; one that was cut in the middle is none, nor is one that nobody asked for. */
  #callsOf({ calls, finishReason }: AnswerEnd, { tools, mustAnswer }: ModelRequest): ToolCall[] {
    if (!tools?.length || mustAnswer || UNFINISHED.includes(finishReason)) return [];
    const { toolCallsPerStepMax, toolArgumentsLengthMax } = this.#bounds;
    return calls.slice(0, toolCallsPerStepMax).map(({ id, name, arguments: written }, index) => ({
      id: id || mintCallId(this.#steps.length, index),
      name: name.slice(0, NAME_LENGTH_MAX).toWellFormed(),
      // One more than may be, so that it is known to be too long.
      arguments: written.slice(0, toolArgumentsLengthMax + 1).toWellFormed(),
    }));
  }

  /** Calls the tools of the newest step, all at once; kept before, so that a call can be made again as it was. */
  async #callTools(): Promise<void> {
    const number = this.#steps.length;
    const step = this.#steps[number - 1];
    if (!step) return;
    this.#watch.rest();
    await this.#input.keepSteps([...this.#steps]);
    this.#refuseEnded();
    const results = await Promise.all(
      step.calls.map((call, index) => this.#toolbox.call(call, { step: number, index: index + 1 })),
    );
    this.#refuseEnded();
    const told = this.#steps.flatMap(({ calls }) => calls.flatMap(({ result }) => result ?? []));
    const { toolResultLengthMax: lengthMax } = this.#bounds;
    const fitted = fitResults(results, told, { lengthMax, budgetTokens: this.#plan.budgetTokens });
    const calls = step.calls.map((call, index) => ({ ...call, result: fitted[index] ?? '' }));
    this.#steps[number - 1] = { ...step, calls };
    await this.#input.keepSteps([...this.#steps]);
    this.#refuseEnded();
  }

  /** @throws the signal's reason, or ModelError when the answer has had its time */
  #refuseEnded(): void {
    this.#input.signal.throwIfAborted();
    const timeout = this.#timeout();
    if (timeout) throw this.#errorOf(timeout);
  }

  #timeout(): CallFailure | undefined {
    const { timeout } = this.#watch;
    return timeout === undefined
      ? undefined
      : { code: 'model_timeout', isPassing: false, cause: new Error(timeout) };
  }

  /**
   * An answer with text stands, whatever the model's reason to end it: only `length` is told apart. One that
   * the server's filter ended is complete as far as it will ever be.
   */
  #outcomeOf(end: AnswerEnd): AgentOutcome {
    return {
      text: this.#answer.text,
      finishReason: end.finishReason === 'length' ? 'length' : 'stop',
      model: end.model ?? this.#plan.model,
      usage: this.#usage,
      ...(!this.#usage && { estimate: this.#estimate }),
      calls: this.#exchange.requests,
    };
  }

  #pauseAfter(failure: CallFailure, callsBefore: number): number | undefined {
    const { callsMax, retryDelayMs } = this.#bounds;
    return retryPauseMs(
      {
        failure,
        calls: this.#exchange.requests - callsBefore,
        callsMax,
        hasEmitted: this.#answer.part !== '',
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

/** The model's words for an answer that did not come to its end. */
const UNFINISHED: readonly string[] = ['length', 'content_filter'];

/** As long as the name of a tool may be. */
const NAME_LENGTH_MAX = 64;

/** Nine letters and digits, which every server takes. */
function mintCallId(step: number, index: number): string {
  return `call${String(step * 100 + index).padStart(5, '0')}`;
}

function sumOf(sum: AgentUsage | undefined, more: AgentUsage | undefined): AgentUsage | undefined {
  if (!sum || !more) return sum ?? more;
  return {
    inputTokens: sum.inputTokens + more.inputTokens,
    outputTokens: sum.outputTokens + more.outputTokens,
  };
}
