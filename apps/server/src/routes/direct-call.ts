import { apiErrorOf, appRouter, t } from '@parley/api';
import { TRPCError } from '@trpc/server';

/** Calls procedures without a handler between: with a request's own context. */
export const createCaller = t.createCallerFactory(appRouter);

/** What a procedure rejects, as the server answers it. */
export async function rejecting<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof TRPCError ? apiErrorOf(error) : error;
  }
}
