import { t } from '../trpc.ts';
import { listAudit } from './list-audit.ts';

export const auditRouter = t.router({ list: listAudit });
