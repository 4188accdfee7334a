import type {
  Id,
  TransferAgent,
  TransferChat,
  TransferFeedback,
  TransferTurn,
  TransferUsage,
} from '@parley/contract';
import type { ImportedMarks } from '../chat/chat-model.ts';
import type { Scope } from '../scope.ts';
import type { ImportedTurn } from '../turn/turn-transfer.ts';

/** The result of an import: `added`; `there` if it was imported before; `taken` if something else has its id. */
export type ImportResult = 'added' | 'there' | 'taken';

/** The export and import of a team's data, page by page. New data does not change the order of pages. */
export interface TransferStore {
  listAgents(scope: Scope, limit: number, after?: Id<'agent'>): Promise<TransferAgent[]>;
  /** The chats of the team, or of the user of the scope. */
  listChats(scope: Scope, limit: number, after?: Id<'chat'>): Promise<TransferChat[]>;
  /** Turns after the sequence `after`, up to the first that has not ended. `leftOut` counts that one and those after it. */
  listTurns(
    scope: Scope,
    chat: Id<'chat'>,
    limit: number,
    after: number,
  ): Promise<{ turns: TransferTurn[]; isLast: boolean; leftOut: number }>;
  /** The feedback of all authors in a chat, in the order of its answers. */
  listFeedback(
    scope: Scope,
    chat: Id<'chat'>,
    limit: number,
    after?: Pick<TransferFeedback, 'messageId' | 'by'>,
  ): Promise<TransferFeedback[]>;
  listUsage(scope: Scope, limit: number, after?: Pick<TransferUsage, 'id' | 'day'>): Promise<TransferUsage[]>;
  addAgent(scope: Scope, agent: TransferAgent): Promise<ImportResult>;
  /** Whether the chat exists. `taken`: it belongs to another team, or was deleted. */
  checkChatId(scope: Scope, chat: Id<'chat'>): Promise<'absent' | 'there' | 'taken'>;
  /** Adds the missing turns. `taken`: other turns have their sequences. */
  addTurns(
    scope: Scope,
    chat: Id<'chat'>,
    turns: readonly ImportedTurn[],
  ): Promise<{ added: number } | 'taken'>;
  /** Adds the feedback that is missing, on answers of a chat that is being imported. Returns the number it added. */
  addFeedback(
    scope: Scope,
    chat: Pick<TransferChat, 'id' | 'agentId'>,
    feedback: readonly TransferFeedback[],
  ): Promise<number>;
  /** Adds a chat. Call it after `addTurns` and `addFeedback`, so that a chat that exists is complete. */
  addChat(scope: Scope, chat: TransferChat, marks: ImportedMarks): Promise<ImportResult>;
  addUsage(scope: Scope, row: TransferUsage): Promise<ImportResult>;
}
