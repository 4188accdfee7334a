import type { Id, Metadata } from '@parley/contract';

export interface ChatRecord {
  readonly id: Id<'chat'>;
  readonly team: Id<'team'>;
  readonly agent: Id<'agent'>;
  readonly user?: string;
  readonly metadata?: Metadata;
  readonly title?: string;
  readonly createdAt: Date;
}

export interface NewChat {
  readonly agent: Id<'agent'>;
  readonly agentType: string;
  readonly user?: string;
  readonly metadata?: Metadata;
}

/** A chat that was made by an earlier request with the same key. */
export interface KeptChat {
  readonly body: string;
  /** Undefined when it was deleted since. */
  readonly chat: ChatRecord | undefined;
}

export interface ChatFilter {
  readonly user?: string;
  readonly agentType?: string;
  /** Words, or beginnings of words, of the title. */
  readonly search?: string;
}

export interface ChatChange {
  readonly title?: string;
  readonly metadata?: Metadata;
}

/** Whose a chat is, and with which agent. */
export type ChatReach = Pick<ChatRecord, 'id' | 'team' | 'user' | 'agent'>;

/** A chat in which nothing was said for long, with the sequence of its newest turn; 0 when it has none. */
export interface IdleChat {
  readonly id: Id<'chat'>;
  readonly sequence: number;
}

/** The newest turn of a chat: what the next one is inserted after. */
export interface ChatTail {
  readonly sequence: number;
  readonly ended: boolean;
  /** UTF-8 bytes of all the chat's text up to and with the newest ended turn. */
  readonly textBytes: number;
  /** Turns that wait for their start or run. */
  readonly unfinished: number;
}
