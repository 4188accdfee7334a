/** What an agent is made of; absent is the server's default. */
export interface AgentSettings {
  readonly systemPrompt?: string | undefined;
  readonly model?: string | undefined;
  readonly temperature?: number | undefined;
}

export interface HistoryMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** Where the model is. */
export interface ModelEndpoint {
  /** Of any server that speaks Chat Completions, `/v1` included; absent means OpenAI itself. */
  readonly baseUrl?: string | undefined;
  /** May be empty for a server that asks for none. */
  readonly apiKey: string;
  /** The model of agents that name none. */
  readonly model: string;
  /** The history's budget where this model reads less than others do, in estimated tokens. */
  readonly contextTokens?: number | undefined;
}

export interface AgentEvent {
  readonly type: 'text-delta';
  /** Never empty, well-formed Unicode without NUL. */
  readonly text: string;
}

export interface AgentUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface AgentInput {
  readonly agent: AgentSettings;
  /** Oldest first, ending with the message to answer; failed and empty turns may be among them. */
  readonly messages: readonly HistoryMessage[];
  /** Ends the answer at once: a cancel, a lost lease, a shutdown. */
  readonly signal: AbortSignal;
  /** Gets the answer as it comes, in order; never again once the promise has settled. */
  readonly emit: (event: AgentEvent) => void;
}

export interface AgentOutcome {
  /** All that was emitted. */
  readonly text: string;
  /** `length`: the answer was cut by the model's own bound or by ours. */
  readonly finishReason: 'stop' | 'length';
  /** The model that answered, as its server names it. */
  readonly model: string;
  /** Of all calls, as far as the server told it. */
  readonly usage?: AgentUsage | undefined;
  /** HTTP calls that were made. */
  readonly calls: number;
}

/**
 * Answers a conversation.
 *
 * @throws ModelError when the model gives no answer; the signal's reason when it was aborted; what `endpoint`
 * throws. After a failure, what was emitted is no answer.
 */
export type RunAgent = (input: AgentInput) => Promise<AgentOutcome>;
