import { Refusal } from '@parley/contract';
import { refusalOf, toTrpcError } from './refusal-of.ts';
import { t } from './trpc.ts';

/** Refusals thrown anywhere below become tRPC errors with the right status. */
const refusing = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.cause instanceof Refusal) throw toTrpcError(refusalOf(result.error));
  return result;
});

/** For every key. Proves who calls before the input is looked at, and hands on what they may reach. */
export const anyKeyProcedure = refusing.use(async ({ ctx, next }) => {
  const caller = await ctx.caller();
  return next({ ctx: { ...ctx.services, caller, scope: caller.scope } });
});
