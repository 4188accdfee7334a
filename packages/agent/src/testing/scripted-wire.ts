import type { FinishOptions, ScriptedCallBody } from './scripted-call.ts';

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

/** Deterministic: one token for every message of the request and one for the answer. */
export function usageOf({ messages }: ScriptedCallBody) {
  return { prompt_tokens: messages.length, completion_tokens: 1 };
}
