import { t } from '../trpc.ts';
import { listUsage } from './list-usage.ts';

export const usageRouter = t.router({ list: listUsage });
