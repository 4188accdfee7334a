import { ApiError, type ErrorCode } from '@parley/contract';
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

/** Adds an audit entry when a secret key was rejected because it asked for more than its permissions. */
export async function noteEscalation(
  audit: AuditStore,
  caller: Caller,
  entry: AuditEntryOfRequest,
  { procedure, error }: { readonly procedure: string; readonly error: unknown },
): Promise<void> {
  if (!(error instanceof ApiError) || !isEscalation(caller, procedure, error)) return;
  await noteRejected(audit, caller.scope, { ...entry, action: procedure });
}

/** The codes with which any procedure rejects a key for its limits. */
const BEYOND_LIMITS: readonly ErrorCode[] = ['key_beyond_yours', 'whole_team_key_needed'];

/** The codes that hide from a key with agents what exists beyond its agents. */
const HIDDEN: readonly ErrorCode[] = ['agent_not_found', 'key_not_found'];

function isEscalation({ kind, scope: { agents } }: Caller, procedure: string, error: ApiError): boolean {
  if (kind !== 'secret') return false;
  if (BEYOND_LIMITS.includes(error.code)) return true;
  if (!policyOf(procedure).credential) return false;
  return error.status === 403 || (agents !== undefined && HIDDEN.includes(error.code));
}
