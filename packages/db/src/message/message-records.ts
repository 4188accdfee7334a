import type { ErrorCode, FinishReason, Id, MessageFile } from '@parley/contract';
import type { TurnStatus } from '../turn/turn-status.ts';

/** A message of a turn. An answer may be empty. */
export interface MessageRecord {
  readonly id: Id<'message'>;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** The tape of an answer that has more than text: see `tape.ts` of the contract. `content` is its text. */
  readonly tape?: string;
  /** The files that a user's message names. */
  readonly files?: readonly MessageFile[];
  /** Only on a completed answer. Absent on answers of release 0.1.0. */
  readonly finishReason?: FinishReason;
  readonly createdAt: Date;
}

/** The last message of a page. The next page begins after it. */
export interface MessagePosition {
  readonly sequence: number;
  readonly role: 'user' | 'assistant';
  /** The sequence of the turn whose path the list shows, in a chat with versions. */
  readonly head?: number | undefined;
}

/** The versions of a message, in the order in which they were stored. */
export interface Siblings {
  /** The place of the message among them, from 0. */
  readonly index: number;
  readonly ids: readonly Id<'message'>[];
}

/** A message as lists show it, with the status of its turn. */
export interface ListedMessage extends MessageRecord {
  readonly status: TurnStatus;
  readonly errorCode?: ErrorCode;
  /** When the model's server takes requests again, if it said so. */
  readonly retryAt?: Date;
  /** The id of the answer, as the newest turn of the message has it. */
  readonly answerId: Id<'message'>;
  /** Whether the list shows an answer to it. */
  readonly isAnswered: boolean;
  /** Present if the message has other versions. */
  readonly siblings?: Siblings;
  /** The earlier versions of the answer, for a user's message that the list shows without one. */
  readonly otherAnswers?: readonly Id<'message'>[];
}
