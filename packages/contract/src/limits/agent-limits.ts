/** Limits of agents and of the models that answer for them. */
export const agentLimits = {
  /** Lists show names. */
  nameLengthMax: 120,
  /** An agent's type is a label to filter by. */
  agentTypeLengthMax: 64,
  descriptionLengthMax: 1_000,
  /** Leaves half of an 8k context to the history. */
  systemPromptLengthMax: 32_000,
  /** The default share of the history in the context. Fits the 8k window of most models. */
  contextTokensDefault: 6_000,
  /** People choose from the list of agents. */
  agentListMax: 1_000,
  /**
   * Versions of an agent that are kept. With the longest prompts and the most tools the document stays far
   * below 16 MB.
   */
  agentVersionsMax: 20,
  /** Models that may answer for an agent: beyond three a user would wait too long for the last one. */
  agentModelsMax: 3,
  /** The longest time from a call of the model to its first piece. */
  modelFirstPieceMaxMs: 60_000,
  /** The longest pause between two pieces of an answer. After it the model counts as failed. */
  modelSilenceMaxMs: 60_000,
  /** Failures in a row after which other models of a list are called before this one. */
  modelCircuitFailures: 5,
  /** How long a model that failed so often is called last, before one call probes it. */
  modelCircuitOpenMs: 30_000,
} as const;
