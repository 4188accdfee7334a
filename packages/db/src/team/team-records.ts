import type { Id } from '@parley/contract';

/** Another party that signs tokens for a team's users, by its public keys. */
export interface TokenIssuer {
  /** Where its key set is. */
  readonly url: string;
  readonly issuer: string;
  readonly audience: string;
  readonly updatedAt: Date;
  /** The key that set it. Absent when it was set before this was stored. */
  readonly issuedBy?: Id<'key'>;
  /** The family of that key and those of the keys above it, the oldest first; with `issuedBy`. */
  readonly issuers?: readonly Id<'key'>[];
}

/** What a team says of its token issuer. */
export type TokenIssuerSettings = Pick<TokenIssuer, 'url' | 'issuer' | 'audience'>;

/** What a team has set for itself; absent: no budget, and the server's own bound of turns at a time. */
export interface TeamSettings {
  readonly tokensPerDay?: number;
  readonly tokensPerDayPerUser?: number;
  readonly concurrentTurns?: number;
  readonly tokenIssuer?: TokenIssuer;
}

export interface TeamInfo extends TeamSettings {
  readonly id: Id<'team'>;
  readonly name: string;
  readonly createdAt: Date;
}

/** What is given is changed; null takes a setting away. */
export interface TeamChange {
  readonly name?: string;
  readonly tokensPerDay?: number | null;
  readonly tokensPerDayPerUser?: number | null;
  readonly concurrentTurns?: number | null;
}
