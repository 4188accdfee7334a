import type { TRPCError } from '@trpc/server';
import { apiErrorOf } from './api-error-of.ts';
import type { RateVerdict } from './gate/rate-limiter.ts';

/** The header of an answer that repeats the outcome of an earlier request. */
export const replayedHeader = { name: 'idempotent-replayed', value: 'true' } as const;

/**
 * Returns the headers of the rate limit with the fewest requests left, in the common form and in that of the IETF
 * draft (draft-ietf-httpapi-ratelimit-headers): `"user";r=59;t=30`, `"user";q=60;w=60`.
 */
export function rateHeaders({ of, limit, remaining, resetAt }: RateVerdict): Record<string, string> {
  const seconds = Math.max(Math.ceil(resetAt - Date.now() / 1_000), 1);
  return {
    ratelimit: `"${of}";r=${remaining};t=${seconds}`,
    'ratelimit-policy': `"${of}";q=${limit};w=60`,
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(resetAt),
  };
}

/** The `responseMeta` of tRPC's adapters: adds the headers of errors. */
export function responseMeta({
  errors,
  type,
}: {
  readonly errors: readonly TRPCError[];
  readonly type: 'query' | 'mutation' | 'subscription' | 'unknown';
}): { headers: Record<string, string> } {
  const apiError = errors[0] && apiErrorOf(errors[0]);
  const seconds = apiError?.retryAfterSeconds;
  return {
    headers: {
      ...(seconds !== undefined && { 'retry-after': String(seconds) }),
      ...(apiError?.code === 'method_not_allowed' && { allow: type === 'query' ? 'GET' : 'POST' }),
      ...(apiError?.code === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
    },
  };
}
