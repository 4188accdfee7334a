import type { StreamCursor, TapePart, WholePart } from '@parley/contract';

/**
 * The requests to a system, its responses, the events of its readers, and its stored data in the end. It is plain
 * data, so that a simulation and a test with real processes share their rules (`checkHistory`). Contents of messages
 * must be unique, because they identify messages everywhere. Each run of the model must write a text of its own,
 * which identifies stale answers.
 */
export interface History {
  readonly chats: readonly ChatHistory[];
  /** The number of times that a turn may be taken over. */
  readonly takeoversMax: number;
  /** The number of deliberate hand-overs by processes. Each may cause one more call of the model for a turn. */
  readonly handovers: number;
  /** The number of models that a run may call, one after the other. */
  readonly modelsMax: number;
  /** Whether release 0.1.0, which has no finish reasons, ran or returned some of the turns. */
  readonly hasOlderRelease?: boolean | undefined;
}

/** The requests, responses and events of one chat, and its stored data in the end. */
export interface ChatHistory {
  readonly chat: string;
  /** Whether the chat is deleted in the end. */
  readonly isDeleted: boolean;
  /** Whether any request to delete the chat was sent, with any result. */
  readonly wasDeletionRequested: boolean;
  /** The stored turns in the end, in any order. */
  readonly turns: readonly StoredTurn[];
  readonly requests: readonly RequestHistory[];
  readonly readers: readonly ReaderHistory[];
  readonly chatReaders: readonly ChatReaderHistory[];
  /** Every call of the model for a message of this chat, in any order. */
  readonly calls: readonly ModelCall[];
  /** The removals of messages that were requested. */
  readonly removals?: readonly RemovalHistory[];
  /** Answers that a request may have stopped: a cancel, a block of the user, or a message that interrupts. */
  readonly stopRequestedFor: ReadonlySet<string>;
}

/** A request to remove a message whose answer failed. */
interface RemovalHistory {
  /** The user's message. */
  readonly message: string;
  /** Whether the removal was acknowledged. */
  readonly isConfirmed: boolean;
}

/** A turn as it is stored in the end. The content of a removed message is that from before its removal. */
export interface StoredTurn {
  readonly id: string;
  readonly sequence: number;
  /** The path up to and with it, as ranges. Absent: every turn up to it. */
  readonly path?: readonly number[];
  readonly status: string;
  readonly isRemoved?: boolean;
  /** Whether a removed turn still has content. */
  readonly hasContent?: boolean;
  /** Absent in a retry. */
  readonly userMessage?: { readonly id: string; readonly content: string };
  readonly retryOf?: { readonly turn: string; readonly userMessageId: string };
  readonly answerId: string;
  readonly answer?: {
    readonly id: string;
    readonly content: string;
    readonly tape?: string;
    readonly finishReason?: string;
  };
  readonly written?: { readonly attempt: number; readonly text: string; readonly tape?: string };
  readonly errorCode?: string;
  /** The number of runs of the turn: the attempt of its lease. */
  readonly attempts: number;
}

/** One request that sends a message or retries an answer, from any client. A repeat is another request. */
export interface RequestHistory {
  /** The name of the request in offences. */
  readonly name: string;
  /** The content; absent for a retry. */
  readonly content?: string;
  /** The answer that is generated again. */
  readonly retries?: string;
  /** The message that is replaced, or that the sender saw last. */
  readonly replaces?: string;
  readonly after?: string;
  readonly idempotencyKey?: string;
  /** Two times on one monotonic clock: when the request was sent, and when its result was known. */
  readonly sentAt: number;
  readonly knownAt: number;
  readonly result: RequestResult;
}

/** The result of a request, as its sender learned it. */
export type RequestResult =
  /** The message was accepted. The end of the turn may be known. */
  | {
      readonly kind: 'accepted';
      readonly answerId: string;
      /** Absent if only the answer's id was returned. */
      readonly userMessageId?: string;
      readonly isReplay: boolean;
      readonly end?: ReportedEnd;
    }
  /** The request was rejected. With an `answerId` the message may still be stored. */
  | { readonly kind: 'refused'; readonly code: string; readonly answerId?: string }
  /** The connection broke or the process died, so the result is unknown. */
  | { readonly kind: 'unknown' };

/** The end of a turn, as a response reported it. */
export interface ReportedEnd {
  readonly status: 'completed' | 'stopped' | 'failed' | 'deleted';
  /** Absent if no text was reported. */
  readonly text?: string;
  readonly errorCode?: string;
}

/** One reader of one answer, over all its connections. */
export interface ReaderHistory {
  readonly name: string;
  readonly answerId: string;
  readonly connections: readonly ReaderConnection[];
}

/** The events that a reader received over one connection. */
export interface ReaderConnection {
  /** The cursor that the reader sent, normally of its last event. Absent: from the start. */
  readonly from?: StreamCursor;
  readonly events: readonly { readonly cursor: StreamCursor; readonly event: ShownEvent }[];
}

/** The fields of an answer event that the rules check. */
export type ShownEvent =
  | { readonly type: 'start'; readonly messageId: string; readonly userMessageId: string }
  | { readonly type: 'text-start' | 'text-end'; readonly part?: number }
  | { readonly type: 'text-delta'; readonly text: string; readonly part?: number }
  | { readonly type: 'snapshot'; readonly text: string; readonly parts?: readonly TapePart[] }
  | ShownPart
  /** A status is not part of the text and has the cursor of the event before it. */
  | { readonly type: 'status' }
  | ({ readonly type: 'end' } & ShownEnd);

/** An event of a part that is not text. */
export type ShownPart =
  | {
      readonly type: 'reasoning-start' | 'reasoning-end';
      readonly part?: number;
      readonly isShown: boolean;
    }
  | {
      readonly type: 'reasoning-delta';
      readonly part?: number;
      readonly isShown: boolean;
      readonly text: string;
    }
  | WholePart;

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
  | { readonly type: 'answer-delta'; readonly messageId: string; readonly text: string }
  | {
      readonly type: 'answer-snapshot';
      readonly messageId: string;
      readonly text: string;
      readonly parts?: readonly TapePart[];
    }
  | { readonly type: 'answer-part'; readonly messageId: string; readonly event: ShownPart }
  | ({ readonly type: 'answer-ended'; readonly messageId: string } & ShownEnd)
  | { readonly type: 'chat-snapshot' | 'chat-deleted' };

/** One call of the model. */
export interface ModelCall {
  /** The context of the call as `buildContext` creates it, without a system prompt. */
  readonly context: readonly {
    readonly role: string;
    readonly content: string;
    readonly parts?: readonly TapePart[];
  }[];
  /** The tape of the answer until its end or until the call was aborted. */
  readonly text: string;
}
