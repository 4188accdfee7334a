import { type ErrorCode, limits } from '@parley/contract';
import { initTRPC } from '@trpc/server';
// The declaration of a subscription names a type that only this entry exports, so the compiler has to load it.
import type {} from '@trpc/server/unstable-core-do-not-import';
import type { OpenApiMeta } from 'trpc-to-openapi';
import type { Context } from './context.ts';
import { formatError } from './format-error.ts';

/** The metadata of a procedure. */
export interface ProcedureMeta extends OpenApiMeta {
  /** The errors of this procedure, without those that every operation has. */
  readonly errors?: readonly ErrorCode[];
  /** Accepts an `Idempotency-Key`. */
  readonly isIdempotent?: true;
  /** Answers with a stream of events if the client asks for it. */
  readonly canStream?: true;
  /** REST sends the answer as a file, as Markdown if the caller asks for it. */
  readonly isFile?: true;
  /** REST takes the input from a body that is no JSON, while it arrives. */
  readonly isUpload?: true;
  /** The path contains all that is required, so the body may be left out. */
  readonly hasOptionalBody?: true;
  /** The status of success if it is not 200. A response with 204 has no body. */
  readonly successStatus?: 204;
}

/** The tRPC instance of this app: its context, metadata and form of errors. */
export const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    errorFormatter: formatError,
    // Errors never contain a stack, for any value of NODE_ENV.
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: limits.heartbeatMs },
      // A client reconnects after three missed heartbeats.
      client: { reconnectAfterInactivityMs: 3 * limits.heartbeatMs },
    },
  });
