import type { AgentStore } from './agent/agent-port.ts';
import { createAgentStore } from './agent/agent-store.ts';
import type { ApiKeyStore } from './api-key/api-key-port.ts';
import { createApiKeyStore } from './api-key/api-key-store.ts';
import type { AuditStore } from './audit/audit-port.ts';
import { createAuditStore } from './audit/audit-store.ts';
import { createChatInserts } from './batching/chat-inserts.ts';
import { createChatUseBatches } from './batching/chat-use-batches.ts';
import { batchBounds, eventLoop } from './batching/event-loop.ts';
import { createReadBatches } from './batching/read-batches.ts';
import { createTitleBatches } from './batching/title-batches.ts';
import {
  createChatInsertCommands,
  createChatUseCommands,
  createPageCommands,
  createReadCommands,
  createTitleCommands,
  createWriteCommands,
} from './batching/turn-commands.ts';
import { createTurnPages } from './batching/turn-pages.ts';
import { createWriteBatches } from './batching/write-batches.ts';
import type { BudgetStore } from './budget/budget-port.ts';
import { createBudgetStore } from './budget/budget-store.ts';
import type { ChatStore } from './chat/chat-port.ts';
import { createChatStore } from './chat/chat-store.ts';
import type { ChatChangeStore } from './chat-change/chat-change-port.ts';
import { createChatChangeStore } from './chat-change/chat-change-store.ts';
import { guarded } from './connection/guarded.ts';
import type { CredentialStore } from './credential/credential-port.ts';
import { createCredentialStore } from './credential/credential-store.ts';
import type { DeletionStore } from './deletion/deletion-port.ts';
import { createDeletionStore } from './deletion/deletion-store.ts';
import type { Vault } from './encryption/vault.ts';
import type { FeedbackStore } from './feedback/feedback-port.ts';
import { createFeedbackStore } from './feedback/feedback-store.ts';
import type { FileStore } from './file/file-port.ts';
import { createFileStore } from './file/file-store.ts';
import type { GuestStore } from './guest/guest-port.ts';
import { createGuestStore } from './guest/guest-store.ts';
import type { MessageStore } from './message/message-port.ts';
import { createMessageStore } from './message/message-store.ts';
import type { Models } from './models.ts';
import type { RequestCountStore } from './request-count/request-count-port.ts';
import { createRequestCountStore } from './request-count/request-count-store.ts';
import type { SearchStore } from './search/search-port.ts';
import { createSearchStore } from './search/search-store.ts';
import type { SigningSecretStore } from './signing-secret/signing-secret-port.ts';
import { createSigningSecretStore } from './signing-secret/signing-secret-store.ts';
import type { TeamStore } from './team/team-port.ts';
import { createTeamStore } from './team/team-store.ts';
import type { TransferStore } from './transfer/transfer-port.ts';
import { createTransferStore } from './transfer/transfer-store.ts';
import type { TurnStore } from './turn/turn-port.ts';
import { createTurnStore } from './turn/turn-store.ts';
import type { TurnLogStore } from './turn-log/turn-log-port.ts';
import { createTurnLogStore } from './turn-log/turn-log-store.ts';
import type { UsageStore } from './usage/usage-port.ts';
import { createUsageStore } from './usage/usage-store.ts';
import type { UserStatusStore } from './user-status/user-status-port.ts';
import { createUserStatusStore } from './user-status/user-status-store.ts';
import type { VisitorStore } from './visitor/visitor-port.ts';
import { createVisitorStore } from './visitor/visitor-store.ts';

/*
 * The stores, as ports. Each function reads from the primary, and each write is acknowledged by a majority and
 * journaled before it returns. When the database cannot be reached, each throws `database_unavailable` within
 * seconds; the outcome of a write is then unknown.
 */

/** The stores of one database. Packages above this one use these types only. */
export interface Stores {
  readonly teams: TeamStore;
  readonly apiKeys: ApiKeyStore;
  readonly requestCounts: RequestCountStore;
  readonly guests: GuestStore;
  readonly signingSecrets: SigningSecretStore;
  readonly userStatuses: UserStatusStore;
  readonly credentials: CredentialStore;
  readonly visitors: VisitorStore;
  readonly agents: AgentStore;
  readonly audit: AuditStore;
  readonly deletions: DeletionStore;
  readonly chats: ChatStore;
  readonly chatChanges: ChatChangeStore;
  readonly messages: MessageStore;
  readonly turns: TurnStore;
  readonly feedback: FeedbackStore;
  readonly search: SearchStore;
  readonly files: FileStore;
  readonly turnLog: TurnLogStore;
  readonly usage: UsageStore;
  readonly budgets: BudgetStore;
  readonly transfer: TransferStore;
}

/** Makes the stores of one connection. */
export function createStores(models: Models, vault: Vault): Stores {
  const reads = createReadBatches(createReadCommands(models), batchBounds, eventLoop);
  const writes = createWriteBatches(createWriteCommands(models), batchBounds, eventLoop);
  const inserts = createChatInserts(createChatInsertCommands(models), batchBounds, eventLoop);
  const pages = createTurnPages(createPageCommands(models), batchBounds, eventLoop);
  const titles = createTitleBatches(createTitleCommands(models), batchBounds, eventLoop);
  const uses = createChatUseBatches(createChatUseCommands(models), batchBounds, eventLoop);
  return {
    teams: guarded(createTeamStore(models)),
    apiKeys: guarded(createApiKeyStore(models)),
    requestCounts: guarded(createRequestCountStore(models)),
    guests: guarded(createGuestStore(models)),
    signingSecrets: guarded(createSigningSecretStore(models, vault)),
    userStatuses: guarded(createUserStatusStore(models)),
    credentials: guarded(createCredentialStore(models)),
    visitors: guarded(createVisitorStore(models, vault)),
    agents: guarded(createAgentStore(models, vault)),
    audit: guarded(createAuditStore(models)),
    deletions: guarded(createDeletionStore(models)),
    chats: guarded(createChatStore(models, { reads, inserts, titles, uses })),
    chatChanges: guarded(createChatChangeStore(models)),
    messages: guarded(createMessageStore(models, pages)),
    turns: guarded(createTurnStore(models, reads, writes)),
    feedback: guarded(createFeedbackStore(models)),
    search: guarded(createSearchStore(models)),
    files: createFileStore(models),
    turnLog: guarded(createTurnLogStore(models)),
    usage: guarded(createUsageStore(models)),
    budgets: guarded(createBudgetStore(models)),
    transfer: guarded(createTransferStore(models, vault)),
  };
}
