import type { Id } from '@parley/contract';
import type { ApiKeyRecord } from '../api-key/api-key-records.ts';
import type { TokenIssuer } from '../team/team-records.ts';
import type { UserStatus } from '../user-status/user-status-port.ts';

/** The credentials of open streams, by their ids. */
export interface CredentialIds {
  readonly keys: readonly Id<'key'>[];
  /** The families of the keys that issued these keys. */
  readonly families: readonly Id<'key'>[];
  readonly secrets: readonly Id<'secret'>[];
  readonly guests: readonly Id<'guest'>[];
  /** The teams whose token issuer signed a user's token. */
  readonly issuersOf: readonly Id<'team'>[];
  readonly users: readonly { readonly team: Id<'team'>; readonly user: string }[];
}

/** The fields of a key that can end an open stream, within the limits of the keys that issued it. */
export type LiveKey = Pick<ApiKeyRecord, 'kind' | 'access' | 'origins' | 'expiresAt'>;

/** Credentials as they are in the database now. A credential that is missing was revoked or has ended. */
export interface CredentialView {
  readonly keys: ReadonlyMap<Id<'key'>, LiveKey>;
  readonly secrets: ReadonlyMap<Id<'secret'>, { readonly expiresAt?: Date }>;
  readonly guests: ReadonlySet<Id<'guest'>>;
  readonly issuers: ReadonlyMap<Id<'team'>, TokenIssuer>;
  statusOf(team: Id<'team'>, user: string): UserStatus;
}
