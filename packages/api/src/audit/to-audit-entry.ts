import type { AuditEntry } from '@parley/contract';
import type { AuditEntryRecord } from '@parley/db';

/** Converts a stored act to its form in answers. */
export function toAuditEntry({
  id,
  at,
  actor,
  action,
  target,
  request,
  address,
  details,
  outcome,
}: AuditEntryRecord): AuditEntry {
  return {
    id,
    at: at.toISOString(),
    actor: actor.kind === 'key' ? { kind: 'key', keyId: actor.key } : actor,
    action,
    ...(target !== undefined && { targetId: target }),
    ...(request !== undefined && { requestId: request }),
    ...(address !== undefined && { address }),
    ...(details && { details }),
    outcome,
  };
}
