import { agentRouter } from './agent/router.ts';
import { chatRouter } from './chat/router.ts';
import { keyRouter } from './key/router.ts';
import { lockCoercion } from './lock-coercion.ts';
import { messageRouter } from './message/router.ts';
import { t } from './trpc.ts';

/** Everything Parley can be asked, at both doors. */
export const appRouter = t.router({
  chat: chatRouter,
  message: messageRouter,
  agent: agentRouter,
  key: keyRouter,
});
lockCoercion(appRouter);

export type AppRouter = typeof appRouter;
