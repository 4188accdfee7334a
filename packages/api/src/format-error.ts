import { type RefusalEnvelope, toEnvelope } from '@parley/contract';
import type { TRPCDefaultErrorShape, TRPCError } from '@trpc/server';
import type { Context } from './context.ts';
import { refusalOf } from './refusal-of.ts';

/**
 * tRPC's own error shape with our envelope as `data.refusal`. The message is the registered sentence: an
 * unexpected error's own text never leaves the process.
 */
export function formatError(options: {
  error: TRPCError;
  shape: TRPCDefaultErrorShape;
  ctx: Context | undefined;
}) {
  const { error, shape, ctx } = options;
  const refusal = refusalOf(error);
  const { code, httpStatus, path } = shape.data;
  return {
    message: refusal.message,
    code: shape.code,
    data: {
      code,
      httpStatus,
      ...(path !== undefined && { path }),
      refusal: toEnvelope(refusal, ctx?.requestId ?? 'unknown') as RefusalEnvelope,
    },
  };
}
