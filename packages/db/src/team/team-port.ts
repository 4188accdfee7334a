import type { Id } from '@parley/contract';
import type { KeyIssuer } from '../api-key/api-key-records.ts';
import type { Scope } from '../scope.ts';
import type { TeamChange, TeamInfo, TeamSettings, TokenIssuer, TokenIssuerSettings } from './team-records.ts';

export interface TeamStore {
  create(team: { id: Id<'team'>; name: string }): Promise<void>;
  exists(id: Id<'team'>): Promise<boolean>;
  /** The team of the first start; any team where that one is gone. Undefined when there is none at all. */
  findFirst(): Promise<{ id: Id<'team'>; isPending: boolean } | undefined>;
  /**
   * Makes the first team, pending: of any number of replicas one gets `true`. Pending means that what belongs
   * to it is still being made.
   */
  createFirst(team: { id: Id<'team'>; name: string }): Promise<boolean>;
  finishFirst(id: Id<'team'>): Promise<void>;
  get(scope: Scope): Promise<TeamInfo | undefined>;
  /** All teams in the order they were made, at most `limit`, from after `after`. For operators alone. */
  list(limit: number, after?: Id<'team'>): Promise<TeamInfo[]>;
  /** Changes what is given. Undefined when there is no such team. */
  update(scope: Scope, change: TeamChange): Promise<TeamInfo | undefined>;
  /** What the team has set, as it was known some seconds ago. */
  findSettings(scope: Scope): Promise<TeamSettings>;
  /**
   * Sets who signs tokens for the team's users, in place of the issuer before. Undefined: the key that sets it was
   * revoked in the meantime.
   */
  setTokenIssuer(
    scope: Scope,
    by: KeyIssuer,
    settings: TokenIssuerSettings,
  ): Promise<TokenIssuer | undefined>;
  /** Whether a family of keys, or a key below it, set the token issuer. */
  hasTokenIssuerOf(scope: Scope, family: Id<'key'>): Promise<boolean>;
  /** Removes the token issuer; with a family only the one that it, or a key below it, set. False: there is none. */
  deleteTokenIssuer(scope: Scope, family?: Id<'key'>): Promise<boolean>;
}
