/** Reads and answers a scripted call over one API. Each answer is the text of events. */
export interface ScriptedWire {
  readonly body: ScriptedCallBody;
  text(content: string): string;
  toolCall(piece: ScriptedToolPiece): string;
  /** Ends the answer as a server does: the reason, the usage, the end mark. */
  finish(options: FinishOptions): string;
  error(error: object): string;
}

/** A piece of a tool call, in the form of Chat Completions; tests also send invalid forms. */
export interface ScriptedToolPiece {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null;
  readonly [field: string]: unknown;
}

/** The body of a call, as far as tests read it. Requests of the Responses API are converted to this form. */
export interface ScriptedCallBody {
  readonly model: string;
  readonly messages: readonly ScriptedMessage[];
  readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: object } }[];
  readonly tool_choice?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly temperature?: number;
}

/** A message of the request; only tool calls may have no text. */
export interface ScriptedMessage {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
}

/** The optional fields at the end of an answer. */
export interface FinishOptions {
  readonly reason?: string;
  /** `false` leaves out the chunk with the usage. */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | false;
}

/** Deterministic: one token for every message of the request and one for the answer. */
export function usageOf({ messages }: ScriptedCallBody) {
  return { prompt_tokens: messages.length, completion_tokens: 1 };
}
