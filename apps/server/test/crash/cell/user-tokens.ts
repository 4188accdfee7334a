import { randomUUID } from 'node:crypto';
import type { NewSigningSecret } from '@parley/contract';
import { SignJWT } from 'jose';
import { signAsIssuer } from '../../support/token-issuer.ts';
import type { Lab } from '../lab/lab.ts';

/** Longer than a cell runs, and the maximum lifetime of a token. */
const LIFE_S = 3_500;

const now = () => Math.floor(Date.now() / 1_000);

/** A token of a user, signed with a secret of the team. */
export function signWithSecret({ id, secret, audience }: NewSigningSecret, user: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', kid: id })
    .setSubject(user)
    .setAudience(audience)
    .setIssuedAt(now())
    .setExpirationTime(now() + LIFE_S)
    .sign(new TextEncoder().encode(secret));
}

/** Settings of a token issuer at the lab's identity provider that no other issuer has. */
export function newIssuerSettings({ identityProvider: { url } }: Lab) {
  return { url, issuer: `https://login.example.com/${randomUUID()}`, audience: 'chat' };
}

/** A token of a user, signed by that issuer. */
export function signAsIdentityProvider(
  { identityProvider: { key } }: Lab,
  { issuer, audience }: ReturnType<typeof newIssuerSettings>,
  user: string,
): Promise<string> {
  return signAsIssuer(key, { sub: user, iss: issuer, aud: audience, iat: now(), exp: now() + LIFE_S });
}
