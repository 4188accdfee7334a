import type { Connection } from 'mongoose';
import { type AgentDocument, agentSchema } from './agent/agent-model.ts';
import { type ApiKeyDocument, apiKeySchema } from './api-key/api-key-model.ts';
import { type AuditDocument, auditSchema } from './audit/audit-model.ts';
import { type BudgetDocument, budgetSchema } from './budget/budget-model.ts';
import { type ChatDocument, chatSchema } from './chat/chat-model.ts';
import { type ChatChangeDocument, chatChangeSchema } from './chat-change/chat-change-model.ts';
import { type DeletionDocument, deletionSchema } from './deletion/deletion-model.ts';
import { encryptionSchema } from './encryption/encryption-model.ts';
import type { EncryptionDocument } from './encryption/encryption-state.ts';
import { type FeedbackDocument, feedbackSchema } from './feedback/feedback-model.ts';
import {
  type ContentChunkDocument,
  type ContentDocument,
  contentChunkSchema,
  contentSchema,
  type FileDocument,
  type FileStorageDocument,
  fileSchema,
  fileStorageSchema,
} from './file/file-model.ts';
import { type GuestDocument, guestSchema } from './guest/guest-model.ts';
import { type RequestCountDocument, requestCountSchema } from './request-count/request-count-model.ts';
import { type SearchEntryDocument, searchEntrySchema } from './search/search-entry-model.ts';
import { type SigningSecretDocument, signingSecretSchema } from './signing-secret/signing-secret-model.ts';
import { type TeamDocument, teamSchema } from './team/team-model.ts';
import { type TurnDocument, turnSchema } from './turn/turn-model.ts';
import { type TurnLogDocument, turnLogSchema } from './turn-log/turn-log-model.ts';
import { type UsageDocument, usageSchema } from './usage/usage-model.ts';
import { type UserStatusDocument, userStatusSchema } from './user-status/user-status-model.ts';
import {
  type ServerKeyDocument,
  serverKeySchema,
  type VisitorExchangeDocument,
  visitorExchangeSchema,
} from './visitor/visitor-model.ts';

/*
 * The collections. Documents never leave this package: stores turn them into records.
 * Each index serves a query of a store; a test explains every query.
 */

/** The models of one connection. */
export function createModels(connection: Connection) {
  return {
    teams: connection.model<TeamDocument>('Team', teamSchema),
    apiKeys: connection.model<ApiKeyDocument>('ApiKey', apiKeySchema),
    requestCounts: connection.model<RequestCountDocument>('RequestCount', requestCountSchema),
    guests: connection.model<GuestDocument>('Guest', guestSchema),
    signingSecrets: connection.model<SigningSecretDocument>('SigningSecret', signingSecretSchema),
    userStatuses: connection.model<UserStatusDocument>('UserStatus', userStatusSchema),
    serverKeys: connection.model<ServerKeyDocument>('ServerKey', serverKeySchema),
    visitorExchanges: connection.model<VisitorExchangeDocument>('VisitorExchange', visitorExchangeSchema),
    agents: connection.model<AgentDocument>('Agent', agentSchema),
    chats: connection.model<ChatDocument>('Chat', chatSchema),
    chatChanges: connection.model<ChatChangeDocument>('ChatChange', chatChangeSchema),
    turns: connection.model<TurnDocument>('Turn', turnSchema),
    turnLog: connection.model<TurnLogDocument>('TurnLog', turnLogSchema),
    feedback: connection.model<FeedbackDocument>('Feedback', feedbackSchema),
    searchEntries: connection.model<SearchEntryDocument>('SearchEntry', searchEntrySchema),
    files: connection.model<FileDocument>('File', fileSchema),
    fileStorage: connection.model<FileStorageDocument>('FileStorage', fileStorageSchema),
    contents: connection.model<ContentDocument>('Content', contentSchema),
    contentChunks: connection.model<ContentChunkDocument>('ContentChunk', contentChunkSchema),
    audit: connection.model<AuditDocument>('Audit', auditSchema),
    deletions: connection.model<DeletionDocument>('Deletion', deletionSchema),
    usage: connection.model<UsageDocument>('Usage', usageSchema),
    budgets: connection.model<BudgetDocument>('Budget', budgetSchema),
    encryption: connection.model<EncryptionDocument>('Encryption', encryptionSchema),
  };
}

/** The models of all collections, on one connection. */
export type Models = ReturnType<typeof createModels>;
