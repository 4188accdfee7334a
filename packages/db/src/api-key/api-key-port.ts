import type { Id } from '@parley/contract';
import type { ReadGuard } from '../credential/credential-cache.ts';
import type { Scope } from '../scope.ts';
import type { ApiKeyKind } from './api-key.ts';
import type {
  ApiKeyFields,
  ApiKeyInfo,
  ApiKeyReach,
  ApiKeyRecord,
  IssuedApiKey,
  IssuerLimits,
  KeyIssuer,
} from './api-key-records.ts';

/** The API keys of a team. A scope with agents only sees keys for some of these agents. */
export interface ApiKeyStore {
  /** Stores a minted key: the hash and the visible start of its text. Repeatable. */
  create(scope: Scope, key: string, fields?: ApiKeyFields & ApiKeyReach): Promise<void>;
  /** Creates a key that no other key issued. */
  issue(scope: Scope, kind: ApiKeyKind, fields: ApiKeyFields & ApiKeyReach): Promise<IssuedApiKey>;
  /** Creates a key that another one issues. Undefined if the issuer has been revoked in the meantime. */
  issueFrom(
    scope: Scope,
    issuer: KeyIssuer,
    kind: ApiKeyKind,
    fields: ApiKeyFields & ApiKeyReach,
  ): Promise<IssuedApiKey | undefined>;
  get(scope: Scope, id: Id<'key'>): Promise<ApiKeyInfo | undefined>;
  /** At most `limit` keys, newest first, with revoked and expired ones. */
  list(scope: Scope, limit: number): Promise<ApiKeyInfo[]>;
  /**
   * Changes the given fields; an empty list of origins removes them. An earlier end also applies to the keys it issued; the
   * end of a rolled key, to those it issued since then. `ended`: no such key works. `replaced`: the key was rolled, so its end
   * cannot be later.
   */
  update(scope: Scope, id: Id<'key'>, fields: ApiKeyFields): Promise<ApiKeyInfo | 'ended' | 'replaced'>;
  /**
   * Creates the successor of a key, which works until `until` at most. Undefined if no such key works.
   */
  roll(scope: Scope, id: Id<'key'>, until: Date): Promise<IssuedApiKey | undefined>;
  /**
   * Revokes a key. Every process rejects it within seconds. With `withIssued` all keys that its family issued stop working as
   * well; `listIssued` and `revokeIssued` then revoke them one by one. Keys that a rolled key issued after the roll end with
   * it. False if the key does not exist.
   */
  revoke(scope: Scope, id: Id<'key'>, withIssued?: boolean): Promise<boolean>;
  /** At most `limit` keys below a family that work. */
  listIssued(scope: Scope, family: Id<'key'>, limit: number): Promise<Id<'key'>[]>;
  /** Revokes these keys below a family. */
  revokeIssued(scope: Scope, family: Id<'key'>, ids: readonly Id<'key'>[]): Promise<void>;
  /** The limits of keys that these families issued: ends, origins and budgets. Undefined if a family has ended. */
  findIssuerLimits(scope: Scope, issuers: readonly Id<'key'>[]): Promise<IssuerLimits | undefined>;
  /**
   * The key with this text, if it works now. Not scoped: the scope comes from the key. `guard` runs the read of a key that
   * this process does not know.
   */
  find(key: string, guard?: ReadGuard): Promise<ApiKeyRecord | undefined>;
}
