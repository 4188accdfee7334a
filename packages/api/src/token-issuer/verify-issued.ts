import { ApiError, limits } from '@parley/contract';
import type { TokenIssuer } from '@parley/db';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { ISSUED_ALGORITHMS, type IssuedAlgorithm, type KeySets } from './key-sets.ts';

/** The key and the algorithm that a token names in its header. */
export interface SignedBy {
  readonly algorithm: IssuedAlgorithm;
  readonly kid: string | undefined;
}

/** Reads the header of a token that an issuer may have signed; undefined for tokens of other kinds. */
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
 * Verifies a token of the team's issuer for the team's audience, and returns its claims.
 *
 * @throws ApiError `user_token_invalid`, `user_token_expired`; `token_issuer_unavailable` if the issuer's keys are
 *   unknown
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
    // Only tokens with a valid signature get the error `user_token_expired`.
    if (error instanceof errors.JWTExpired) throw new ApiError('user_token_expired');
    if (error instanceof errors.JOSEError) throw new ApiError('user_token_invalid');
    throw error;
  }
}
