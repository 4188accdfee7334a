import { apiErrorOf, appRouter, t } from '@parley/api';
import { TRPCError } from '@trpc/server';

/** Calls procedures directly, with the context of a request. */
export const createCaller = t.createCallerFactory(appRouter);

/** Calls a procedure, and throws its errors as `ApiError`s. */
export async function rejecting<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof TRPCError ? apiErrorOf(error) : error;
  }
}
