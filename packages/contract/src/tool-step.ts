/** What the model wrote before it called tools, and the calls: kept while an answer runs, never shown. */
export interface ToolStep {
  /** All that was emitted since the step before. */
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

export interface ToolCall {
  /** The model's own. */
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: JSON, if it kept to it. */
  readonly arguments: string;
  /** What the model is told of it; absent until the tool has answered. */
  readonly result?: string;
}
