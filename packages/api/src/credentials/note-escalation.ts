import { ApiError } from '@parley/contract';
import type { AuditStore, NewAuditEntry } from '@parley/db';
import { noteRejected } from '../audit/begin-act.ts';
import type { Caller } from '../caller.ts';
import { policyOf } from '../policies.ts';

/** What the audit log says of every act of one request. */
export type AuditEntryOfRequest = Pick<NewAuditEntry, 'actor' | 'request' | 'address'>;

export function auditEntryOf(
  { key }: Pick<Caller, 'key'>,
  request: string,
  address: string | undefined,
): AuditEntryOfRequest {
  return { actor: { kind: 'key', key }, request, ...(address !== undefined && { address }) };
}

/** Notes a rejection of a secret key that asked for more than it may have, by way of another credential. */
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
