import type { Id } from '@parley/contract';

/** A third party that signs tokens for a team's users. Its public keys verify them. */
export interface TokenIssuer {
  /** The URL of its key set. */
  readonly url: string;
  readonly issuer: string;
  readonly audience: string;
  readonly updatedAt: Date;
  /** The key that set the issuer. Absent on issuers of earlier releases, which did not store it. */
  readonly issuedBy?: Id<'key'>;
  /** The family of that key and those of the keys above it, the oldest first; with `issuedBy`. */
  readonly issuers?: readonly Id<'key'>[];
}

/** The settings of a token issuer. */
export type TokenIssuerSettings = Pick<TokenIssuer, 'url' | 'issuer' | 'audience'>;

/** The settings of a team. Absent: no budget, and the server's own limit of unfinished turns. */
export interface TeamSettings {
  readonly tokensPerDay?: number;
  readonly tokensPerDayPerUser?: number;
  readonly concurrentTurns?: number;
  readonly tokenIssuer?: TokenIssuer;
}

/** A team with its settings. */
export interface TeamInfo extends TeamSettings {
  readonly id: Id<'team'>;
  readonly name: string;
  readonly createdAt: Date;
}

/** Fields that are given are changed. `null` removes a setting. */
export interface TeamChange {
  readonly name?: string;
  readonly tokensPerDay?: number | null;
  readonly tokensPerDayPerUser?: number | null;
  readonly concurrentTurns?: number | null;
}
