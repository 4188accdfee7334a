import type { StreamCursor } from '@parley/contract';

/**
 * The requests to a system, its responses, the events of its readers, and its stored data in the end. It is plain
 * data, so that a simulation and a test with real processes share their rules (`checkHistory`). Contents of messages
 * must be unique, because they identify messages everywhere. Each run of the model must write a text of its own,
 * which identifies stale answers.
 */
export interface History {
  readonly chats: readonly ChatHistory[];
  /** A turn may be taken over this often. */
  readonly takeoversMax: number;
  /** The number of deliberate hand-overs by processes. Each may cost a turn one more call of the model. */
  readonly handovers: number;
  /** How many models each run may ask, one after the other. */
  readonly modelsMax: number;
  /** Release 0.1.0, which knows no finish reasons, served and ran some of the turns. */
  readonly hasOlderRelease?: boolean | undefined;
}

/** All that happened in one chat, and its stored data in the end. */
export interface ChatHistory {
  readonly chat: string;
  /** In the end no reader finds the chat. */
  readonly isDeleted: boolean;
  /** A request asked for its deletion, with any result. */
  readonly wasDeletionRequested: boolean;
  /** The stored turns in the end, in any order. */
  readonly turns: readonly StoredTurn[];
  readonly requests: readonly RequestHistory[];
  readonly readers: readonly ReaderHistory[];
  readonly chatReaders: readonly ChatReaderHistory[];
  /** Every call of the model for a message of this chat, in any order. */
  readonly calls: readonly ModelCall[];
  /** Answers that a request asked to stop: a cancel, or a message that interrupts. */
  readonly askedToStop: ReadonlySet<string>;
}

/** A turn as it is stored in the end. */
export interface StoredTurn {
  readonly id: string;
  readonly sequence: number;
  readonly status: string;
  /** Absent in a retry. */
  readonly userMessage?: { readonly id: string; readonly content: string };
  readonly retryOf?: { readonly turn: string; readonly userMessageId: string };
  readonly answerId: string;
  readonly answer?: { readonly id: string; readonly content: string; readonly finishReason?: string };
  readonly written?: { readonly attempt: number; readonly text: string };
  readonly errorCode?: string;
  /** The runs of the turn so far: its lease's attempt. */
  readonly attempts: number;
}

/** One request that sends a message or retries an answer, from any client. A repeat is another request. */
export interface RequestHistory {
  /** For readers of an offence. */
  readonly name: string;
  /** The content; absent for a retry. */
  readonly content?: string;
  /** The failed answer of a retry. */
  readonly retries?: string;
  readonly idempotencyKey?: string;
  /** Two times on one monotonic clock: when the request was sent, and when its result was known. */
  readonly sentAt: number;
  readonly knownAt: number;
  readonly result: RequestResult;
}

/** The result of a request, as its sender learned it. */
export type RequestResult =
  /** It was acknowledged; the end of the turn may be known. */
  | {
      readonly kind: 'accepted';
      readonly answerId: string;
      /** Absent if only the answer's id was returned. */
      readonly userMessageId?: string;
      readonly isReplay: boolean;
      readonly end?: ReportedEnd;
    }
  /** With an `answerId` the message may have been accepted. */
  | { readonly kind: 'refused'; readonly code: string; readonly answerId?: string }
  /** The connection broke or the process died, so the result is unknown. */
  | { readonly kind: 'unknown' };

/** The end of a turn, as a response reported it. */
export interface ReportedEnd {
  readonly status: 'completed' | 'stopped' | 'failed' | 'deleted';
  /** Absent if none was reported. */
  readonly text?: string;
  readonly errorCode?: string;
}

/** One reader of one answer, over all its connections. */
export interface ReaderHistory {
  readonly name: string;
  readonly answerId: string;
  readonly connections: readonly ReaderConnection[];
}

/** The events that a reader received between one connect and the next. */
export interface ReaderConnection {
  /** The cursor that it sent: that of the last event before. Absent: from the start. */
  readonly from?: StreamCursor;
  readonly events: readonly { readonly cursor: StreamCursor; readonly event: ShownEvent }[];
}

/** The fields of an answer event that the rules check. */
export type ShownEvent =
  | { readonly type: 'start'; readonly messageId: string; readonly userMessageId: string }
  | { readonly type: 'text-start' | 'text-end' }
  | { readonly type: 'text-delta' | 'snapshot'; readonly text: string }
  /** Sent beside the text: it has the cursor of the event before it. */
  | { readonly type: 'status' }
  | ({ readonly type: 'end' } & ShownEnd);

/** The end of an answer, as its readers received it. */
export interface ShownEnd {
  readonly status: string;
  readonly errorCode?: string | undefined;
  readonly finishReason?: string | undefined;
}

/** One follower of a chat, over all its connections. */
export interface ChatReaderHistory {
  readonly name: string;
  readonly events: readonly ShownChatEvent[];
}

/** The fields of a chat event that the rules check. */
export type ShownChatEvent =
  | { readonly type: 'message-accepted'; readonly answerId: string; readonly userMessageId: string }
  | { readonly type: 'answer-started'; readonly messageId: string }
  | { readonly type: 'answer-delta' | 'answer-snapshot'; readonly messageId: string; readonly text: string }
  | ({ readonly type: 'answer-ended'; readonly messageId: string } & ShownEnd)
  | { readonly type: 'chat-snapshot' | 'chat-deleted' };

/** One call of the model. */
export interface ModelCall {
  /** Its context, as `buildContext` creates it, without a system prompt. */
  readonly context: readonly { readonly role: string; readonly content: string }[];
  /** Its text, whole or until it was cut. */
  readonly text: string;
}
