import type { ToolCall, ToolStep } from '@parley/contract';
import type { AgentInput, AgentOutcome, AgentUsage } from './agent.ts';
import { type AnswerEnd, AnswerReading } from './answer-reading.ts';
import { AnswerText } from './answer-text.ts';
import type { AgentBounds } from './bounds.ts';
import type { ContextMessage } from './build-context.ts';
import { conversationOf } from './conversation.ts';
import { estimateUsage } from './estimate-usage.ts';
import type { Model, ModelCall, ModelFinishReason, ModelRequest, ModelTool } from './model/model.ts';
import type { Adaptation, ModelFailure } from './model/model-failure.ts';
import { textsOf } from './model/texts-of.ts';
import { ModelError } from './model-error.ts';
import { retryPauseMs } from './retry-pause.ts';
import { fitResults } from './tools/fit-results.ts';
import type { Toolbox } from './tools/toolbox.ts';
import { Watch } from './watch.ts';

/** What an answer is asked for with. */
export interface AnswerPlan {
  readonly client: Model;
  readonly model: string;
  readonly context: readonly ContextMessage[];
  /** For the results of all tools together, in estimated tokens. */
  readonly budgetTokens: number;
  readonly temperature: number | undefined;
  readonly tools: readonly ModelTool[];
}

/** An answer of the model: the end of ours, or calls of tools. */
interface ModelAnswer {
  readonly end: AnswerEnd;
  readonly calls: readonly ToolCall[];
}

/** A call of the model that is under way. */
interface OpenCall {
  readonly request: ModelRequest;
  readonly call: ModelCall;
  readonly reading: AnswerReading;
}

type RunInput = Pick<AgentInput, 'signal' | 'emit' | 'steps' | 'saveToolSteps' | 'onWait' | 'onAbort'>;

/** One answer: the calls of the model and of tools until there is one, or until it is given up. */
export class AgentRun {
  readonly #plan: AnswerPlan;
  readonly #toolbox: Toolbox;
  readonly #input: Omit<RunInput, 'emit'>;
  readonly #bounds: AgentBounds;
  readonly #stopTools = new AbortController();
  readonly #answer: AnswerText;
  readonly #watch: Watch;
  readonly #steps: ToolStep[];
  #usage: AgentUsage | undefined;
  /** Of the calls whose usage the server did not tell. */
  #estimate: AgentUsage | undefined;
  /** HTTP calls that have ended. */
  #calls = 0;
  #open: OpenCall | undefined;

  constructor(
    plan: AnswerPlan,
    toolboxOf: (stop: AbortSignal) => Toolbox,
    input: RunInput,
    bounds: AgentBounds,
  ) {
    this.#plan = plan;
    this.#toolbox = toolboxOf(this.#stopTools.signal);
    this.#input = input;
    this.#bounds = bounds;
    this.#steps = [...(input.steps ?? [])];
    this.#answer = new AnswerText(input.emit, bounds.answerLengthMax);
    this.#watch = new Watch(input.signal, bounds, () => {
      this.#open?.call.stop();
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
        const opaque = Object.keys(end.opaque).length > 0 && { opaque: JSON.stringify(end.opaque) };
        this.#steps.push({ text: this.#answer.part, calls, ...opaque });
        await this.#callTools();
      }
    } catch (error) {
      if (this.#input.signal.aborted) this.#tellSpent();
      throw error;
    } finally {
      this.#watch.close();
    }
  }

  /** HTTP calls that were made. */
  get #callsMade(): number {
    return this.#calls + (this.#open?.call.wasSent ? 1 : 0);
  }

  /** What was under way is paid for too: as far as its server told, else an estimate. */
  #tellSpent(): void {
    const calls = this.#callsMade;
    if (calls === 0) return;
    const open = this.#open && (this.#open.reading.usage ?? this.#estimateOf(this.#open.request));
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

  /** Asks the model until it answers. After some text of this answer was emitted, a failure is final. */
  async #ask(): Promise<ModelAnswer> {
    this.#answer.beginPart();
    this.#watch.beginStep();
    const callsBefore = this.#callsMade;
    let adaptation: Adaptation | undefined;
    for (;;) {
      const result = await this.#attempt(adaptation);
      this.#watch.rest();
      if ('end' in result) return result;
      const pauseMs = this.#pauseAfter(result, callsBefore);
      if (pauseMs === undefined) throw this.#errorOf(result);
      adaptation = result.adaptation ?? adaptation;
      if (pauseMs > 0) await this.#pause(pauseMs, result);
    }
  }

  /** Readers are told of a wait that the server asked for, because it may be long. */
  async #pause(ms: number, { retryAfterMs = 0 }: ModelFailure): Promise<void> {
    const { onWait } = this.#input;
    if (retryAfterMs > 0) onWait?.(new Date(Date.now() + ms));
    await this.#watch.pause(ms);
    if (retryAfterMs > 0) onWait?.(undefined);
  }

  async #attempt(adaptation: Adaptation | undefined): Promise<ModelAnswer | ModelFailure> {
    this.#rejectEnded();
    this.#answer.restart();
    this.#watch.called();
    const open = this.#begin(this.#request(adaptation));
    const end = await open.reading.end;
    if ('code' in end) this.#input.signal.throwIfAborted();
    this.#calls = this.#callsMade;
    this.#open = undefined;
    this.#usage = sumOf(this.#usage, open.reading.usage);
    if ('code' in end) return this.#timeout() ?? end;
    if (!end.usage) this.#estimate = sumOf(this.#estimate, this.#estimateOf(open.request));
    const calls = this.#callsOf(end, open.request);
    const isEmpty = calls.length === 0 && this.#answer.text === '';
    return isEmpty ? failureOfEmptyAnswer(end.finishReason) : { end, calls };
  }

  #begin(request: ModelRequest): OpenCall {
    const reading = new AnswerReading({
      ...{ answer: this.#answer, watch: this.#watch, tools: this.#plan.tools },
      tailMaxMs: this.#bounds.tailMaxMs,
      stop: () => call.stop(),
    });
    const call = this.#plan.client.ask(request, reading.take);
    this.#open = { request, call, reading };
    return this.#open;
  }

  #request(adaptation: Adaptation | undefined): ModelRequest {
    const { model, context, temperature, tools } = this.#plan;
    return {
      model,
      messages: conversationOf(context, this.#steps),
      temperature,
      tools,
      mustAnswer: this.#steps.length >= this.#bounds.toolStepsMax,
      adaptation,
    };
  }

  /** The calls to be made; one that was cut in the middle is none, nor is one that nobody asked for. */
  #callsOf({ calls, finishReason }: AnswerEnd, { tools, mustAnswer }: ModelRequest): ToolCall[] {
    if (tools.length === 0 || mustAnswer || UNFINISHED.includes(finishReason)) return [];
    const { toolCallsPerStepMax, toolArgumentsLengthMax } = this.#bounds;
    return calls.slice(0, toolCallsPerStepMax).map(({ id, name, arguments: written, opaque }, index) => ({
      id: id || mintCallId(this.#steps.length, index),
      name: name.slice(0, NAME_LENGTH_MAX).toWellFormed(),
      // One more than may be, so that it is known to be too long.
      arguments: written.slice(0, toolArgumentsLengthMax + 1).toWellFormed(),
      ...(opaque !== undefined && opaque.length <= OPAQUE_LENGTH_MAX && { opaque }),
    }));
  }

  /** Calls the tools of the newest step, all at once; kept before, so that a call can be made again as it was. */
  async #callTools(): Promise<void> {
    const number = this.#steps.length;
    const step = this.#steps[number - 1];
    if (!step) return;
    this.#watch.endStep();
    await this.#input.saveToolSteps([...this.#steps]);
    this.#rejectEnded();
    const results = await Promise.all(
      step.calls.map((call, index) => this.#toolbox.call(call, { step: number, index: index + 1 })),
    );
    this.#rejectEnded();
    const told = this.#steps.flatMap(({ calls }) => calls.flatMap(({ result }) => result ?? []));
    const { toolResultLengthMax: lengthMax } = this.#bounds;
    const fitted = fitResults(results, told, { lengthMax, budgetTokens: this.#plan.budgetTokens });
    const calls = step.calls.map((call, index) => ({ ...call, result: fitted[index] ?? '' }));
    this.#steps[number - 1] = { ...step, calls };
    await this.#input.saveToolSteps([...this.#steps]);
    this.#rejectEnded();
  }

  /** @throws the signal's reason, or ModelError when the answer has had its time */
  #rejectEnded(): void {
    this.#input.signal.throwIfAborted();
    const timeout = this.#timeout();
    if (timeout) throw this.#errorOf(timeout);
  }

  #timeout(): ModelFailure | undefined {
    const { timeout } = this.#watch;
    return timeout === undefined
      ? undefined
      : { code: 'model_timeout', retry: 'never', cause: new Error(timeout) };
  }

  /** An answer with text stands, whatever the model's reason to end it. */
  #outcomeOf(end: AnswerEnd): AgentOutcome {
    return {
      text: this.#answer.text,
      finishReason: toOutcomeReason(end.finishReason),
      model: end.model ?? this.#plan.model,
      usage: this.#usage,
      ...(!this.#usage && { estimate: this.#estimate }),
      calls: this.#callsMade,
    };
  }

  #pauseAfter(failure: ModelFailure, callsBefore: number): number | undefined {
    const { callsMax, retryDelayMs } = this.#bounds;
    return retryPauseMs(
      {
        failure,
        calls: this.#callsMade - callsBefore,
        callsMax,
        hasEmitted: this.#answer.part !== '',
        remainingMs: this.#watch.remainingMs,
        retryDelayMs,
      },
      Math.random(),
    );
  }

  #errorOf({ code, retryAfterMs, facts, cause }: ModelFailure): ModelError {
    const { model } = this.#plan;
    return new ModelError(code, {
      ...{ model, calls: this.#callsMade, usage: this.#usage },
      ...{ retryAfterMs, facts, cause },
    });
  }
}

/** Reasons of a model for an answer that did not come to its end. */
const UNFINISHED: readonly ModelFinishReason[] = ['length', 'content_filter'];

/** A call's fields that are to be given back are left out if they are longer, as JSON. */
const OPAQUE_LENGTH_MAX = 64 * 1024;

function toOutcomeReason(reason: ModelFinishReason): AgentOutcome['finishReason'] {
  return reason === 'length' || reason === 'content_filter' ? reason : 'stop';
}

/**
 * An answer without text. One that a filter withheld is rejected: with its message, later ones would be too. A reason other than `stop` (a filter, tools that were never offered, the length
 * used up by thinking) would come again with the next call.
 */
function failureOfEmptyAnswer(reason: ModelFinishReason): ModelFailure {
  const retry = reason === 'stop' ? 'later' : 'never';
  const code = reason === 'content_filter' ? 'model_refused' : 'model_failed';
  return { code, retry, cause: new Error(`the answer is empty (${reason})`) };
}

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
