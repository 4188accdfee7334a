import type { Id } from '@parley/contract';

/** Who acted: whoever has a key, or an operator at the command line. */
export type AuditActor = { readonly kind: 'key'; readonly key: Id<'key'> } | { readonly kind: 'admin' };

/** What is noted of an act: ids and names alone, never what was said in it. */
export interface NewAuditEntry {
  readonly actor: AuditActor;
  /** A procedure, or a verb of the admin command. */
  readonly action: string;
  readonly target?: string;
  readonly request?: string;
  /** The client's address, as limits count it. */
  readonly address?: string;
  /** What was asked for, where the action and the target do not say it: limits of a key, and no content. */
  readonly details?: AuditDetails;
}

export type AuditDetails = Readonly<Record<string, unknown>>;

export interface AuditEntryRecord extends NewAuditEntry {
  readonly id: Id<'audit'>;
  readonly at: Date;
  /** `unknown`: it is under way, or was cut off. */
  readonly outcome: 'done' | 'refused' | 'unknown';
}
