import type { Id } from '@parley/contract';
import type { Scope } from '../scope.ts';

/** A change in the list of a scope. */
export interface ListChange {
  /** The chat that changed or was deleted. Undefined if many chats changed, so that the list has to be read again. */
  readonly chat: Id<'chat'> | undefined;
  readonly at: Date;
}

/** The changes that a reader asks for: those in the list of its scope after a time. */
export interface ChangesAfter {
  readonly scope: Scope;
  readonly after: Date;
}

/** The changes in one list. */
export interface FoundChanges {
  readonly changes: readonly ListChange[];
  /** There are more changes than are read at once, so the list has to be read again. */
  readonly isIncomplete: boolean;
}
