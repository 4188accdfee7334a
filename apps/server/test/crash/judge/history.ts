import type {
  ChatReaderHistory,
  ModelCall,
  ReaderConnection,
  ReportedEnd,
  StoredTurn,
} from '@parley/turns/testing';

/*
 * The history of a cell: the requests and responses of clients, the calls of the model, the stored data, and the
 * times of faults. Times are of one machine's clock, in milliseconds.
 */

export interface CellHistory {
  readonly messages: readonly SentMessage[];
  readonly calls: readonly ObservedCall[];
  readonly turns: readonly ObservedTurn[];
  readonly lists: readonly ListedChat[];
  readonly followers: readonly Follower[];
  /** The chats of users who were blocked: their answers may be stopped. */
  readonly stoppedChats: readonly string[];
  /** The chats that retention judged. */
  readonly judgements: readonly Judgement[];
  /** The errors that servers logged about themselves. */
  readonly troubles: readonly string[];
  /** The injected faults. */
  readonly harms: readonly Harm[];
  readonly promises: Promises;
}

/** A chat whose retention was over at the time `at`: only a later message may keep it. */
export interface Judgement {
  readonly chat: string;
  readonly at: number;
  /** In the end no server finds the chat. */
  readonly isDeleted: boolean;
}

/** Access that was withdrawn while it was used. */
export interface Withdrawal {
  readonly name: string;
  /** The code of requests after that. */
  readonly code: string;
  /** From the first request to withdraw it to the acknowledgement; undefined if no server acknowledged it. */
  readonly withdrawn: Interval | undefined;
  /** The same for the request that gave it back. */
  readonly restored?: Interval | undefined;
  readonly uses: readonly Use[];
}

/** A request with that access. */
export interface Use {
  readonly server: string;
  readonly interval: Interval;
  /**
   * `success`, the code of its rejection or of its stream's end, `open` for a stream that the client closed in the end, or
   * `broken` when its client learned neither.
   */
  readonly outcome: string;
}

/** The limits that a cell is judged by. */
export interface Promises {
  /**
   * A turn's time from its acceptance, or its predecessor's end, to its own end, without the time that faults held it
   * up.
   */
  readonly endWithinMs: number;
  readonly takeoversMax: number;
  /** The number of stopped servers: each may hand a turn over once. */
  readonly handOvers: number;
  /** Calls of the model in one run of a turn. */
  readonly callsPerRunMax: number;
  /** Whether an answer may fail: only after faults of the model. */
  readonly mayFail: boolean;
  /** How many answers may run at once; undefined if there is no bound, or the model does not know the callers. */
  readonly load?: LoadBounds | undefined;
  /** Whether servers of release 0.1.0 took part. */
  readonly hasOlderRelease?: boolean;
}

export interface LoadBounds {
  /** Answers that a server runs at once. */
  readonly running: number;
  /** Those of them that visitors may have. */
  readonly visitors: number;
  /** Answers that visitors of one address may have at once, over all servers. */
  readonly perAddress: number;
  /** How long a visitor's message may wait for a place. */
  readonly visitorWaitMs: number;
}

export interface Harm extends Interval {
  /** Turns may make no progress meanwhile, because a dependency is unreachable. */
  readonly holdsUpTurns: boolean;
}

export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A message that a client sent, repeatedly under one idempotency key, until it knew its end. */
export interface SentMessage {
  readonly chat: string;
  /** Unique in the run. It identifies the message and is its idempotency key, so it is visible ASCII. */
  readonly content: string;
  /** In their order; each begins after the end of the one before it. */
  readonly requests: readonly ClientRequest[];
  /** The address of the visitor who sent it; absent for a secret key. */
  readonly visitorAt?: string;
  /** Error codes that its sender may get, because someone deletes the chat or withdraws the access meanwhile. */
  readonly mayMeet?: readonly string[];
}

/** One request of a client, and its result. */
export interface ClientRequest {
  readonly server: string;
  /** `follow` opens the stream of an answer again. */
  readonly form: 'wait' | 'stream' | 'follow';
  readonly interval: Interval;
  /** The time at which the client knew that the message was accepted; the end of the interval if it was not. */
  readonly knownAt: number;
  readonly result: ClientResult;
  /** The events that were received, if the answer was a stream. */
  readonly connection?: ReaderConnection;
  /** A rejection, in the place of an answer or within a stream. */
  readonly apiError?: { readonly status: number; readonly code: string };
  /** The violations of the stream's format, as sentences. */
  readonly oddities: readonly string[];
}

export type ClientResult =
  | {
      readonly kind: 'accepted';
      readonly answerId: string;
      /** Absent in rejections. */
      readonly userMessageId?: string;
      readonly isReplay: boolean;
      readonly end?: ReportedEnd;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly answerId?: string }
  /** The connection broke, or no data came for too long, so the result is unknown. */
  | { readonly kind: 'unknown' };

export interface ObservedCall extends ModelCall {
  readonly number: number;
  readonly server: string;
  readonly from: number;
  /** The time of its end, or the time at which the model noticed that it was aborted. */
  readonly to: number;
  /** It was aborted. */
  readonly isCut: boolean;
}

export interface ObservedTurn extends StoredTurn {
  readonly chat: string;
  /** The number of times that another process took the turn over. */
  readonly takeovers: number;
  readonly createdAt: number;
  /** Absent while it is unfinished. */
  readonly endedAt?: number;
}

/** The events that a follower of a chat received, over all its connections. */
interface Follower extends ChatReaderHistory {
  readonly chat: string;
}

/** A chat's messages as a server lists them. */
export interface ListedChat {
  readonly server: string;
  readonly chat: string;
  readonly messages: readonly { readonly id: string; readonly role: string; readonly content: string }[];
}
