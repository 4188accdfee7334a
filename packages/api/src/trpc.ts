import { type ErrorCode, limits } from '@parley/contract';
import { initTRPC } from '@trpc/server';
// A published declaration of a subscription names a type that only this entry exports: the compiler has to have seen it.
import type {} from '@trpc/server/unstable-core-do-not-import';
import type { OpenApiMeta } from 'trpc-to-openapi';
import type { Context } from './context.ts';
import { formatError } from './format-error.ts';

/** What a procedure declares of itself beside its schemas. */
export interface ProcedureMeta extends OpenApiMeta {
  /** The rejections that are this procedure's own; those every operation shares are not repeated. */
  readonly errors?: readonly ErrorCode[];
  /** Takes an `Idempotency-Key`. */
  readonly isIdempotent?: true;
  /** Answers a stream of events instead, when it is asked for one. */
  readonly canStream?: true;
  /** All it needs stands in the path: a body may be left out. */
  readonly hasOptionalBody?: true;
  /** The status of success where it is not 200. A 204 has no body. */
  readonly successStatus?: 204;
}

export const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    errorFormatter: formatError,
    // Stacks never leave the process, whatever NODE_ENV says.
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: limits.heartbeatMs },
      // A client that hears nothing for three heartbeats connects again.
      client: { reconnectAfterInactivityMs: 3 * limits.heartbeatMs },
    },
  });
