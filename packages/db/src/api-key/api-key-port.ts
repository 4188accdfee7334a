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

/** Keys. Of a scope with agents, only the keys for some of these agents are there. */
export interface ApiKeyStore {
  /** Stores a key that was minted; of its text only a hash and the visible start. Repeatable. */
  create(scope: Scope, key: string, fields?: ApiKeyFields & ApiKeyReach): Promise<void>;
  /** Makes a key that no other key issued. */
  issue(scope: Scope, kind: ApiKeyKind, fields: ApiKeyFields & ApiKeyReach): Promise<IssuedApiKey>;
  /** Makes a key that another one issues. Undefined: the issuer was revoked in the meantime. */
  issueFrom(
    scope: Scope,
    issuer: KeyIssuer,
    kind: ApiKeyKind,
    fields: ApiKeyFields & ApiKeyReach,
  ): Promise<IssuedApiKey | undefined>;
  get(scope: Scope, id: Id<'key'>): Promise<ApiKeyInfo | undefined>;
  /** Newest first, at most `limit`; also those that were revoked or have expired. */
  list(scope: Scope, limit: number): Promise<ApiKeyInfo[]>;
  /**
   * Changes what is given; an empty list of origins takes them away. An earlier end holds for the keys it issued as
   * well; that of a key that was rolled, for the keys it issued since then. `ended`: there is no such key that works.
   * `replaced`: the key was rolled, and gets no later end.
   */
  update(scope: Scope, id: Id<'key'>, fields: ApiKeyFields): Promise<ApiKeyInfo | 'ended' | 'replaced'>;
  /**
   * Makes a key in the place of an old one, which lives on until `until` at most. Undefined: there is no such key that
   * works.
   */
  roll(scope: Scope, id: Id<'key'>, until: Date): Promise<IssuedApiKey | undefined>;
  /**
   * Ends a key; every process rejects it within seconds. With `withIssued` no key that its family has issued is
   * accepted from then on; `listIssued` and `revokeIssued` then end them one by one. What a rolled key issued since it
   * was rolled ends with it. False: there is no such key.
   */
  revoke(scope: Scope, id: Id<'key'>, withIssued?: boolean): Promise<boolean>;
  /** Keys below a family that still work, at most `limit`. */
  listIssued(scope: Scope, family: Id<'key'>, limit: number): Promise<Id<'key'>[]>;
  /** Ends these keys of those below a family. */
  revokeIssued(scope: Scope, family: Id<'key'>, ids: readonly Id<'key'>[]): Promise<void>;
  /** What bounds a key that these families issued: their ends, origins and budgets. Undefined: they have ended. */
  findIssuerLimits(scope: Scope, issuers: readonly Id<'key'>[]): Promise<IssuerLimits | undefined>;
  /**
   * The key with this text, if it may be used now. Not scoped: it is what the scope comes from. `guard` stands before
   * a read for a key this process does not know.
   */
  find(key: string, guard?: ReadGuard): Promise<ApiKeyRecord | undefined>;
}
