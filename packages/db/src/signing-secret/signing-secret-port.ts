import type { Id } from '@parley/contract';
import type { KeyIssuer } from '../api-key/api-key-records.ts';
import type { ReadGuard } from '../credential/credential-cache.ts';
import type { Scope } from '../scope.ts';
import type {
  IssuedSigningSecret,
  SigningSecretInfo,
  SigningSecretRecord,
} from './signing-secret-records.ts';

/** The signing secrets of a team. User tokens are signed with them. At most `limits.signingSecretsMax` work at a time. */
export interface SigningSecretStore {
  /** Creates a secret. Earlier ones work until `until` at most. Undefined if `limits.signingSecretsMax` work already. */
  create(scope: Scope, until: Date): Promise<IssuedSigningSecret | undefined>;
  /** Creates a secret that a key issues. `full`: too many work already. */
  issueFrom(
    scope: Scope,
    issuer: KeyIssuer,
    until: Date,
  ): Promise<IssuedSigningSecret | 'full' | 'issuer-revoked'>;
  /** The newest secret that works. Creates one if there is none. */
  ensure(scope: Scope): Promise<SigningSecretRecord>;
  /** The secrets that work, newest first. */
  list(scope: Scope): Promise<SigningSecretInfo[]>;
  /** The secrets that work and that a key of this family, or a key below it, issued. */
  listIssued(scope: Scope, family: Id<'key'>): Promise<Id<'secret'>[]>;
  /** Revokes a secret. Every process rejects its tokens within seconds. False if it does not exist. */
  revoke(scope: Scope, id: Id<'secret'>): Promise<boolean>;
  /**
   * The secrets that work, at most `limits.cacheMs` old. A newer one that a token names is found at once.
   */
  findWorking(scope: Scope, named?: Id<'secret'>, guard?: ReadGuard): Promise<SigningSecretRecord[]>;
}
