import { limits } from '@parley/contract';

/** The bounds of one answer. Times are in milliseconds. */
export interface AgentBounds {
  /** A whole answer: all calls of the model and of tools, and the pauses between them. */
  readonly turnTimeMaxMs: number;
  /** One step: the calls of the model until it answers or calls tools, with retries and pauses. */
  readonly stepTimeMaxMs: number;
  /** From a call of the model to the first piece of its answer. A model that is loaded first may need all of it. */
  readonly firstPieceMaxMs: number;
  /** From one piece of an answer to the next. */
  readonly silenceMaxMs: number;
  /** The time to connect to the model's server. */
  readonly connectMaxMs: number;
  /** The time after each piece that follows a finish reason (the usage, more text). */
  readonly tailMaxMs: number;
  /** HTTP calls until a model answers or calls tools: the first and two more. */
  readonly callsMax: number;
  /** Failures in a row after which a model's circuit opens. */
  readonly circuitFailuresMax: number;
  /** How long the model of an open circuit is called after the other models of a list. */
  readonly circuitOpenMs: number;
  /** The pause before the second call; it doubles with each further one. */
  readonly retryDelayMs: number;
  /**
   * The maximum answer in UTF-16 units, which are never fewer than its characters and need no counting. A longer
   * answer is cut.
   */
  readonly answerLengthMax: number;
  /** The maximum reasoning of an answer in UTF-16 units. The rest is dropped. */
  readonly reasoningLengthMax: number;
  /** The maximum number of sources of an answer. More are left out. */
  readonly sourcesMax: number;
  /** Model responses with tool calls. After this many the model must answer without tools. */
  readonly toolStepsMax: number;
  /** Tool calls in one such response. Further calls are ignored. */
  readonly toolCallsPerStepMax: number;
  /** In UTF-16 units. For longer arguments the model gets an error as the result. */
  readonly toolArgumentsLengthMax: number;
  /** In UTF-16 units. A longer result is cut. */
  readonly toolResultLengthMax: number;
  /** The default time limit of a tool. */
  readonly toolTimeoutMs: number;
  readonly toolResponseBytesMax: number;
}

/** The bounds that hold unless a host sets others. */
export const defaultBounds: AgentBounds = {
  turnTimeMaxMs: limits.turnTimeMaxMs,
  stepTimeMaxMs: limits.turnTimeMaxMs,
  firstPieceMaxMs: limits.modelFirstPieceMaxMs,
  silenceMaxMs: limits.modelSilenceMaxMs,
  connectMaxMs: 10_000,
  tailMaxMs: 2_000,
  callsMax: 3,
  retryDelayMs: 500,
  circuitFailuresMax: limits.modelCircuitFailures,
  circuitOpenMs: limits.modelCircuitOpenMs,
  answerLengthMax: limits.answerLengthMax,
  reasoningLengthMax: limits.reasoningLengthMax,
  sourcesMax: limits.sourcesMax,
  toolStepsMax: limits.toolStepsMax,
  toolCallsPerStepMax: limits.toolCallsPerStepMax,
  toolArgumentsLengthMax: limits.toolArgumentsLengthMax,
  toolResultLengthMax: limits.toolResultLengthMax,
  toolTimeoutMs: limits.toolTimeoutMs,
  toolResponseBytesMax: limits.toolResponseBytesMax,
};
