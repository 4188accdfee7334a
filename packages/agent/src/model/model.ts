import type { JsonObject, JsonValue, MessageFile, Source } from '@parley/contract';
import type { Adaptation, ModelFailure } from './model-failure.ts';

/**
 * A model behind some API. An adapter implements this interface for one API; the rest of this package knows models
 * only by it. Retries, time limits and the assembly of tool calls are implemented above it.
 */
export interface Model {
  /**
   * Sends one request, which is at most one HTTP call. `onPieces` receives the answer as it arrives: all pieces of
   * one read of the connection together. It is never called before `ask` has returned, and must not throw. The last
   * piece is an `end` or an `error`, also after `stop`; no piece follows it.
   */
  ask(request: ModelRequest, onPieces: OnPieces): ModelCall;
}

/** Receives the pieces of one read of the connection. */
export type OnPieces = (pieces: readonly ModelPiece[]) => void;

/** A request in flight. */
export interface ModelCall {
  /** Whether an HTTP request was sent: from then on the call may cost tokens. */
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
  /** The model gets the definitions of its tools, because the conversation mentions them, but must not call any. */
  readonly mustAnswer: boolean;
  /** From the preceding failure: the parts that the server does not accept. */
  readonly adaptation?: Adaptation | undefined;
}

/** A tool that a model may call. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

/** A message as it is sent to the model, including tool calls and their results. */
export type ModelMessage =
  | {
      readonly role: 'system' | 'user' | 'assistant';
      readonly content: string;
      /** Only of a user. The adapter reads their contents when it sends the request. */
      readonly files?: readonly MessageFile[];
    }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly calls: readonly ModelToolCall[];
      /** Opaque data of this message that must be sent back to the model's server. */
      readonly opaque: JsonObject;
    }
  | { readonly role: 'tool'; readonly callId: string; readonly content: string };

/** A tool call of an earlier step, as it is sent to the model. */
interface ModelToolCall {
  readonly id: string;
  readonly name: string;
  /** A JSON object. */
  readonly arguments: string;
  /** Opaque data of this call that must be sent back to the model's server. */
  readonly opaque: JsonObject;
}

/** A piece of an answer. */
export type ModelPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | ToolCallPiece
  /** A web page that the text so far draws on. It may come several times. */
  | ({ readonly type: 'source' } & Source)
  /**
   * A field of this step that must be sent back to the model's server. Pieces of one name are joined if they are
   * texts or lists; otherwise the last one counts.
   */
  | { readonly type: 'opaque'; readonly name: string; readonly value: JsonValue }
  /** The model that answers, as its server names it. */
  | { readonly type: 'model'; readonly name: string }
  | { readonly type: 'usage'; readonly inputTokens: number; readonly outputTokens: number }
  /** The reason for the end. More text and calls may follow, because some servers send a reason with each piece. */
  | { readonly type: 'finish'; readonly reason: ModelFinishReason }
  /** The server marks the end of the answer. */
  | { readonly type: 'done' }
  /** The connection was closed normally. */
  | { readonly type: 'end' }
  | { readonly type: 'error'; readonly failure: ModelFailure };

/** A piece of a tool call. Every field may be missing, repeated, or differ from the same field of an earlier piece. */
export interface ToolCallPiece {
  readonly type: 'tool-call';
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly arguments?: string | undefined;
  /** Opaque data of this call that must be sent back to the model's server. */
  readonly opaque?: JsonObject | undefined;
}

/** `other` is a reason of the server with none of these meanings. */
export type ModelFinishReason = 'stop' | 'length' | 'content_filter' | 'tool_calls' | 'other';
