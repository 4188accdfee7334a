export { type ApiKeyKind, isApiKey, mintApiKey } from './api-key.ts';
export { connectDatabase, type Database, type DatabaseState } from './connect.ts';
export type { Maintenance } from './maintenance.ts';
export type { DatabaseLog } from './migrations/migration.ts';
export * from './records.ts';
export type * from './store.ts';
