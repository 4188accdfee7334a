import { type ApiError, type IdNoun, isId } from '@parley/contract';
import type { AuditDetails, AuditStore, NewAuditEntry, Scope } from '@parley/db';

/** How an act came out: it was done, to this; or was rejected, or broke off. */
export type ActOutcome =
  | { readonly target: string | undefined; readonly details?: AuditDetails | undefined }
  | ApiError;

/**
 * Notes an act before it is done, so that none is done unseen, whatever fails in between. The answer takes its end:
 * what was rejected is no act, and its entry goes; of what broke off nobody knows, and its entry says so.
 *
 * @throws ApiError `database_unavailable`: nothing may be done that cannot be noted
 */
export async function beginAct(
  audit: AuditStore,
  scope: Scope,
  entry: NewAuditEntry,
): Promise<(end: ActOutcome) => Promise<void>> {
  const id = await audit.begin(scope, entry);
  return async (end) => {
    const isRefused = 'code' in end && end.status < 500;
    try {
      if (isRefused) await audit.withdraw(scope, id);
      else if ('target' in end) await audit.finish(scope, id, end.target, end.details);
    } catch {
      // The act stands as it came out; the entry goes on to say that nobody knows.
    }
  };
}

/** Notes that a caller was rejected, once an hour for each key and operation. The rejection stands, noted or not. */
export async function noteRejected(audit: AuditStore, scope: Scope, entry: NewAuditEntry): Promise<void> {
  try {
    await audit.noteRejected(scope, entry);
  } catch {
    // The caller is told of the rejection all the same.
  }
}

const TARGETS: Readonly<Record<string, IdNoun>> = {
  keyId: 'key',
  agentId: 'agent',
  secretId: 'secret',
  chatId: 'chat',
};

/** What a request is about, by the ids that it names. What is no id is content. */
export function targetOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  for (const [field, value] of Object.entries(input)) {
    const noun = TARGETS[field];
    if (noun && typeof value === 'string' && isId(noun, value)) return value;
  }
  return undefined;
}

/** What a request has made, by the id it is answered with. */
export function createdIdOf(answer: unknown): string | undefined {
  const id = typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined;
  return typeof id === 'string' ? id : undefined;
}

const KEY_LIMITS = ['kind', 'access', 'scopes', 'agentIds', 'origins', 'tokensPerDay', 'expiresAt'] as const;

/** What a key may do after an act, out of the answer that shows the key. */
export function keyLimitsOf(answer: unknown): AuditDetails | undefined {
  if (typeof answer !== 'object' || answer === null || !('kind' in answer)) return undefined;
  const shown = Object.entries(answer).filter(([name]) => KEY_LIMITS.some((limit) => limit === name));
  return Object.fromEntries(shown);
}
