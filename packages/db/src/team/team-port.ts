import type { Id } from '@parley/contract';
import type { KeyIssuer } from '../api-key/api-key-records.ts';
import type { Scope } from '../scope.ts';
import type { TeamChange, TeamInfo, TeamSettings, TokenIssuer, TokenIssuerSettings } from './team-records.ts';

/** The teams of a server. */
export interface TeamStore {
  create(team: { id: Id<'team'>; name: string }): Promise<void>;
  exists(id: Id<'team'>): Promise<boolean>;
  /** The team of the first start, or the oldest team if that one was deleted. Undefined if there is no team. */
  findFirst(): Promise<{ id: Id<'team'>; isPending: boolean } | undefined>;
  /**
   * Creates the first team. Of any number of replicas one gets `true`. The team is pending until `finishFirst`, while its
   * first key and agent are created.
   */
  createFirst(team: { id: Id<'team'>; name: string }): Promise<boolean>;
  finishFirst(id: Id<'team'>): Promise<void>;
  get(scope: Scope): Promise<TeamInfo | undefined>;
  /** At most `limit` teams after `after`, in the order of their creation. For operators only. */
  list(limit: number, after?: Id<'team'>): Promise<TeamInfo[]>;
  /** Changes the given fields. Undefined if the team does not exist. */
  update(scope: Scope, change: TeamChange): Promise<TeamInfo | undefined>;
  /** The team's settings, at most `limits.cacheMs` old. */
  findSettings(scope: Scope): Promise<TeamSettings>;
  /**
   * Replaces the token issuer. Undefined if the key that sets it has been revoked in the meantime.
   */
  setTokenIssuer(
    scope: Scope,
    by: KeyIssuer,
    settings: TokenIssuerSettings,
  ): Promise<TokenIssuer | undefined>;
  /** Whether a key of this family, or a key below it, set the token issuer. */
  hasTokenIssuerOf(scope: Scope, family: Id<'key'>): Promise<boolean>;
  /** Removes the token issuer; with a family, only if one of its keys or a key below it set it. False if none was removed. */
  deleteTokenIssuer(scope: Scope, family?: Id<'key'>): Promise<boolean>;
}
