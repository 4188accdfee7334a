import type { FinishOptions, ScriptedCallBody } from './scripted-call.ts';

/** How a scripted call is read and answered over one API. Each answer is the text of events. */
export interface ScriptedWire {
  readonly body: ScriptedCallBody;
  text(content: string): string;
  toolCall(piece: ScriptedToolPiece): string;
  /** Ends the answer as a server does: the reason, the usage, the end mark. */
  finish(options: FinishOptions): string;
  error(error: object): string;
}

/** A piece of a call of a tool, in the form of Chat Completions; tests also send forms that are wrong. */
export interface ScriptedToolPiece {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null;
  readonly [field: string]: unknown;
}

/** Deterministic: a token for every message asked and one for the answer. */
export function usageOf({ messages }: ScriptedCallBody) {
  return { prompt_tokens: messages.length, completion_tokens: 1 };
}
