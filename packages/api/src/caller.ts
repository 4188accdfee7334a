import { type Id, Refusal } from '@parley/contract';
import type { ApiKeyRecord, ApiKeyStore, Scope } from '@parley/db';
import type { RateVerdict } from './rate-limiter.ts';

/** Who calls, as the key proved it. */
export interface Caller {
  readonly key: Id<'key'>;
  /** Stays when the key is rolled. */
  readonly lineage: Id<'key'>;
  readonly kind: 'publishable' | 'secret';
  /** How the key stands in this minute; undefined when it has no limit. */
  readonly rate?: RateVerdict | undefined;
  /** What the caller may reach. */
  readonly scope: Scope;
}

/** The two headers a key may come in, as `node:http` and `Headers` both give them. */
export interface KeyHeaders {
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
}

/** Where a request comes from, as a browser says it; a program may leave it out, or say anything. */
export interface OriginHeaders {
  readonly origin: string | undefined;
  readonly host: string | undefined;
}

/**
 * Finds out who calls. No key, a malformed, unknown, revoked and expired one get one and the same refusal.
 *
 * @throws Refusal `unauthorized`; `key_origin_not_allowed` and `secret_key_in_browser` when the key is a good one
 *   in a wrong page; `database_unavailable` when the key cannot be looked up: that is no "no".
 */
export async function authenticate(
  apiKeys: Pick<ApiKeyStore, 'find'>,
  headers: KeyHeaders & OriginHeaders,
): Promise<Caller> {
  const key = headers.apiKey ?? bearerToken(headers.authorization);
  const found = key === undefined ? undefined : await apiKeys.find(key);
  if (!found) throw new Refusal('unauthorized');
  refuseForeignOrigin(found, headers);
  return { key: found.id, lineage: found.lineage, kind: found.kind, scope: { team: found.team } };
}

/** A speed bump for browsers, which cannot lie about it, and for leaked keys; a program says what it likes. */
function refuseForeignOrigin({ kind, origins }: ApiKeyRecord, { origin, host }: OriginHeaders): void {
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return;
  if (origins ? origins.includes(origin) : kind === 'publishable') return;
  throw new Refusal(kind === 'secret' ? 'secret_key_in_browser' : 'key_origin_not_allowed');
}

/** RFC 6750, section 2.1; the scheme's name is case-insensitive (RFC 9110, section 11.1). */
function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}
