import type {
  FileKind,
  MessageFile,
  ModelChoice,
  TapePart,
  Tool,
  ToolStep,
  WholePart,
} from '@parley/contract';

/** The settings of an agent. Absent fields have the server's default. */
export interface AgentSettings {
  readonly systemPrompt?: string | undefined;
  readonly model?: string | undefined;
  /** The models that may answer, in order, in place of `model`. The next one is called when one cannot answer. */
  readonly models?: readonly ModelChoice[] | undefined;
  readonly temperature?: number | undefined;
  /** The tools that the model may call. Each has its own name. */
  readonly tools?: readonly Tool[] | undefined;
  /** Whether callers see the reasoning of the model. Absent means `hide`. */
  readonly reasoning?: 'hide' | 'show' | undefined;
  /** The kinds of files that the model gets. Absent means text. */
  readonly accepts?: readonly FileKind[] | undefined;
}

/** A message of the chat before this answer. */
export interface HistoryMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** The model refused to answer it. Only a retry sends it to the model again. */
  readonly isRefused?: boolean | undefined;
  /** The parts of an answer that has more than text. `content` is the joined text of its text parts. */
  readonly parts?: readonly TapePart[] | undefined;
  /** The files of a user's message. Their contents are read when a model is called. */
  readonly files?: readonly MessageFile[] | undefined;
}

/** The API of a model's server: Chat Completions or Responses. */
export type ModelApi = 'chat' | 'responses';

/** The address of models, and the API of their server. */
export interface ModelServer {
  /** Absent means Chat Completions. */
  readonly api?: ModelApi | undefined;
  /** The address of any server with this API, with `/v1`. Absent means OpenAI itself. */
  readonly baseUrl?: string | undefined;
  /** Empty for a server without keys. */
  readonly apiKey: string;
}

/** The address of the model. */
export interface ModelEndpoint extends ModelServer {
  /** The model of agents that name none. */
  readonly model: string;
  /** The longest time to the first piece of an answer, if this model needs longer than others. */
  readonly firstPieceMaxMs?: number | undefined;
  /** The token budget of the history, estimated, if this model's context window is smaller than others. */
  readonly contextTokens?: number | undefined;
}

/** A piece of an answer. Texts are never empty, and well-formed Unicode without NUL. */
export type AgentEvent =
  | { readonly type: 'text-delta'; readonly text: string }
  /** `isShown`: the agent shows its reasoning. */
  | { readonly type: 'reasoning-delta'; readonly text: string; readonly isShown: boolean }
  | WholePart;

/** Tokens that calls of a model cost. */
export interface AgentUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The usage of one model for an answer. */
export interface ModelUse {
  readonly model: string;
  /** HTTP calls that were made. */
  readonly calls: number;
  readonly usage?: AgentUsage | undefined;
  /** The usage is partly estimated, because the model's server did not report all of it. */
  readonly isEstimated?: boolean | undefined;
}

/** The input of one answer, and the functions that receive it. */
export interface AgentInput {
  /**
   * Names this answer for its tools. It stays the same when the answer is repeated, so that tools recognize a
   * repeated call.
   */
  readonly id: string;
  readonly agent: AgentSettings;
  /** Oldest first, ending with the message to answer; failed and empty turns may be among them. */
  readonly messages: readonly HistoryMessage[];
  /** Ends the answer at once: a cancel, a lost lease, a shutdown. */
  readonly signal: AbortSignal;
  /** Receives the answer in order as it is written, and nothing after the promise has settled. */
  readonly emit: (event: AgentEvent) => void;
  /** The steps of an earlier run. Their text is emitted first, and no tool with a result is called. */
  readonly steps?: readonly ToolStep[] | undefined;
  /**
   * Stores all steps so far. It is awaited before the tools of a step are called, so that each call can be repeated
   * unchanged, and before the model gets their results, so that no call has to be. An error ends the run.
   */
  readonly saveToolSteps: (steps: readonly ToolStep[]) => Promise<void>;
  /**
   * Called when a call waits because the model's server asks for it, with the end of the wait, and with undefined
   * when the wait is over.
   */
  readonly onWait?: ((until: Date | undefined) => void) | undefined;
  /**
   * Discards everything emitted, because the answer begins again. The stored steps are then emitted again. An error ends
   * the run. Without this function, no other model continues an answer that has emitted text since the last step.
   */
  readonly restartText?: (() => Promise<void>) | undefined;
  /** Called once with the usage, before the promise is rejected, when the signal has ended the answer. */
  readonly onAbort?: ((spent: AgentSpent) => void) | undefined;
}

/** The usage of an answer that its signal ended. */
export interface AgentSpent {
  readonly model: string;
  /** HTTP calls that were made. */
  readonly calls: number;
  /** The usage that the model's server reported, with an estimate for the current call. */
  readonly usage: AgentUsage;
  /** The usage of other models, which were called and failed. */
  readonly others?: readonly ModelUse[] | undefined;
}

/** An answer that is complete. */
export interface AgentOutcome {
  /** The whole emitted text. */
  readonly text: string;
  /** `length`: the model's limit or ours cut the answer; `content_filter`: a filter ended it. */
  readonly finishReason: 'stop' | 'length' | 'content_filter';
  /** The model that answered, as its server names it. */
  readonly model: string;
  /** The usage of all calls, as far as the server reported it. */
  readonly usage?: AgentUsage | undefined;
  /** The estimated usage, if the server reported none. */
  readonly estimate?: AgentUsage | undefined;
  /** HTTP calls of this model that were made. */
  readonly calls: number;
  /** The usage of other models, which were called and failed. */
  readonly others?: readonly ModelUse[] | undefined;
}

/**
 * Answers a conversation.
 *
 * @throws ModelError when the model gives no answer; the signal's reason when it was aborted; errors of `endpoint`.
 * After a failure, the emitted text is not an answer.
 */
export type RunAgent = (input: AgentInput) => Promise<AgentOutcome>;
