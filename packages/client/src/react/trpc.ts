import type { AppRouter } from '@parley/api';
import { createTRPCReact } from '@trpc/react-query';

/** Every call of the API as a hook, typed by the server's own router: `trpc.agent.list.useQuery({})`. */
export const trpc = createTRPCReact<AppRouter>();
