export { jittered } from './intervals.ts';
export type { Clock, OperatorLog, QuotaDeps } from './ports.ts';
export { createQuota, type Quota, type QuotaRequest, type QuotaReservation } from './quota.ts';
export type { Allowance, TurnRequester } from './turn-requester.ts';
