import type { StreamCursor } from '@parley/contract';

/**
 * What was asked of a system, what it answered, what it showed, and what it holds in the end. Plain data, so
 * that a simulation and a test with real processes are judged by the same rules (`checkHistory`).
 *
 * Contents of messages must be unique: by them a message is known wherever it turns up. Each run of the model
 * must write a text of its own: by it a stale answer is known.
 */
export interface History {
  readonly chats: readonly ChatHistory[];
  /** A turn may be taken over this often. */
  readonly takeoversMax: number;
  /** How often a process gave its turns back on purpose: each time may cost a turn one more call of the model. */
  readonly handovers: number;
  /** Release 0.1.0, which knows no finish reasons, served and ran some of the turns. */
  readonly hasOlderRelease?: boolean | undefined;
}

export interface ChatHistory {
  readonly chat: string;
  /** In the end nobody finds the chat. */
  readonly isGone: boolean;
  /** Someone asked for its deletion, whatever became of that. */
  readonly wasAskedToGo: boolean;
  /** What is stored in the end, in any order. */
  readonly turns: readonly StoredTurn[];
  readonly requests: readonly RequestHistory[];
  readonly readers: readonly ReaderHistory[];
  readonly chatReaders: readonly ChatReaderHistory[];
  /** Every call of the model for a message of this chat, in any order. */
  readonly calls: readonly ModelCall[];
  /** Answers that someone asked to stop: by a cancel, or by a message that interrupts. */
  readonly askedToStop: ReadonlySet<string>;
}

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

/** One request that sends a message or retries an answer, by whoever made it; a repeat is another request. */
export interface RequestHistory {
  /** For people who read an offence. */
  readonly name: string;
  /** What was sent; absent for a retry. */
  readonly content?: string;
  /** The answer that was to be retried. */
  readonly retries?: string;
  readonly idempotencyKey?: string;
  /** Moments on any one scale that grows: when it was sent, and when its result was known. */
  readonly sentAt: number;
  readonly knownAt: number;
  readonly result: RequestResult;
}

export type RequestResult =
  /** It was acknowledged, and perhaps told how it ended. */
  | {
      readonly kind: 'accepted';
      readonly answerId: string;
      /** Absent where only the answer's id was told. */
      readonly userMessageId?: string;
      readonly isReplay: boolean;
      readonly end?: ReportedEnd;
    }
  /** With an `answerId` it may have been accepted all the same. */
  | { readonly kind: 'refused'; readonly code: string; readonly answerId?: string }
  /** The connection broke, or the process died: nobody knows. */
  | { readonly kind: 'unknown' };

/** How a turn ended, as someone was told. */
export interface ReportedEnd {
  readonly status: 'completed' | 'stopped' | 'failed' | 'gone';
  /** Absent where none was told. */
  readonly text?: string;
  readonly errorCode?: string;
}

/** One reader of one answer, over all its connections. */
export interface ReaderHistory {
  readonly name: string;
  readonly answerId: string;
  readonly connections: readonly ReaderConnection[];
}

export interface ReaderConnection {
  /** What it asked to go on after: the cursor of the last event it got before. Absent: from the start. */
  readonly from?: StreamCursor;
  readonly events: readonly { readonly cursor: StreamCursor; readonly event: ShownEvent }[];
}

/** An event of `@parley/contract`'s answer events, as far as the rules look at it. */
export type ShownEvent =
  | { readonly type: 'start'; readonly messageId: string; readonly userMessageId: string }
  | { readonly type: 'text-start' | 'text-end' }
  | { readonly type: 'text-delta' | 'snapshot'; readonly text: string }
  /** Told beside the text: it has the cursor of the event before it. */
  | { readonly type: 'status' }
  | ({ readonly type: 'end' } & ShownEnd);

/** How an answer ended, as its readers were told. */
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

/** An event of `@parley/contract`'s chat events, as far as the rules look at it. */
export type ShownChatEvent =
  | { readonly type: 'message-accepted'; readonly answerId: string; readonly userMessageId: string }
  | { readonly type: 'answer-started'; readonly messageId: string }
  | { readonly type: 'answer-delta' | 'answer-snapshot'; readonly messageId: string; readonly text: string }
  | ({ readonly type: 'answer-ended'; readonly messageId: string } & ShownEnd)
  | { readonly type: 'chat-snapshot' | 'chat-deleted' };

/** One call of the model. */
export interface ModelCall {
  /** What it was shown, as `buildContext` makes it, without a system prompt. */
  readonly context: readonly { readonly role: string; readonly content: string }[];
  /** What it wrote, all of it or until it was cut. */
  readonly text: string;
}
