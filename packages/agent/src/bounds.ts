import { limits } from '@parley/contract';

/** The bounds of one answer. Times are in milliseconds. */
export interface AgentBounds {
  /** All calls of one answer together, the pauses between them included. */
  readonly turnTimeMaxMs: number;
  /**
   * From one piece of an answer to the next. It does not bound the wait for the first: a local model that
   * serves one request at a time, or reads a long history slowly, is silent for minutes and still at work.
   */
  readonly silenceMaxMs: number;
  /** Until a connection to the model's server stands. */
  readonly connectMaxMs: number;
  /** What may still come after the answer's last piece (the usage) is waited for this long. */
  readonly tailMaxMs: number;
  /** HTTP calls until the model answers, be it with calls of tools: the first and two more. */
  readonly callsMax: number;
  /** The pause before the second call; it doubles with each further one. */
  readonly retryDelayMs: number;
  /**
   * The longest answer, in UTF-16 units (never fewer than its characters, and known without counting). A
   * longer one is cut here.
   */
  readonly answerLengthMax: number;
  /** Answers that call tools; after so many the model has to answer without. */
  readonly toolStepsMax: number;
  /** Calls of one of them; those beyond are left out, as if the model had not made them. */
  readonly toolCallsPerStepMax: number;
  /** In UTF-16 units. Longer arguments are told to the model to be too long. */
  readonly toolArgumentsLengthMax: number;
  /** In UTF-16 units. A longer result is cut. */
  readonly toolResultLengthMax: number;
  /** How long a tool may take that says nothing else. */
  readonly toolTimeoutMs: number;
  readonly toolResponseBytesMax: number;
}

export const defaultBounds: AgentBounds = {
  turnTimeMaxMs: limits.turnTimeMaxMs,
  silenceMaxMs: limits.modelSilenceMaxMs,
  connectMaxMs: 10_000,
  tailMaxMs: 2_000,
  callsMax: 3,
  retryDelayMs: 500,
  answerLengthMax: limits.answerLengthMax,
  toolStepsMax: limits.toolStepsMax,
  toolCallsPerStepMax: limits.toolCallsPerStepMax,
  toolArgumentsLengthMax: limits.toolArgumentsLengthMax,
  toolResultLengthMax: limits.toolResultLengthMax,
  toolTimeoutMs: limits.toolTimeoutMs,
  toolResponseBytesMax: limits.toolResponseBytesMax,
};
