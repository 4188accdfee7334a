import type { Id, KeyAccess, KeyScope } from '@parley/contract';
import type { ApiKeyKind } from './api-key.ts';

/** The tokens that the keys of a family may use in a day. */
export interface KeyBudget {
  readonly key: Id<'key'>;
  readonly tokensPerDay: number;
}

/** A key that identifies a caller, with its own limits within those of the keys that issued it. */
export interface ApiKeyRecord {
  readonly id: Id<'key'>;
  /** The id of the key's family: the first of the keys that replaced each other. It stays when the key is rolled. */
  readonly familyId: Id<'key'>;
  /** The families of the keys that issued it, the oldest first; empty for a root. */
  readonly issuers: readonly Id<'key'>[];
  readonly team: Id<'team'>;
  readonly kind: ApiKeyKind;
  /** The origins of the pages that may use it. Absent: all. */
  readonly origins?: readonly string[];
  /** Only on a publishable key. */
  readonly access?: KeyAccess;
  /** The scopes of a secret key. Absent: all. */
  readonly scopes?: readonly KeyScope[];
  /** The agents that the key may access. Absent: all agents of the team. */
  readonly agents?: readonly Id<'agent'>[];
  /** The budget of the key, if it has one, and then those of the keys that issued it. */
  readonly budgets: readonly KeyBudget[];
  /** The earliest end of the key, of its family, and of those that issued it. */
  readonly expiresAt?: Date;
}

/** The limits that the issuers of a key set for it. */
export type IssuerLimits = Pick<ApiKeyRecord, 'budgets' | 'expiresAt' | 'origins'>;

/** The fields of a key that its team may change. */
export interface ApiKeyFields {
  /** Its budget. `null` removes it. */
  readonly tokensPerDay?: number | null;
  readonly name?: string;
  readonly access?: KeyAccess;
  readonly origins?: readonly string[];
  readonly expiresAt?: Date;
}

/** The fields of a key that stay as they were at its creation. */
export interface ApiKeyReach {
  readonly scopes?: readonly KeyScope[];
  readonly agents?: readonly Id<'agent'>[];
}

/** The key that issues another one. */
export type KeyIssuer = Pick<ApiKeyRecord, 'id' | 'familyId' | 'issuers'>;

/** A key as its team sees it. */
export interface ApiKeyInfo extends Omit<ApiKeyFields, 'tokensPerDay'>, ApiKeyReach {
  /** The end that the key was given. After a roll, `expiresAt` is the end of the overlap. */
  readonly familyExpiresAt?: Date;
  readonly tokensPerDay?: number;
  readonly id: Id<'key'>;
  /** The first key of its family; its own id unless it replaced another key. */
  readonly familyId: Id<'key'>;
  /** The key that issued it; absent for a root. */
  readonly issuedBy?: Id<'key'>;
  /** The families of the keys that issued it, the oldest first. */
  readonly issuers: readonly Id<'key'>[];
  readonly kind: ApiKeyKind;
  readonly visibleStart: string;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date;
  readonly revokedAt?: Date;
}

/** A new key. Its text is not stored, so return it to the caller now. */
export interface IssuedApiKey {
  readonly key: string;
  readonly info: ApiKeyInfo;
}
