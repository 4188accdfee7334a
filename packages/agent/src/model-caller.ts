import type { ModelChoice, ToolCall, ToolStep } from '@parley/contract';
import type { AgentInput, AgentOutcome, AgentSpent, AgentUsage, ModelUse } from './agent.ts';
import { type AnswerEnd, AnswerReading } from './answer-reading.ts';
import { AnswerReasoning } from './answer-reasoning.ts';
import { AnswerSources } from './answer-sources.ts';
import { AnswerText } from './answer-text.ts';
import type { AgentBounds } from './bounds.ts';
import { estimateFiles } from './build-context.ts';
import { type Candidate, isForAnother, orderOf } from './candidate.ts';
import { conversationOf } from './conversation.ts';
import { estimateUsage } from './estimate-usage.ts';
import { filesOf } from './model/file-contents.ts';
import type { ModelCall, ModelFinishReason, ModelRequest, ModelTool } from './model/model.ts';
import type { Adaptation, ModelErrorCode, ModelFailure } from './model/model-failure.ts';
import { textsOf } from './model/texts-of.ts';
import type { ModelCircuits } from './model-circuits.ts';
import { ModelError } from './model-error.ts';
import { sumOf } from './model-spending.ts';
import { retryPauseMs } from './retry-pause.ts';
import { mintCallId, type ToolParts } from './tool-parts.ts';
import type { Watch } from './watch.ts';

/** The dependencies and models of one answer. */
export interface AnswerPlan {
  /** The models that may answer, in order; at least one. */
  readonly candidates: readonly [Candidate, ...Candidate[]];
  readonly circuits: ModelCircuits;
  readonly temperature: number | undefined;
  readonly tools: readonly ModelTool[];
  readonly toolParts: ToolParts;
  readonly showsReasoning: boolean;
  /** Called with the result of each model that was called in a step. */
  readonly onModelEnd: (end: ModelEnd) => void;
  /** Called when a model could not answer and the next one of the list is called. */
  readonly onFallback: (error: ModelError, next: ModelChoice) => void;
}

/** The result of a model that was called in a step. */
export interface ModelEnd extends ModelChoice {
  /** The reason if it gave no answer. */
  readonly code?: ModelErrorCode | undefined;
}

/** An answer of a model: the end of the whole answer, or tool calls. */
export interface ModelAnswer {
  readonly end: AnswerEnd;
  readonly calls: readonly ToolCall[];
}

/** A call of the model in flight. */
interface OpenCall {
  readonly request: ModelRequest;
  readonly call: ModelCall;
  readonly reading: AnswerReading;
}

interface CallerDeps {
  readonly input: Pick<AgentInput, 'signal' | 'emit' | 'restartText' | 'onWait'>;
  readonly bounds: AgentBounds;
  readonly watch: Watch;
  /** The steps with tools so far. The run adds to them. */
  readonly steps: readonly ToolStep[];
}

/** Calls the models of a list, one after the other, until one gives the next step of an answer, and emits its text. */
export class ModelCaller {
  readonly #plan: AnswerPlan;
  readonly #input: CallerDeps['input'];
  readonly #bounds: AgentBounds;
  readonly #watch: Watch;
  readonly #steps: readonly ToolStep[];
  #answer: AnswerText;
  #reasoning: AnswerReasoning;
  #sources: AnswerSources;
  /** The model that is being called or was called last. */
  #current: Candidate;
  #open: OpenCall | undefined;

  constructor(plan: AnswerPlan, { input, bounds, watch, steps }: CallerDeps) {
    this.#plan = plan;
    [this.#current] = plan.candidates;
    this.#input = input;
    this.#bounds = bounds;
    this.#watch = watch;
    this.#steps = steps;
    this.#answer = this.#newText();
    this.#reasoning = this.#newReasoning();
    this.#sources = this.#newSources();
  }

  /**
   * Calls one model after the other until one answers.
   *
   * @throws ModelError; the signal's reason; errors of `emit` and `restartText`
   */
  async nextStep(): Promise<ModelAnswer> {
    this.#beginPart();
    this.#watch.beginStep();
    const order = orderOf(this.#plan.candidates, this.#current, this.#plan.circuits);
    for (const [index, candidate] of order.entries()) {
      this.#current = candidate;
      const next = order[index + 1];
      const result = await this.#callModel(candidate, next === undefined);
      if ('end' in result) return result;
      if (!next || !this.#isForNext(result)) throw this.#errorOf(result);
      await this.#fallBack(result, next);
    }
    throw new RangeError('There is no model to call.');
  }

  /** Calls one model and notes the result. */
  async #callModel(candidate: Candidate, isLast: boolean): Promise<ModelAnswer | ModelFailure> {
    const { circuits, onModelEnd } = this.#plan;
    const { provider, model } = candidate.facts;
    let state: Parameters<ModelCircuits['end']>[1] = 'unknown';
    circuits.begin(candidate.facts);
    try {
      const result = await this.#repeat(candidate, isLast);
      const code = 'end' in result ? undefined : result.code;
      // A model that rejects a message still works.
      state = code === undefined || code === 'model_refused' ? 'works' : 'failed';
      onModelEnd({ provider, model, code });
      return result;
    } finally {
      circuits.end({ provider, model }, state);
    }
  }

  /** Calls one model until it answers, or until a further call would not help or is not allowed. */
  async #repeat(candidate: Candidate, isLast: boolean): Promise<ModelAnswer | ModelFailure> {
    const callsBefore = candidate.spending.calls;
    let adaptation: Adaptation | undefined;
    for (;;) {
      const result = await this.#attempt(candidate, adaptation);
      this.#watch.rest();
      if ('end' in result) return result;
      const isRepeated = isLast || result.retry === 'now';
      const pauseMs = isRepeated
        ? this.#pauseAfter(result, candidate.spending.calls - callsBefore)
        : undefined;
      if (pauseMs === undefined) return result;
      adaptation = result.adaptation ?? adaptation;
      if (pauseMs > 0) await this.#pause(pauseMs, result);
      if (this.#reasoning.wasShown) await this.#restart();
    }
  }

  /** If text of this step was emitted, another model only continues an answer that can begin again. */
  #isForNext({ code }: ModelFailure): boolean {
    const canBegin = this.#answer.part === '' || this.#input.restartText !== undefined;
    return canBegin && isForAnother(code) && this.#watch.remainingMs > 0;
  }

  /** Lets the next model begin at the start of the step. */
  async #fallBack(failure: ModelFailure, next: Candidate): Promise<void> {
    this.#watch.goOn();
    this.rejectEnded();
    this.#plan.onFallback(this.#errorOf(failure), next.facts);
    if (this.#answer.part !== '' || this.#reasoning.wasShown) await this.#restart();
  }

  /**
   * Begins the answer again after its newest step. Hidden reasoning of a failed call needs no restart: nobody has received
   * it, and it stays in the answer.
   */
  async #restart(): Promise<void> {
    const { restartText } = this.#input;
    if (!restartText) return;
    this.rejectEnded();
    await restartText();
    this.rejectEnded();
    this.#answer = this.#newText();
    this.#reasoning = this.#newReasoning();
    this.#sources = this.#newSources();
    this.repeatSteps();
    this.#beginPart();
  }

  #newText(): AnswerText {
    return new AnswerText(this.#input.emit, this.#bounds.answerLengthMax);
  }

  #newReasoning(): AnswerReasoning {
    return new AnswerReasoning(this.#input.emit, this.#plan.showsReasoning, this.#bounds.reasoningLengthMax);
  }

  #newSources(): AnswerSources {
    return new AnswerSources(this.#input.emit, this.#bounds.sourcesMax);
  }

  #beginPart(): void {
    this.#answer.beginPart();
    this.#reasoning.beginPart();
    this.#sources.beginPart();
  }

  /** Readers are notified of a wait that the server asked for, because it may be long. */
  async #pause(ms: number, { retryAfterMs = 0 }: ModelFailure): Promise<void> {
    const { onWait } = this.#input;
    if (retryAfterMs > 0) onWait?.(new Date(Date.now() + ms));
    await this.#watch.pause(ms);
    if (retryAfterMs > 0) onWait?.(undefined);
  }

  async #attempt(
    candidate: Candidate,
    adaptation: Adaptation | undefined,
  ): Promise<ModelAnswer | ModelFailure> {
    this.rejectEnded();
    this.#answer.restart();
    this.#reasoning.restart();
    this.#sources.restart();
    this.#watch.called(candidate.facts.firstPieceMaxMs);
    const open = this.#begin(candidate, this.#request(candidate, adaptation));
    const end = await open.reading.end;
    if ('code' in end) this.#input.signal.throwIfAborted();
    const { spending } = candidate;
    if (open.call.wasSent) spending.calls++;
    this.#open = undefined;
    spending.addUsage(open.reading.usage);
    const isFailure = 'code' in end;
    // The text of a failed model costs tokens too, if another model continues.
    const isSpent = !isFailure || (this.#plan.candidates.length > 1 && this.#answer.part !== '');
    if (!open.reading.usage && isSpent) spending.addEstimate(this.#estimateOf(open.request));
    if (isFailure) return this.#timeout() ?? end;
    const calls = this.#callsOf(end, open.request);
    const isEmpty = calls.length === 0 && this.#answer.text === '';
    if (isEmpty) return failureOfEmptyAnswer(end.finishReason);
    this.#sources.end();
    return { end, calls };
  }

  #begin({ facts }: Candidate, request: ModelRequest): OpenCall {
    const reading = new AnswerReading({
      ...{ answer: this.#answer, reasoning: this.#reasoning, sources: this.#sources },
      ...{ watch: this.#watch, tools: this.#plan.tools },
      tailMaxMs: this.#bounds.tailMaxMs,
      stop: () => call.stop(),
    });
    const call = facts.client.ask(request, reading.take);
    this.#open = { request, call, reading };
    return this.#open;
  }

  #request({ facts, source }: Candidate, adaptation: Adaptation | undefined): ModelRequest {
    const { temperature, tools } = this.#plan;
    return {
      model: facts.model,
      messages: conversationOf(facts.context, this.#steps, source),
      temperature,
      tools,
      mustAnswer: this.#steps.length >= this.#bounds.toolStepsMax,
      adaptation,
    };
  }

  /** The calls to make, without calls that were cut off and calls of unknown tools. */
  #callsOf({ calls, finishReason }: AnswerEnd, { tools, mustAnswer }: ModelRequest): ToolCall[] {
    if (tools.length === 0 || mustAnswer || UNFINISHED.includes(finishReason)) return [];
    const { toolCallsPerStepMax, toolArgumentsLengthMax } = this.#bounds;
    return calls.slice(0, toolCallsPerStepMax).map(({ id, name, arguments: written, opaque }, index) => ({
      id: id || mintCallId(this.#steps.length, index),
      name: name.slice(0, NAME_LENGTH_MAX).toWellFormed(),
      // One unit more than the maximum, so that the text is recognized as too long.
      arguments: written.slice(0, toolArgumentsLengthMax + 1).toWellFormed(),
      ...(opaque !== undefined && opaque.length <= OPAQUE_LENGTH_MAX && { opaque }),
    }));
  }

  /** The stored steps of an answer that calls tools. */
  toStep({ end, calls }: ModelAnswer): ToolStep {
    const hasOpaque = Object.keys(end.opaque).length > 0;
    const { part: reasoning } = this.#reasoning;
    const { part: sources } = this.#sources;
    return {
      ...{ text: this.#answer.part, calls },
      ...(reasoning !== '' && { reasoning }),
      ...(sources.length > 0 && { sources }),
      ...(hasOpaque && { opaque: JSON.stringify(end.opaque) }),
      ...((hasOpaque || calls.some(({ opaque }) => opaque)) && { source: this.#current.source }),
    };
  }

  /** An answer with text is kept for any finish reason. */
  toOutcome({ end }: ModelAnswer): AgentOutcome {
    const { usage, estimate, calls } = this.#current.spending;
    return {
      text: this.#answer.text,
      finishReason: toOutcomeReason(end.finishReason),
      model: this.#current.nameOf(end.model),
      usage,
      ...(!usage && { estimate }),
      calls,
      ...this.#others(),
    };
  }

  /** The calls and usage of an aborted answer, as its servers reported them or estimated. */
  spent(): AgentSpent | undefined {
    const { spending } = this.#current;
    const calls = spending.calls + (this.#open?.call.wasSent ? 1 : 0);
    const others = this.#others();
    if (calls === 0 && !others) return undefined;
    const open = this.#open && (this.#open.reading.usage ?? this.#estimateOf(this.#open.request));
    const usage = sumOf(sumOf(spending.usage, spending.estimate), open) ?? NO_USAGE;
    return { model: this.#current.nameOf(), calls, usage, ...others };
  }

  /** Ends the call in flight. */
  stop(): void {
    this.#open?.call.stop();
  }

  /** @throws the signal's reason, or ModelError when the answer has had its time */
  rejectEnded(): void {
    this.#input.signal.throwIfAborted();
    const timeout = this.#timeout();
    if (timeout) throw this.#errorOf(timeout);
  }

  /** Emits the earlier steps again. The calls of a step without results are emitted when they are made. */
  repeatSteps(): void {
    const { toolParts } = this.#plan;
    for (const [index, step] of this.#steps.entries()) {
      this.#reasoning.repeatPart(step.reasoning ?? '');
      this.#answer.repeatPart(step.text);
      this.#sources.repeatPart(step.sources ?? []);
      if (step.calls.some(({ result }) => result === undefined)) return;
      const parts = [...toolParts.callsOf(step, index + 1), ...toolParts.resultsOf(step, index + 1)];
      for (const part of parts) this.#input.emit(part);
    }
  }

  #timeout(): ModelFailure | undefined {
    const { timeout } = this.#watch;
    return timeout === undefined
      ? undefined
      : { code: 'model_timeout', retry: 'never', cause: new Error(timeout) };
  }

  /** The usage of the models other than the last one. */
  #others(): { readonly others: readonly ModelUse[] } | undefined {
    const others = this.#plan.candidates
      .filter((candidate) => candidate !== this.#current)
      .flatMap((candidate) => candidate.spending.toUse(candidate.nameOf()) ?? []);
    return others.length > 0 ? { others } : undefined;
  }

  #estimateOf({ messages }: ModelRequest): AgentUsage {
    const { inputTokens, outputTokens } = estimateUsage(
      textsOf(messages),
      this.#answer.part + this.#reasoning.part,
    );
    return { inputTokens: inputTokens + estimateFiles(filesOf(messages)), outputTokens };
  }

  #pauseAfter(failure: ModelFailure, calls: number): number | undefined {
    const { callsMax, retryDelayMs } = this.#bounds;
    const { remainingMs } = this.#watch;
    const hasEmitted = this.#answer.part !== '';
    return retryPauseMs({ failure, calls, callsMax, hasEmitted, remainingMs, retryDelayMs }, Math.random());
  }

  #errorOf({ code, retryAfterMs, facts, cause }: ModelFailure): ModelError {
    const { spending, provider } = this.#current;
    return new ModelError(code, {
      ...{ provider, model: this.#current.facts.model, calls: spending.calls, usage: spending.usage },
      ...this.#others(),
      ...{ retryAfterMs, facts, cause },
    });
  }
}

const NO_USAGE: AgentUsage = { inputTokens: 0, outputTokens: 0 };

/** The finish reasons of an incomplete answer. */
const UNFINISHED: readonly ModelFinishReason[] = ['length', 'content_filter'];

/** The opaque data of a call is dropped if it is longer, as JSON. */
const OPAQUE_LENGTH_MAX = 64 * 1024;

function toOutcomeReason(reason: ModelFinishReason): AgentOutcome['finishReason'] {
  return reason === 'length' || reason === 'content_filter' ? reason : 'stop';
}

/**
 * The failure of an answer without text. If a filter withheld the text, the message is rejected, because it would
 * block later answers too. For other reasons than `stop` (tools that were never offered, the length used up by
 * reasoning) the next call would have the same result.
 */
function failureOfEmptyAnswer(reason: ModelFinishReason): ModelFailure {
  const retry = reason === 'stop' ? 'later' : 'never';
  const code = reason === 'content_filter' ? 'model_refused' : 'model_failed';
  return { code, retry, cause: new Error(`the answer is empty (${reason})`) };
}

/** The maximum length of a tool's name. */
const NAME_LENGTH_MAX = 64;
