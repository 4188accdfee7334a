import { agentRouter } from './agent/router.ts';
import { auditRouter } from './audit/router.ts';
import { chainMiddlewares } from './chain-middlewares.ts';
import { chatRouter } from './chat/router.ts';
import { fileRouter } from './file/router.ts';
import { guestRouter } from './guest/router.ts';
import { keyRouter } from './key/router.ts';
import { messageRouter } from './message/router.ts';
import type { policies } from './policies.ts';
import { signingSecretRouter } from './signing-secret/router.ts';
import { teamRouter } from './team/router.ts';
import { tokenIssuerRouter } from './token-issuer/router.ts';
import { t } from './trpc.ts';
import { usageRouter } from './usage/router.ts';
import { userRouter } from './user/router.ts';

/** The router with all procedures. `/trpc` and the REST routes both serve it. */
export const appRouter = chainMiddlewares(
  t.router({
    chat: chatRouter,
    message: messageRouter,
    agent: agentRouter,
    audit: auditRouter,
    file: fileRouter,
    key: keyRouter,
    guest: guestRouter,
    signingSecret: signingSecretRouter,
    tokenIssuer: tokenIssuerRouter,
    user: userRouter,
    team: teamRouter,
    usage: usageRouter,
  }),
);

/** The type of the router. Clients import this type, and never the router. */
export type AppRouter = typeof appRouter;

type PathsOf<Routes> = {
  [Name in keyof Routes & string]: Routes[Name] extends { _def: { type: string } }
    ? Name
    : `${Name}.${PathsOf<Routes[Name]>}`;
}[keyof Routes & string];
type Same<One, Other> = [One, Other] extends [Other, One] ? true : { one: One; other: Other };

/** This line compiles only if each procedure has a policy and each policy a procedure. */
true satisfies Same<PathsOf<AppRouter['_def']['record']>, keyof typeof policies>;
