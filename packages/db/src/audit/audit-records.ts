import type { Id } from '@parley/contract';

/** The one who acted: the holder of a key, or an operator at the command line. */
export type AuditActor = { readonly kind: 'key'; readonly key: Id<'key'> } | { readonly kind: 'admin' };

/** An entry for the audit log: ids and names, never content. */
export interface NewAuditEntry {
  readonly actor: AuditActor;
  /** The name of a procedure, or a verb of the admin command. */
  readonly action: string;
  readonly target?: string;
  readonly request?: string;
  /** The client's address, as limits count it. */
  readonly address?: string;
  /** Details that the action and the target do not say, such as the limits of a key. Never content. */
  readonly details?: AuditDetails;
}

/** Values that JSON can hold. They must not contain content, tokens or keys. */
export type AuditDetails = Readonly<Record<string, unknown>>;

/** An entry of the audit log. */
export interface AuditEntryRecord extends NewAuditEntry {
  readonly id: Id<'audit'>;
  readonly at: Date;
  /** `unknown`: the act is running, or the process ended during it. */
  readonly outcome: 'done' | 'refused' | 'unknown';
}
