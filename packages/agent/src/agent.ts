import type { ModelChoice, Tool, ToolStep } from '@parley/contract';

/** What an agent is made of; absent is the server's default. */
export interface AgentSettings {
  readonly systemPrompt?: string | undefined;
  readonly model?: string | undefined;
  /** In place of `model`: the models that may answer, in order. The next one is asked where one cannot answer. */
  readonly models?: readonly ModelChoice[] | undefined;
  readonly temperature?: number | undefined;
  /** What the model may call; each has a name of its own. */
  readonly tools?: readonly Tool[] | undefined;
}

/** A message of the chat before this answer. */
export interface HistoryMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** The model rejected to answer it: only a retry gives it to the model again. */
  readonly isRefused?: boolean | undefined;
}

/** The API that a model's server is called by: Chat Completions, or Responses. */
export type ModelApi = 'chat' | 'responses';

/** Where models are, and what their server is called by. */
export interface ModelServer {
  /** Absent means Chat Completions. */
  readonly api?: ModelApi | undefined;
  /** Of any server that speaks this API, `/v1` included; absent means OpenAI itself. */
  readonly baseUrl?: string | undefined;
  /** May be empty for a server that asks for none. */
  readonly apiKey: string;
}

/** Where the model is. */
export interface ModelEndpoint extends ModelServer {
  /** The model of agents that name none. */
  readonly model: string;
  /** How long the first piece of an answer may take, where this model needs longer than others. */
  readonly firstPieceMaxMs?: number | undefined;
  /** The history's budget where this model reads less than others do, in estimated tokens. */
  readonly contextTokens?: number | undefined;
}

/** A piece of an answer, as its readers get it. */
export interface AgentEvent {
  readonly type: 'text-delta';
  /** Never empty, well-formed Unicode without NUL. */
  readonly text: string;
}

/** Tokens that calls of a model cost. */
export interface AgentUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What the calls of one model used for an answer. */
export interface ModelUse {
  readonly model: string;
  /** HTTP calls that were made. */
  readonly calls: number;
  readonly usage?: AgentUsage | undefined;
  /** Some of it the model's server did not tell. */
  readonly isEstimated?: boolean | undefined;
}

/** What one answer is made from, and whom it is given to. */
export interface AgentInput {
  /** Names this answer to its tools, and stays the same when it is given again: by it they know a repeated call. */
  readonly id: string;
  readonly agent: AgentSettings;
  /** Oldest first, ending with the message to answer; failed and empty turns may be among them. */
  readonly messages: readonly HistoryMessage[];
  /** Ends the answer at once: a cancel, a lost lease, a shutdown. */
  readonly signal: AbortSignal;
  /** Gets the answer as it comes, in order; never again once the promise has settled. */
  readonly emit: (event: AgentEvent) => void;
  /** The steps of an earlier run, to go on from: their text is emitted first, and no tool that answered is called. */
  readonly steps?: readonly ToolStep[] | undefined;
  /**
   * Keeps all steps so far. It is awaited before the tools of a step are called, so that each call can be repeated
   * as it was, and before the model is told what they answered, so that none has to be. What it throws ends the run.
   */
  readonly saveToolSteps: (steps: readonly ToolStep[]) => Promise<void>;
  /**
   * Told when a call waits because the model's server asks for it, and until when; then, with undefined, when the
   * wait is over.
   */
  readonly onWait?: ((until: Date | undefined) => void) | undefined;
  /**
   * Voids all text that was emitted, because another model begins the answer again; then the text of the steps that
   * were kept is emitted again. What it throws ends the run. Without it, no other model goes on with an answer of which
   * text was emitted since the last step.
   */
  readonly restartText?: (() => Promise<void>) | undefined;
  /** Told once, before the promise is rejected, when the signal has ended the answer: what it had used by then. */
  readonly onAbort?: ((spent: AgentSpent) => void) | undefined;
}

/** What an answer used that was ended by its signal. */
export interface AgentSpent {
  readonly model: string;
  /** HTTP calls that were made. */
  readonly calls: number;
  /** What the model's server told, and for the call that was under way an estimate. */
  readonly usage: AgentUsage;
  /** What other models used that could not answer. */
  readonly others?: readonly ModelUse[] | undefined;
}

/** An answer that is complete. */
export interface AgentOutcome {
  /** All that was emitted. */
  readonly text: string;
  /** `length`: the answer was cut by the model's own bound or by ours; `content_filter`: a filter ended it. */
  readonly finishReason: 'stop' | 'length' | 'content_filter';
  /** The model that answered, as its server names it. */
  readonly model: string;
  /** Of all calls, as far as the server told it. */
  readonly usage?: AgentUsage | undefined;
  /** Where the server did not tell the usage: what it may have been. */
  readonly estimate?: AgentUsage | undefined;
  /** HTTP calls of this model that were made. */
  readonly calls: number;
  /** What other models used that could not answer. */
  readonly others?: readonly ModelUse[] | undefined;
}

/**
 * Answers a conversation.
 *
 * @throws ModelError when the model gives no answer; the signal's reason when it was aborted; what `endpoint`
 * throws. After a failure, what was emitted is no answer.
 */
export type RunAgent = (input: AgentInput) => Promise<AgentOutcome>;
