import type { Id, Metadata } from '@parley/contract';

/** A chat that is not deleted. */
export interface ChatRecord {
  readonly id: Id<'chat'>;
  readonly team: Id<'team'>;
  readonly agent: Id<'agent'>;
  readonly user?: string;
  readonly metadata?: Metadata;
  readonly title?: string;
  readonly createdAt: Date;
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

/** A field that is missing or `undefined` keeps its value. */
export interface ChatChange {
  readonly title?: string | undefined;
  /** Replaces all metadata. */
  readonly metadata?: Metadata | undefined;
}

/** The team, user and agent of a chat. */
export type ChatReach = Pick<ChatRecord, 'id' | 'team' | 'user' | 'agent'>;

/** A chat without recent turns, with the sequence of its newest one; 0 if it has none. */
export interface IdleChat {
  readonly id: Id<'chat'>;
  readonly sequence: number;
}

/** The newest turn of a chat, after which the next one is inserted. */
export interface ChatTail {
  /** 0 if the chat has no turn. */
  readonly sequence: number;
  readonly ended: boolean;
  /** UTF-8 bytes of all the chat's text up to and with the newest ended turn. */
  readonly textBytes: number;
  /** The number of turns that wait or run. */
  readonly unfinished: number;
}
