/** The reason why a tool call gave no result. */
export type ToolFailureReason =
  | 'unknown_tool'
  | 'invalid_arguments'
  | 'timeout'
  | 'refused_address'
  | 'unreachable'
  | 'status'
  | 'redirect'
  | 'unreadable'
  | 'too_large'
  | 'stopped';

/** The message for the model: the call failed. It contains neither the tool's address nor its headers. */
const sentences: Readonly<Record<ToolFailureReason, string>> = {
  unknown_tool: 'There is no such tool.',
  invalid_arguments: 'The tool was not called: its arguments are not valid.',
  timeout: 'The tool did not answer in time.',
  refused_address: 'The tool could not be reached.',
  unreachable: 'The tool could not be reached.',
  status: 'The tool failed.',
  redirect: 'The tool failed.',
  unreadable: 'The tool failed: its answer could not be read.',
  too_large: 'The tool failed: its answer is too large.',
  stopped: 'The tool was stopped.',
};

/** A tool call without a result. Its message is for the model, its reason and cause for the log. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly reason: ToolFailureReason;
  /** The HTTP status, if it is the reason. */
  readonly status: number | undefined;

  constructor(
    reason: ToolFailureReason,
    facts: { readonly detail?: string; readonly status?: number; readonly cause?: unknown } = {},
  ) {
    const { detail, status, cause } = facts;
    super(detail === undefined ? sentences[reason] : `${sentences[reason]} ${detail}`, { cause });
    this.reason = reason;
    this.status = status;
  }
}
