import type { Id } from '@parley/contract';
import type { PageOf } from '../page.ts';
import type { Scope } from '../scope.ts';
import type { AuditDetails, AuditEntryRecord, NewAuditEntry } from './audit-records.ts';

/** The audit log of a team: its members' acts. */
export interface AuditStore {
  /** Stores an entry before its act. */
  begin(scope: Scope, entry: NewAuditEntry): Promise<Id<'audit'>>;
  /** Stores the entries of several acts. */
  beginAll(scope: Scope, entries: readonly NewAuditEntry[]): Promise<Id<'audit'>[]>;
  /** Marks the act done, and stores its target and details if they are given. */
  finish(scope: Scope, id: Id<'audit'>, target?: string, details?: AuditDetails): Promise<void>;
  finishAll(scope: Scope, ids: readonly Id<'audit'>[]): Promise<void>;
  /** Removes the entry of an act that was rejected. */
  withdraw(scope: Scope, id: Id<'audit'>): Promise<void>;
  /** Stores an entry of a finished act. One process stores the same entry at most once an hour. */
  note(scope: Scope, entry: NewAuditEntry): Promise<void>;
  /** Stores an entry of a rejected act. One process stores the same entry at most once an hour. */
  noteRejected(scope: Scope, entry: NewAuditEntry): Promise<void>;
  /** Newest first, at most `limit`, from after the entry `after` on. */
  list(
    scope: Scope,
    page: { limit: number; after?: Id<'audit'> },
  ): Promise<PageOf<AuditEntryRecord, Id<'audit'>>>;
}
