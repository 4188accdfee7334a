import type { TRPCError } from '@trpc/server';
import type { RateVerdict } from './rate-limiter.ts';
import { refusalOf } from './refusal-of.ts';

/** Says that an earlier request's outcome is given again. */
export const replayedHeader = { name: 'idempotent-replayed', value: 'true' } as const;

/** How the key stands in this minute. */
export function rateHeaders({ limit, remaining, resetAt }: RateVerdict): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(resetAt),
  };
}

/** tRPC's `responseMeta`: the headers that come with a refusal. */
export function responseMeta({
  errors,
  type,
}: {
  readonly errors: readonly TRPCError[];
  readonly type: 'query' | 'mutation' | 'subscription' | 'unknown';
}): { headers: Record<string, string> } {
  const refusal = errors[0] && refusalOf(errors[0]);
  const seconds = refusal?.retryAfterSeconds;
  return {
    headers: {
      ...(seconds !== undefined && { 'retry-after': String(seconds) }),
      ...(refusal?.code === 'method_not_allowed' && { allow: type === 'query' ? 'GET' : 'POST' }),
      ...(refusal?.code === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
    },
  };
}
