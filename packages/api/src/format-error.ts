import { toEnvelope, toErrorData } from '@parley/contract';
import type { TRPCDefaultErrorShape, TRPCError } from '@trpc/server';
import { apiErrorOf } from './api-error-of.ts';
import type { Context } from './context.ts';

/**
 * tRPC's own error shape with our envelope as `data.apiError`. The message is the registered sentence: an
 * unexpected error's own text never leaves the process.
 */
export function formatError(options: {
  error: TRPCError;
  shape: TRPCDefaultErrorShape;
  ctx: Context | undefined;
}) {
  const { error, shape, ctx } = options;
  const apiError = apiErrorOf(error);
  const { code, httpStatus, path } = shape.data;
  return {
    message: apiError.message,
    code: shape.code,
    data: {
      code,
      httpStatus,
      ...(path !== undefined && { path }),
      ...toErrorData(toEnvelope(apiError, ctx?.request.requestId ?? 'unknown')),
    },
  };
}
