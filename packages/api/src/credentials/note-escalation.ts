import { ApiError } from '@parley/contract';
import type { AuditStore, NewAuditEntry } from '@parley/db';
import { noteRejected } from '../audit/begin-act.ts';
import type { Caller } from '../caller.ts';
import { policyOf } from '../policies.ts';

/** The fields that all audit entries of one request share. */
export type AuditEntryOfRequest = Pick<NewAuditEntry, 'actor' | 'request' | 'address'>;

/** Returns the fields that all audit entries of one request share. */
export function auditEntryOf(
  { key }: Pick<Caller, 'key'>,
  request: string,
  address: string | undefined,
): AuditEntryOfRequest {
  return { actor: { kind: 'key', key }, request, ...(address !== undefined && { address }) };
}

/** Adds an audit entry when a secret key was rejected for trying to manage credentials beyond its permissions. */
export async function noteEscalation(
  audit: AuditStore,
  caller: Caller,
  entry: AuditEntryOfRequest,
  { procedure, error }: { readonly procedure: string; readonly error: unknown },
): Promise<void> {
  const isRefused = error instanceof ApiError && error.status === 403;
  if (!isRefused || caller.kind !== 'secret' || !policyOf(procedure).credential) return;
  await noteRejected(audit, caller.scope, { ...entry, action: procedure });
}
