import type { AccessKind } from './accesses.ts';
import type { CreatedKind } from './new-credentials.ts';

/** The credentials of one round: which access is withdrawn, and which credential is created. */
export interface CredentialKinds {
  readonly withdrawn: AccessKind;
  readonly created: CreatedKind;
}

/**
 * The kinds of the rounds of a cell, in this order. A team has one token issuer, so the round that removes one is not next
 * to the round that sets one: a request without a response may still be done later.
 */
export const credentialKinds: readonly CredentialKinds[] = [
  { withdrawn: 'block', created: 'key' },
  { withdrawn: 'sign-out', created: 'token-issuer' },
  { withdrawn: 'revoked-family', created: 'guest' },
  { withdrawn: 'signing-secret', created: 'key' },
  { withdrawn: 'token-issuer', created: 'signing-secret' },
];
