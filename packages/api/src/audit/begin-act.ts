import { type ApiError, type IdNoun, isId } from '@parley/contract';
import type { AuditDetails, AuditStore, NewAuditEntry, Scope } from '@parley/db';

/** The outcome of an act: its target if it was done, or the error. */
export type ActionOutcome =
  | { readonly target: string | undefined; readonly details?: AuditDetails | undefined }
  | ApiError;

/**
 * Adds an entry to the audit log before an act begins, so that no act is missing, even if something fails later. Call
 * the returned function with the outcome: a rejected act loses its entry. If it is never called, the entry keeps the
 * outcome `unknown`.
 *
 * @throws ApiError `database_unavailable`: the act must not begin without its entry
 */
export async function beginAuditedAction(
  audit: AuditStore,
  scope: Scope,
  entry: NewAuditEntry,
): Promise<(end: ActionOutcome) => Promise<void>> {
  const id = await audit.begin(scope, entry);
  return async (end) => {
    const isRefused = 'code' in end && end.status < 500;
    try {
      if (isRefused) await audit.withdraw(scope, id);
      else if ('target' in end) await audit.finish(scope, id, end.target, end.details);
    } catch {
      // The outcome of the act does not change. Its entry keeps the outcome `unknown`.
    }
  };
}

/** Adds an entry about a rejected caller, once an hour for each key and operation. Never throws. */
export async function noteRejected(audit: AuditStore, scope: Scope, entry: NewAuditEntry): Promise<void> {
  try {
    await audit.noteRejected(scope, entry);
  } catch {
    // The caller gets the rejection even if the entry could not be stored.
  }
}

const TARGETS: Readonly<Record<string, IdNoun>> = {
  keyId: 'key',
  agentId: 'agent',
  secretId: 'secret',
  chatId: 'chat',
};

/**
 * Returns the id of the object that an input names. Values that are no ids may be content, and are never returned.
 */
export function targetOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  for (const [field, value] of Object.entries(input)) {
    const noun = TARGETS[field];
    if (noun && typeof value === 'string' && isId(noun, value)) return value;
  }
  return undefined;
}

/** Returns the id of the object in an answer. */
export function createdIdOf(answer: unknown): string | undefined {
  const id = typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined;
  return typeof id === 'string' ? id : undefined;
}

const KEY_LIMITS = ['kind', 'access', 'scopes', 'agentIds', 'origins', 'tokensPerDay', 'expiresAt'] as const;

/** Returns the limits of a key, from the answer that contains the key. */
export function keyLimitsOf(answer: unknown): AuditDetails | undefined {
  if (typeof answer !== 'object' || answer === null || !('kind' in answer)) return undefined;
  const shown = Object.entries(answer).filter(([name]) => KEY_LIMITS.some((limit) => limit === name));
  return Object.fromEntries(shown);
}
