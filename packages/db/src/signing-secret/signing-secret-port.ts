import type { Id } from '@parley/contract';
import type { KeyIssuer } from '../api-key/api-key-records.ts';
import type { ReadGuard } from '../credential/credential-cache.ts';
import type { Scope } from '../scope.ts';
import type {
  IssuedSigningSecret,
  SigningSecretInfo,
  SigningSecretRecord,
} from './signing-secret-records.ts';

export interface SigningSecretStore {
  /** Makes a secret; those before it work until `until` at most. Undefined: as many as may be work already. */
  create(scope: Scope, until: Date): Promise<IssuedSigningSecret | undefined>;
  /** Likewise, for a key that issues it. */
  issueFrom(
    scope: Scope,
    issuer: KeyIssuer,
    until: Date,
  ): Promise<IssuedSigningSecret | 'full' | 'issuer-revoked'>;
  /** The newest that works, to sign with; made when there is none. Nothing is changed in those there are. */
  ensure(scope: Scope): Promise<SigningSecretRecord>;
  /** Those that work, newest first. */
  list(scope: Scope): Promise<SigningSecretInfo[]>;
  /** Those that work and that a family of keys, or a key below it, issued. */
  listIssued(scope: Scope, family: Id<'key'>): Promise<Id<'secret'>[]>;
  /** Ends a secret; every process rejects its tokens within seconds. False: there is no such secret. */
  revoke(scope: Scope, id: Id<'secret'>): Promise<boolean>;
  /**
   * The secrets that work, as it was known some seconds ago; of a newer one, if a token names it, at once.
   */
  findWorking(scope: Scope, named?: Id<'secret'>, guard?: ReadGuard): Promise<SigningSecretRecord[]>;
}
