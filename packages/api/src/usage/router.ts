import { t } from '../trpc.ts';
import { listUsage } from './list-usage.ts';

/** The procedures of usage. */
export const usageRouter = t.router({ list: listUsage });
