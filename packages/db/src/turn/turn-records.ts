import type { ErrorCode, Id, Path, TapePart, ToolStep } from '@parley/contract';
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
  /** Counts the renewals of this run. A count that does not change means a dead process. */
  readonly renewals: number;
}

/** The origin of a turn. The order of waiting turns depends on it. */
export interface TurnOrigin {
  /** A secret key or a verified user sent the message: limits per address do not apply, and reserved places may be used. */
  readonly isPrivileged: boolean;
  /**
   * Hashes of the networks of the caller's address, narrowest first: an IPv4 address, or the /64 and the /48 of an IPv6
   * address. Absent for unknown addresses, for secret keys, and on ended turns.
   */
  readonly networks?: readonly string[];
}

/** The text of an answer, and the run that wrote it: cursors name the run. */
export interface WrittenText {
  readonly attempt: number;
  readonly text: string;
  /** The tape, if the answer has more than text. */
  readonly tape?: string;
}

/** The turn that a retry answers again, and the message that both answer. */
export interface RetryOf {
  readonly turn: Id<'turn'>;
  readonly userMessageId: Id<'message'>;
}

/** A turn, as the engine needs it. */
export interface TurnRecord {
  readonly id: Id<'turn'>;
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  /** The turns of a chat have the numbers 1, 2, 3 and so on, without gaps. */
  readonly sequence: number;
  /**
   * The sequence of the turn that this one follows; 0 for the first message of a path. A version of an answer follows the turn
   * that its message follows. Absent: the preceding sequence, or for a retry the turn that the retried one follows.
   */
  readonly parent?: number;
  /** The path up to and with this turn. Absent: every turn up to this one. */
  readonly path?: Path;
  readonly status: TurnStatus;
  readonly lease?: Lease;
  /** The number of times that another process took the turn over. */
  readonly takeovers: number;
  /** The process that runs or starts the turn ends it instead. */
  readonly isCancelled: boolean;
  /** Absent in a retry, which answers the message of an earlier turn. */
  readonly userMessage?: MessageRecord;
  readonly retryOf?: RetryOf;
  readonly answerId: Id<'message'>;
  readonly answer?: MessageRecord;
  /** The text that readers received: the answer, or the text of a failed run. Absent while unfinished. */
  readonly written?: WrittenText;
  readonly errorCode?: ErrorCode;
  /** The time at which the model's server accepts requests again. Only on failed turns, if the server said it. */
  readonly retryAt?: Date;
  readonly idempotency?: Idempotency;
  readonly spender?: Spender;
  /** Absent on turns of release 0.1.0. */
  readonly origin?: TurnOrigin;
  /** Absent once the turn is counted. */
  readonly reservations?: readonly Reservation[];
  /** The tool calls of its run so far, for a process that takes the turn over. Absent once the turn has ended. */
  readonly steps?: readonly ToolStep[];
  /** UTF-8 bytes of the chat's text up to and with this turn; absent while unfinished. */
  readonly textBytes?: number;
  /** The message was removed: its text is empty, and no list shows it. */
  readonly isRemoved?: true;
  readonly createdAt: Date;
}

/** A turn for the recovery loop: without text, because there may be thousands. */
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

/** A queued turn with the fields that decide the order of waiting turns. */
export type QueuedTurn = Pick<TurnRecord, 'id' | 'team' | 'isCancelled' | 'spender' | 'origin'>;

/** The status of a turn, which readers poll: without text. */
export type TurnState = Pick<TurnRecord, 'status' | 'isCancelled'> & {
  /** The newest run; 0 before the first. */
  readonly attempt: number;
};

/** The state of a turn that readers in other processes poll. */
export interface PolledTurn extends TurnState, Pick<TurnRecord, 'id' | 'team' | 'sequence'> {
  /** The end of the newest wait that the model's server asked this run for. It may have passed. */
  readonly waitsUntil?: Date;
}

/** A turn to insert. With a lease the same write claims it. */
export interface NewTurn {
  readonly id: Id<'turn'>;
  readonly chat: Id<'chat'>;
  readonly sequence: number;
  readonly parent?: number;
  readonly path?: Path;
  /** The message to answer, or the turn whose message is answered again. */
  readonly question: { readonly userMessage: MessageRecord } | { readonly retryOf: RetryOf };
  readonly answerId: Id<'message'>;
  readonly idempotency?: Idempotency;
  readonly lease?: Lease;
  readonly spender?: Spender;
  readonly origin?: TurnOrigin;
  readonly reservations?: readonly Reservation[];
  readonly createdAt: Date;
}

/** A message of the history, for the model. */
export interface HistoryMessage extends Pick<MessageRecord, 'role' | 'content' | 'files'> {
  /** True if the model refused to answer the message. */
  readonly isRefused?: boolean;
  /** True if the message was removed. Its text is empty. */
  readonly isRemoved?: boolean;
  /** The parts of an answer with tool calls, without its reasoning. */
  readonly parts?: readonly TapePart[];
}

/** The state that a run reads between the insert of its turn and the call of the model. */
export interface RunContext {
  /** Undefined if the chat was deleted. */
  readonly chat: ChatAccess | undefined;
  /** Whether every turn before this one has ended. A missing turn counts as ended. */
  readonly predecessorEnded: boolean;
  /** Bytes of the chat's text before this turn. */
  readonly textBytesBefore: number;
  /** The messages of the turns before this one, oldest first: of the newest turns as many as fill the bytes. */
  readonly history: readonly HistoryMessage[];
}

/** A turn as one of the versions of its message or answer. */
export interface VersionTurn extends Pick<TurnRecord, 'sequence' | 'answerId' | 'parent'> {
  readonly userMessageId: Id<'message'>;
  /** It answers the message of an earlier turn. */
  readonly isRetry: boolean;
  /** Lists show its answer. */
  readonly hasAnswer: boolean;
  readonly isRemoved?: true;
}

/** The end of a turn. The fields that are given are stored with it in one update. */
export interface TurnEnd {
  readonly status: EndedStatus;
  readonly answer?: MessageRecord;
  /** The text that readers received, with its run: the answer, or the text of a failed run. */
  readonly written?: WrittenText;
  readonly errorCode?: ErrorCode;
  /** The time at which the model's server accepts requests again, if it said so. */
  readonly retryAt?: Date;
  readonly usage?: readonly UsageRecord[];
  /** Present if the turn is to be counted. */
  readonly account?: Account;
  readonly agentVersion?: number;
  /** Bytes of the chat's text up to and with this turn. */
  readonly textBytes: number;
}
