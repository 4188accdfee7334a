import type { Id } from '@parley/contract';

/** A message that a search found. */
export interface FoundMessage {
  readonly chat: Id<'chat'>;
  readonly message: Id<'message'>;
  readonly title?: string;
  /** The part of its text around the first found word. */
  readonly snippet: string;
  readonly createdAt: Date;
}
