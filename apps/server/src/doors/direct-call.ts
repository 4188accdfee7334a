import { appRouter, refusalOf, t } from '@parley/api';
import { TRPCError } from '@trpc/server';

/** Calls procedures without a handler between: with a request's own context. */
export const createCaller = t.createCallerFactory(appRouter);

/** What a procedure refuses, as the server answers it. */
export async function refusing<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof TRPCError ? refusalOf(error) : error;
  }
}
