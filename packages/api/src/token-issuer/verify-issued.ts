import { ApiError, limits } from '@parley/contract';
import type { TokenIssuer } from '@parley/db';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { ISSUED_ALGORITHMS, type IssuedAlgorithm, type KeySets } from './key-sets.ts';

/** What a token says of how it was signed. */
export interface SignedBy {
  readonly algorithm: IssuedAlgorithm;
  readonly kid: string | undefined;
}

/** Reads the header of a token that an issuer may have signed; undefined for a token of another kind. */
export function signedBy({
  alg,
  kid,
}: {
  readonly alg?: unknown;
  readonly kid?: unknown;
}): SignedBy | undefined {
  const algorithm = ISSUED_ALGORITHMS.find((one) => one === alg);
  if (!algorithm) return undefined;
  if (kid !== undefined && typeof kid !== 'string') throw new ApiError('user_token_invalid');
  return { algorithm, kid };
}

/**
 * The claims of a token that the team's issuer signed for the team's audience.
 *
 * @throws ApiError `user_token_invalid`, `user_token_expired`; `token_issuer_unavailable` when its keys are not known
 */
export async function verifyIssued(
  keySets: KeySets,
  { url, issuer, audience }: TokenIssuer,
  token: string,
  by: SignedBy,
): Promise<JWTPayload> {
  const found = await keySets.find(url, by);
  if (!found) throw new ApiError('user_token_invalid');
  try {
    const { payload } = await jwtVerify(token, found.key, {
      ...{ algorithms: [found.algorithm], issuer, audience },
      requiredClaims: ['sub', 'exp', 'iat'],
      clockTolerance: limits.userTokenClockSeconds,
    });
    return payload;
  } catch (error) {
    // Only what was signed is told that it is too old.
    if (error instanceof errors.JWTExpired) throw new ApiError('user_token_expired');
    if (error instanceof errors.JOSEError) throw new ApiError('user_token_invalid');
    throw error;
  }
}
