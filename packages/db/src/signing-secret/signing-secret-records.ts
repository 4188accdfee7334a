import type { Id } from '@parley/contract';

/** A signing secret as its team sees it. */
export interface SigningSecretInfo {
  readonly id: Id<'secret'>;
  /** The key that issued it; absent when an operator, or the server itself, made it. */
  readonly issuedBy?: Id<'key'>;
  readonly visibleStart: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
}

/** A signing secret that was just made. */
export interface IssuedSigningSecret {
  readonly secret: string;
  readonly info: SigningSecretInfo;
}

/** A signing secret with its text, which verifies user tokens. */
export interface SigningSecretRecord {
  readonly id: Id<'secret'>;
  readonly secret: string;
  readonly expiresAt?: Date;
}
