import { t } from '../trpc.ts';
import { listAudit } from './list-audit.ts';

/** The procedures of the audit log. */
export const auditRouter = t.router({ list: listAudit });
