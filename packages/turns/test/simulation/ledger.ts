import type { Id } from '@parley/contract';
import type {
  ChatReaderHistory,
  ReaderHistory,
  ReportedEnd,
  RequestHistory,
  RequestResult,
} from '../../src/testing/index.ts';

/** A request that is in flight. Its result is filled in later. */
export type OpenRequest = RequestHistory & {
  knownAt: number;
  result: RequestResult;
  readonly isInterrupting: boolean;
};

/** The actions in one chat and their responses. */
export interface ChatLedger {
  readonly requests: OpenRequest[];
  readonly readers: ReaderHistory[];
  readonly chatReaders: ChatReaderHistory[];
  readonly stopRequestedFor: Set<string>;
  /** Answers whose ids users have received, newest last. */
  readonly answers: Id<'message'>[];
  /** Users' messages whose ids users have received. */
  readonly messages: string[];
  /** The removals of messages that were requested. */
  readonly removals: { readonly message: string; isConfirmed: boolean }[];
  /** Whether a message that interrupts may have cancelled every answer, although it was rejected afterwards. */
  mayBeInterrupted: boolean;
  wasDeletionRequested: boolean;
  /** Whether a user received the confirmation of the deletion. */
  wasConfirmedDeleted: boolean;
}

/** The actions of users by chat. */
export class Ledger {
  readonly #chats = new Map<Id<'chat'>, ChatLedger>();

  of(chat: Id<'chat'>): ChatLedger {
    const known = this.#chats.get(chat) ?? {
      requests: [],
      readers: [],
      chatReaders: [],
      stopRequestedFor: new Set(),
      answers: [],
      messages: [],
      removals: [],
      mayBeInterrupted: false,
      wasDeletionRequested: false,
      wasConfirmedDeleted: false,
    };
    this.#chats.set(chat, known);
    return known;
  }

  /** The newest answer that was reported to a user as failed. */
  failedAnswer(chat: Id<'chat'>): string | undefined {
    for (const { result } of this.of(chat).requests.toReversed())
      if (result.kind === 'accepted' && result.end?.status === 'failed') return result.answerId;
    return undefined;
  }
}

export function reportedEndOf(
  outcome:
    | {
        readonly kind: 'answered';
        readonly status: 'completed' | 'stopped';
        readonly answer: { content: string };
      }
    | { readonly kind: 'failed'; readonly errorCode: string }
    | { readonly kind: 'empty' | 'deleted' | 'handed-over' },
): ReportedEnd | undefined {
  switch (outcome.kind) {
    case 'answered':
      return { status: outcome.status, text: outcome.answer.content };
    case 'failed':
      return { status: 'failed', errorCode: outcome.errorCode };
    case 'empty':
      return { status: 'stopped', text: '' };
    case 'deleted':
      return { status: 'deleted' };
    case 'handed-over':
      return undefined;
  }
}
