export type * from './agent/agent-port.ts';
export type * from './agent/agent-records.ts';
export { type ApiKeyKind, isApiKey, mintApiKey } from './api-key/api-key.ts';
export type * from './api-key/api-key-port.ts';
export type * from './api-key/api-key-records.ts';
export type * from './audit/audit-port.ts';
export type * from './audit/audit-records.ts';
export type * from './budget/budget-port.ts';
export type { ChatAccess } from './chat/chat-access.ts';
export type * from './chat/chat-port.ts';
export type * from './chat/chat-records.ts';
export type * from './chat-change/chat-change-port.ts';
export type * from './chat-change/chat-change-records.ts';
export {
  connectDatabase,
  type Database,
  type DatabaseOptions,
  type DatabaseState,
} from './connection/connect.ts';
export type { ReadGuard } from './credential/credential-cache.ts';
export type * from './credential/credential-port.ts';
export type * from './credential/credential-records.ts';
export type * from './deletion/deletion-port.ts';
export type { EncryptionControl, EncryptionStatus } from './encryption/encryption-control.ts';
export { type EncryptionKeys, mintEncryptionKey, parseEncryptionKey } from './encryption/encryption-key.ts';
export { type EncryptionOptions, type MadeKey, readEncryptionKeys } from './encryption/ensure-encryption.ts';
export type { UnreadableSecret } from './encryption/vault.ts';
export type * from './feedback/feedback-port.ts';
export type * from './feedback/feedback-records.ts';
export type * from './file/file-port.ts';
export type * from './file/file-records.ts';
export type * from './guest/guest-port.ts';
export type * from './guest/guest-records.ts';
export type { Idempotency } from './idempotency.ts';
export type * from './message/message-port.ts';
export type * from './message/message-records.ts';
export type { DatabaseStatus, Maintenance } from './migrations/maintenance.ts';
export type { DatabaseLog } from './migrations/migration.ts';
export type { PageOf } from './page.ts';
export type * from './request-count/request-count-port.ts';
export type { Scope, SystemScope } from './scope.ts';
export type * from './search/search-port.ts';
export type * from './search/search-records.ts';
export type * from './signing-secret/signing-secret-port.ts';
export type * from './signing-secret/signing-secret-records.ts';
export type { Stores } from './stores.ts';
export type * from './team/team-port.ts';
export type * from './team/team-records.ts';
export type * from './transfer/transfer-port.ts';
export type * from './turn/turn-port.ts';
export type * from './turn/turn-records.ts';
export { type EndedStatus, isEnded, type TurnStatus } from './turn/turn-status.ts';
export type { ImportedTurn } from './turn/turn-transfer.ts';
export type * from './turn-log/turn-log-port.ts';
export type * from './usage/usage-port.ts';
export type * from './usage/usage-records.ts';
export type * from './user-status/user-status-port.ts';
export type * from './visitor/visitor-port.ts';
