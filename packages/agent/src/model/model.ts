import type { JsonObject, JsonValue } from '@parley/contract';
import type { Adaptation, ModelFailure } from './model-failure.ts';

/**
 * A model behind some API. An adapter implements it for one API; everything else in this package knows models by this
 * interface alone. Retries, time limits and the assembly of tool calls stand above it.
 */
export interface Model {
  /**
   * Sends one request, which is at most one HTTP call. `onPieces` gets the answer as it comes: all pieces that one read
   * of the connection brought, together. It is never called before `ask` has returned, and must not throw. The last
   * piece is an `end` or an `error`, also after `stop`; nothing follows it.
   */
  ask(request: ModelRequest, onPieces: OnPieces): ModelCall;
}

/** Takes the pieces that one read of the connection brought. */
export type OnPieces = (pieces: readonly ModelPiece[]) => void;

/** A request that is under way. */
export interface ModelCall {
  /** Whether an HTTP request was sent: from then on it may cost something. */
  readonly wasSent: boolean;
  /** Closes the connection. The call then ends with an error. */
  stop(): void;
}

/** The request to a model. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly temperature?: number | undefined;
  readonly tools: readonly ModelTool[];
  /** The model is told its tools, which the conversation speaks of, and may call none. */
  readonly mustAnswer: boolean;
  /** Of the failure that this request follows: what the server does not take. */
  readonly adaptation?: Adaptation | undefined;
}

/** A tool that a model may call. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

/** A message as the model is given it, tool calls and their results included. */
export type ModelMessage =
  | { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly calls: readonly ModelToolCall[];
      /** The opaque data of this message that the model's server wants back. */
      readonly opaque: JsonObject;
    }
  | { readonly role: 'tool'; readonly callId: string; readonly content: string };

/** A tool call of an earlier step, as the model is told it. */
interface ModelToolCall {
  readonly id: string;
  readonly name: string;
  /** A JSON object. */
  readonly arguments: string;
  /** The opaque data of this call that the model's server wants back. */
  readonly opaque: JsonObject;
}

/** A piece of an answer. */
export type ModelPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | ToolCallPiece
  /**
   * A field that the model's server wants back with this step: pieces of one name are joined if they are texts or
   * lists; otherwise the last one counts.
   */
  | { readonly type: 'opaque'; readonly name: string; readonly value: JsonValue }
  /** The model that answers, as its server names it. */
  | { readonly type: 'model'; readonly name: string }
  | { readonly type: 'usage'; readonly inputTokens: number; readonly outputTokens: number }
  /** Why the model ended. More text and calls may follow: some servers give a reason with each piece. */
  | { readonly type: 'finish'; readonly reason: ModelFinishReason }
  /** The server says that the answer is over. */
  | { readonly type: 'done' }
  /** The connection ended in order. */
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly failure: ModelFailure };

/** A piece of a tool call. Every part may be missing, repeated, or differ from that of an earlier piece. */
export interface ToolCallPiece {
  readonly type: 'tool-call';
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly arguments?: string | undefined;
  /** The opaque data of this call that the model's server wants back. */
  readonly opaque?: JsonObject | undefined;
}

/** `other` is a word of the server that has none of these meanings. */
export type ModelFinishReason = 'stop' | 'length' | 'content_filter' | 'tool_calls' | 'other';
