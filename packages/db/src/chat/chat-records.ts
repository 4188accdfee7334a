import type { Id, Metadata, Path } from '@parley/contract';

/** A chat that is not deleted. */
export interface ChatRecord {
  readonly id: Id<'chat'>;
  readonly team: Id<'team'>;
  readonly agent: Id<'agent'>;
  readonly user?: string;
  readonly metadata?: Metadata;
  readonly title?: string;
  /** An answer of the chat got feedback, which may have been taken back. */
  readonly hasFeedback?: true;
  /** Some of its turns may not be shown: it has versions of messages or answers, or a message was removed. */
  readonly hasVersions?: true;
  /** The path that a caller chose. It counts until a new turn comes. */
  readonly choice?: PathChoice;
  /** Counts the changes that are no new turns: renaming, feedback, the choice of a path, the removal of a message. */
  readonly revision?: number;
  readonly createdAt: Date;
  /** When it was last used or changed. Absent on chats of release 0.1.0 that were not used since. */
  readonly updatedAt?: Date;
  /** A message waits for its answer, or is being answered. */
  readonly isAnswering?: true;
}

/** The choice of a path. It counts while `tailSequence` is the chat's highest sequence. */
export interface PathChoice {
  /** The sequence of the turn whose path is shown. */
  readonly turn: number;
  readonly tailSequence: number;
}

/** The fields that a new chat is created with. */
export interface NewChat {
  readonly agent: Id<'agent'>;
  /** The type that the agent has now. Chats are filtered by it, also after the agent's type has changed. */
  readonly agentType: string;
  readonly user?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** The chat that an earlier request with the same idempotency key created. */
export interface ChatReplay {
  /** The hash of that request's input. A different one means that the key was reused. */
  readonly body: string;
  /** Undefined if the chat was deleted since. */
  readonly chat: ChatRecord | undefined;
}

/** Limits a list of chats. Each field that is given has to match. */
export interface ChatFilter {
  readonly user?: string;
  readonly agentType?: string;
  /** Words of the title, or the beginnings of words. */
  readonly search?: string;
}

/** Limits a list of chats by last use. Titles are only searched in the order of creation. */
export type ChatUseFilter = Omit<ChatFilter, 'search'>;

/** The place of a chat in the list by last use. Chats without a time come last. */
export type ChatPosition = Pick<ChatRecord, 'id' | 'updatedAt'>;

/** The newest use of a chat. */
export interface ChatUse {
  readonly team: Id<'team'>;
  readonly chat: Id<'chat'>;
  readonly at: Date;
  /** The sequence of the newest turn that was accepted, if this is known. */
  readonly accepted?: number;
  /** The sequence of the newest turn that has ended, if this is known. */
  readonly ended?: number;
}

/** A field that is missing or `undefined` keeps its value. */
export interface ChatChange {
  readonly title?: string | undefined;
  /** Replaces all metadata. */
  readonly metadata?: Metadata | undefined;
}

/** The team, user and agent of a chat, and its changes that are no new turns. */
export type ChatReach = Pick<ChatRecord, 'id' | 'team' | 'user' | 'agent' | 'revision' | 'hasVersions'>;

/** A chat without recent turns, with the sequence of its newest one; 0 if it has none. */
export interface IdleChat {
  readonly id: Id<'chat'>;
  readonly sequence: number;
}

/** The newest turn of a chat, after which the next one is inserted. */
export interface ChatTail {
  /** 0 if the chat has no turn. */
  readonly sequence: number;
  /** The path of the newest turn. Absent: every turn of the chat. */
  readonly path?: Path;
  readonly ended: boolean;
  /** UTF-8 bytes of all the chat's text up to and with the newest ended turn. */
  readonly textBytes: number;
  /** The number of turns that wait or run. */
  readonly unfinished: number;
}
