import type { ErrorCode, Id, ToolStep } from '@parley/contract';
import type { Reservation } from '../budget/budget-port.ts';
import type { ChatAccess } from '../chat/chat-access.ts';
import type { Idempotency } from '../idempotency.ts';
import type { MessageRecord } from '../message/message-records.ts';
import type { Account, Spender, UsageRecord } from '../usage/usage-records.ts';
import type { EndedStatus, TurnStatus } from './turn-status.ts';

/** The right to run a turn. The token is the fence: every write of a runner names it. */
export interface Lease {
  readonly token: string;
  /** Counts the runs of a turn, from 1. */
  readonly attempt: number;
  /** Counts the signs of life of this run. A count that stands still means a dead runner. */
  readonly renewals: number;
}

/** Where a turn came from, as the order of waiting turns depends on it. */
export interface TurnOrigin {
  /** A secret key or a verified user asked for it: no bound per address holds, and reserved places may be used. */
  readonly isPrivileged: boolean;
  /**
   * Hashes of the networks the caller's address is in, narrowest first: an IPv4 address, or the /64 and the /48 of an
   * IPv6 one. Absent when it is not known, for secret keys, and once the turn has ended.
   */
  readonly networks?: readonly string[];
}

/** The text of an answer, and the run that wrote it: cursors name the run. */
export interface WrittenText {
  readonly attempt: number;
  readonly text: string;
}

/** The failed turn that a retry answers again, and the message that both answer. */
export interface RetryOf {
  readonly turn: Id<'turn'>;
  readonly userMessageId: Id<'message'>;
}

/** A turn as its runner needs it. */
export interface TurnRecord {
  readonly id: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  /** Dense in its chat, from 1. */
  readonly sequence: number;
  readonly status: TurnStatus;
  readonly lease?: Lease;
  /** How often a dead runner's run was taken over. */
  readonly takeovers: number;
  /** A mark: whoever runs the turn, or would, ends it instead. */
  readonly isCancelled: boolean;
  /** Absent in a retry, which answers the message of an earlier turn. */
  readonly userMessage?: MessageRecord;
  readonly retryOf?: RetryOf;
  readonly answerId: Id<'message'>;
  readonly answer?: MessageRecord;
  /** What readers were shown: the answer's text, or what a failed run had written. Absent while unfinished. */
  readonly written?: WrittenText;
  readonly errorCode?: ErrorCode;
  /** Of a failed turn: when the model's server takes requests again, if it said so. */
  readonly retryAt?: Date;
  readonly idempotency?: Idempotency;
  readonly spender?: Spender;
  /** Absent on turns of release 0.1.0. */
  readonly origin?: TurnOrigin;
  /** Until the turn is counted. */
  readonly reservations?: readonly Reservation[];
  /** What its run has done with tools so far, for whoever takes it over. Absent once it has ended. */
  readonly steps?: readonly ToolStep[];
  /** UTF-8 bytes of the chat's text up to and with this turn; absent while unfinished. */
  readonly textBytes?: number;
  readonly createdAt: Date;
}

/** What the sweep needs of a turn: no text, because there may be thousands. */
export type UnfinishedTurn = Pick<
  TurnRecord,
  | 'id'
  | 'team'
  | 'chat'
  | 'sequence'
  | 'status'
  | 'lease'
  | 'takeovers'
  | 'isCancelled'
  | 'spender'
  | 'origin'
>;

/** A queued turn, as the order of waiting turns needs it. */
export type QueuedTurn = Pick<TurnRecord, 'id' | 'team' | 'isCancelled' | 'spender' | 'origin'>;

/** How a turn stands, as a reader looks at it again and again: no text. */
export type TurnStand = Pick<TurnRecord, 'status' | 'isCancelled'> & {
  /** The newest run; 0 before the first. */
  readonly attempt: number;
};

/** A turn to be accepted. With a lease it is claimed in the same write. */
export interface NewTurn {
  readonly id: Id<'turn'>;
  readonly chat: Id<'chat'>;
  readonly sequence: number;
  /** The message to answer, or the failed turn whose message is answered again. */
  readonly question: { readonly userMessage: MessageRecord } | { readonly retryOf: RetryOf };
  readonly answerId: Id<'message'>;
  readonly idempotency?: Idempotency;
  readonly lease?: Lease;
  readonly spender?: Spender;
  readonly origin?: TurnOrigin;
  readonly reservations?: readonly Reservation[];
  readonly createdAt: Date;
}

/** A message as the model may be given it. */
export interface HistoryMessage extends Pick<MessageRecord, 'role' | 'content'> {
  /** The model rejected to answer it. */
  readonly isRefused?: boolean;
}

/** What a runner looks at between its insert and its call of the model. */
export interface TurnView {
  /** Undefined when it was deleted. */
  readonly chat: ChatAccess | undefined;
  /** Whether every turn before this one has ended. One that is not there counts as ended. */
  readonly predecessorEnded: boolean;
  /** Bytes of the chat's text before this turn. */
  readonly textBytesBefore: number;
  /** The messages of the turns before this one, oldest first: of the newest turns as many as fill the bytes. */
  readonly history: readonly HistoryMessage[];
}

export interface TurnEnd {
  readonly status: EndedStatus;
  readonly answer?: MessageRecord;
  /** What was shown: the run that wrote the answer, or what a failed run had written. */
  readonly written?: WrittenText;
  readonly errorCode?: ErrorCode;
  /** When the model's server takes requests again, if it said so. */
  readonly retryAt?: Date;
  readonly usage?: UsageRecord;
  /** With one the turn is counted. */
  readonly account?: Account;
  readonly agentVersion?: number;
  /** Bytes of the chat's text up to and with this turn. */
  readonly textBytes: number;
}
