import { type RefusalEnvelope, toEnvelope } from '@parley/contract';
import type { TRPCError } from '@trpc/server';
import type { Context } from './context.ts';
import { refusalOf } from './refusal-of.ts';

interface TrpcShape {
  readonly message: string;
  readonly code: number;
  readonly data: { readonly code: string; readonly httpStatus: number; readonly path?: string };
}

/**
 * tRPC's own error shape with our envelope as `data.refusal`. The message is the registered sentence: an
 * unexpected error's own text never leaves the process.
 */
export function formatError<Shape extends TrpcShape>(options: {
  error: TRPCError;
  shape: Shape;
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
