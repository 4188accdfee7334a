import type { Id, TransferAgent, TransferChat, TransferTurn, TransferUsage } from '@parley/contract';
import type { Scope } from '../scope.ts';

/** What was stored by someone's import: it was not there; it was, and stays; or something else has its id. */
export type Added = 'added' | 'there' | 'taken';

/** A team's data on its way out and in, page by page, in an order that does not change meanwhile. */
export interface TransferStore {
  listAgents(scope: Scope, limit: number, after?: Id<'agent'>): Promise<TransferAgent[]>;
  /** Of the team, or of the user the scope names. */
  listChats(scope: Scope, limit: number, after?: Id<'chat'>): Promise<TransferChat[]>;
  /** Turns after the sequence `after`, up to the first that has not ended; how many there are from that one on. */
  listTurns(
    scope: Scope,
    chat: Id<'chat'>,
    limit: number,
    after: number,
  ): Promise<{ turns: TransferTurn[]; isLast: boolean; leftOut: number }>;
  listUsage(scope: Scope, limit: number, after?: Pick<TransferUsage, 'id' | 'day'>): Promise<TransferUsage[]>;
  addAgent(scope: Scope, agent: TransferAgent): Promise<Added>;
  /** Whether the chat is there; `taken`: it is another team's, or was deleted. */
  standOfChat(scope: Scope, chat: Id<'chat'>): Promise<'absent' | 'there' | 'taken'>;
  /** Adds those that are not there. `taken`: other turns have their places. */
  addTurns(
    scope: Scope,
    chat: Id<'chat'>,
    turns: readonly TransferTurn[],
  ): Promise<{ added: number } | 'taken'>;
  /** After its turns: a chat that is there is whole. */
  addChat(scope: Scope, chat: TransferChat): Promise<Added>;
  addUsage(scope: Scope, row: TransferUsage): Promise<Added>;
}
