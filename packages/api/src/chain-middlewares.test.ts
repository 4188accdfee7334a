import { initTRPC, TRPCError } from '@trpc/server';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { chainMiddlewares } from './chain-middlewares.ts';

const t = initTRPC.context<{ readonly user: string }>().create();

/** A router with a procedure for each case, and what its middlewares saw. */
function makeRouter() {
  const seen: unknown[] = [];
  const counted = t.procedure.use(async ({ ctx, path, type, input, getRawInput, next }) => {
    seen.push({ ...{ ctx, path, type, input }, raw: await getRawInput() });
    const result = await next({ ctx: { team: `team of ${ctx.user}` } });
    seen.push(result.ok ? result.data : result.error.code);
    return result;
  });
  const router = t.router({
    nested: t.router({
      read: counted
        .input(z.object({ id: z.string() }))
        .use(({ input: { id }, ctx, next }) => next({ ctx: { chat: `${id} of ${ctx.team}` } }))
        .input(z.object({ limit: z.int().default(7) }))
        .output(z.object({ chat: z.string(), by: z.string(), limit: z.int() }))
        .query(({ ctx: { chat, user, team }, input: { id, limit } }) => ({
          ...{ chat, limit, by: `${id} ${user} ${team}`, removed: true },
        })),
    }),
    throwing: counted.mutation((): string => {
      throw new TRPCError({ code: 'CONFLICT' });
    }),
    broken: counted.mutation((): string => {
      throw new Error('unexpected');
    }),
    wrong: counted.output(z.string()).query(() => 1 as unknown as string),
    twice: t.procedure
      .use(async ({ next }) => {
        const first = await next();
        return first.ok ? first : next({ ctx: { user: 'second' } });
      })
      .query(({ ctx: { user } }) => {
        if (user !== 'second') throw new Error('first');
        return user;
      }),
  });
  return { router, seen };
}

type Caller = ReturnType<ReturnType<typeof makeRouter>['router']['createCaller']>;

const calls: Readonly<Record<string, (caller: Caller) => Promise<unknown>>> = {
  'a valid call': (caller) => caller.nested.read({ id: 'c1', limit: 3 }),
  'a call with a default': (caller) => caller.nested.read({ id: 'c1' }),
  'invalid input': (caller) => caller.nested.read({ id: 1 } as never),
  'a procedure that rejects': (caller) => caller.throwing(),
  'a procedure that breaks': (caller) => caller.broken(),
  'invalid output': (caller) => caller.wrong(),
  'a middleware that goes on twice': (caller) => caller.twice(),
};

test.each(Object.entries(calls))('chained middlewares do what tRPC does: %s', async (_name, call) => {
  const outcomes = [];
  for (const prepare of [<Router>(router: Router) => router, chainMiddlewares]) {
    const { router, seen } = makeRouter();
    const caller = (prepare(router as never) as typeof router).createCaller({ user: 'ann' });
    const result = await call(caller).catch(({ code, message, cause }: TRPCError) => ({
      ...{ code, message, cause: String(cause) },
    }));
    outcomes.push({ result, seen });
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
});
