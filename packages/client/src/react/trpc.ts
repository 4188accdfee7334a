import type { AppRouter } from '@parley/api';
import { createTRPCReact } from '@trpc/react-query';

/** All calls of the API as hooks, typed by the server's router: `trpc.agent.list.useQuery({})`. */
export const trpc = createTRPCReact<AppRouter>();
