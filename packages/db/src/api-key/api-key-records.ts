import type { Id, KeyAccess, KeyScope } from '@parley/contract';
import type { ApiKeyKind } from './api-key.ts';

/** Tokens a day that may be used with the keys of a family. */
export interface KeyBudget {
  readonly key: Id<'key'>;
  readonly tokensPerDay: number;
}

/** A key as callers are recognised by it: its own limits, within those of the keys that issued it. */
export interface ApiKeyRecord {
  readonly id: Id<'key'>;
  /** The first key of those that replaced each other: what is remembered for a key outlives its rolling. */
  readonly lineage: Id<'key'>;
  /** The families of the keys that issued it, the oldest first; empty for a root. */
  readonly issuers: readonly Id<'key'>[];
  readonly team: Id<'team'>;
  readonly kind: ApiKeyKind;
  /** Where browsers may use it from, when it says. */
  readonly origins?: readonly string[];
  /** Of a publishable key. */
  readonly access?: KeyAccess;
  /** What a secret key may do; absent: all. */
  readonly scopes?: readonly KeyScope[];
  /** The agents it reaches; absent: all of the team's. */
  readonly agents?: readonly Id<'agent'>[];
  /** Its budget, if it has one, and then those of the keys that issued it. */
  readonly budgets: readonly KeyBudget[];
  /** The earliest end of the key, of its family, and of those that issued it. */
  readonly expiresAt?: Date;
}

/** What the keys that issued a key leave it. */
export type IssuerLimits = Pick<ApiKeyRecord, 'budgets' | 'expiresAt' | 'origins'>;

/** What people say of a key, and may change. */
export interface ApiKeyFields {
  /** Its budget; null takes it away. */
  readonly tokensPerDay?: number | null;
  readonly name?: string;
  readonly access?: KeyAccess;
  readonly origins?: readonly string[];
  readonly expiresAt?: Date;
}

/** What is said of a key when it is made, and then stays: what it reaches. */
export interface ApiKeyReach {
  readonly scopes?: readonly KeyScope[];
  readonly agents?: readonly Id<'agent'>[];
}

/** The key that issues another one. */
export type KeyIssuer = Pick<ApiKeyRecord, 'id' | 'lineage' | 'issuers'>;

/** A key as its team sees it. */
export interface ApiKeyInfo extends Omit<ApiKeyFields, 'tokensPerDay'>, ApiKeyReach {
  /** The end it was given; `expiresAt` is the overlap's once it was rolled. */
  readonly familyExpiresAt?: Date;
  readonly tokensPerDay?: number;
  readonly id: Id<'key'>;
  /** The first key of its family; its own id unless it replaced another key. */
  readonly lineage: Id<'key'>;
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

/** A key that was just made: its text exists nowhere else. */
export interface IssuedApiKey {
  readonly key: string;
  readonly info: ApiKeyInfo;
}
