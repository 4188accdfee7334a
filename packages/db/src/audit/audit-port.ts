import type { Id } from '@parley/contract';
import type { PageOf } from '../page.ts';
import type { Scope } from '../scope.ts';
import type { AuditDetails, AuditEntryRecord, NewAuditEntry } from './audit-records.ts';

/** Who did what in a team. */
export interface AuditStore {
  /** Writes an entry before its act is done. */
  begin(scope: Scope, entry: NewAuditEntry): Promise<Id<'audit'>>;
  /** Likewise for several acts. */
  beginAll(scope: Scope, entries: readonly NewAuditEntry[]): Promise<Id<'audit'>[]>;
  /** Says that the act was done, and to what. */
  finish(scope: Scope, id: Id<'audit'>, target?: string, details?: AuditDetails): Promise<void>;
  finishAll(scope: Scope, ids: readonly Id<'audit'>[]): Promise<void>;
  /** Takes an entry back whose act was rejected. */
  withdraw(scope: Scope, id: Id<'audit'>): Promise<void>;
  /** Writes an entry of something that happened; the same again within the hour only in another process. */
  note(scope: Scope, entry: NewAuditEntry): Promise<void>;
  /** Writes an entry of an act that was rejected, likewise. */
  noteRejected(scope: Scope, entry: NewAuditEntry): Promise<void>;
  /** Newest first, at most `limit`, from after the entry `after` on. */
  list(
    scope: Scope,
    page: { limit: number; after?: Id<'audit'> },
  ): Promise<PageOf<AuditEntryRecord, Id<'audit'>>>;
}
