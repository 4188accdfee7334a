import { t } from '../trpc.ts';
import { listAgents } from './list-agents.ts';

export const agentRouter = t.router({ list: listAgents });
