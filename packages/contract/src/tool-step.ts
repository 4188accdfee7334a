/**
 * The text that the model wrote before it called tools, and the calls. It is stored while an answer runs and
 * never shown.
 */
export interface ToolStep {
  /** All text since the previous step. */
  readonly text: string;
  /** All reasoning since the previous step, which comes before the text. Absent if there is none. */
  readonly reasoning?: string;
  /** The sources of the text, which come after it. Absent if there are none. */
  readonly sources?: readonly Source[];
  readonly calls: readonly ToolCall[];
  /** Fields that the model's server wants back with this step, as a JSON object. */
  readonly opaque?: string;
  /** The provider and model that wrote the step, as one text: only they get the opaque fields back. */
  readonly source?: string;
}

/** A web page that a text draws on. */
export interface Source {
  /** An address with `http` or `https`. */
  readonly url: string;
  readonly title?: string;
}

/** One call of a tool. */
export interface ToolCall {
  /** The id that the model gave the call. */
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them. They may be invalid JSON. */
  readonly arguments: string;
  /** The result that the model receives; absent until the tool has answered. */
  readonly result?: string;
  /** The call failed, and the result describes why. */
  readonly isError?: true;
  /** How long the call took, in milliseconds. */
  readonly ms?: number;
  /** Fields that the model's server wants back with this call, as a JSON object. */
  readonly opaque?: string;
}
