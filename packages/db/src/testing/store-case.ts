import { answerIdOf, compact, type Id, mintId } from '@parley/contract';
import type { AgentStore } from '../agent/agent-port.ts';
import { accessTo, type ChatAccess } from '../chat/chat-access.ts';
import type { FileStore } from '../file/file-port.ts';
import type { Scope, SystemScope } from '../scope.ts';
import type { SearchStore } from '../search/search-port.ts';
import type { Stores } from '../stores.ts';
import type { Lease, NewTurn, TurnEnd } from '../turn/turn-records.ts';

/** The stores that turns use. */
export type EngineStores = Pick<
  Stores,
  'turns' | 'turnLog' | 'chats' | 'chatChanges' | 'usage' | 'budgets'
> & {
  readonly agents: Pick<AgentStore, 'create' | 'find' | 'list'>;
  readonly search: Pick<SearchStore, 'add' | 'remove'>;
  readonly files: Pick<FileStore, 'claim' | 'release'>;
};

/** One guarantee of the stores of turns. `run` gets an empty chat of a team of its own, and throws if it is broken. */
export interface StoreCase {
  readonly name: string;
  run(stores: EngineStores, scope: SystemScope, chat: ChatAccess): Promise<void>;
}

/** Runs a case in a chat of its own, of a team of its own. */
export async function runCase({ run }: StoreCase, stores: EngineStores): Promise<void> {
  const scope: SystemScope = { team: mintId('team') };
  await run(stores, scope, await newAccess(stores, scope));
}

/** A new chat, with an agent that need not exist. */
export async function newAccess({ chats }: Pick<Stores, 'chats'>, scope: Scope): Promise<ChatAccess> {
  const chat = await chats.create(scope, { agent: mintId('agent'), agentType: 'support' });
  return inScope(scope, chat.id);
}

/** The access to a chat of this id for this scope, without a check: stores must not rely on the check. */
export function inScope(scope: Scope, id: Id<'chat'>): ChatAccess {
  const { team, user } = scope;
  const agent = scope.agents?.[0] ?? mintId('agent');
  const chat = compact({ id, team, agent, user, createdAt: new Date() });
  const access = accessTo(scope, chat);
  if (!access) throw new Error('a scope reaches what is made of it');
  return access;
}

/** A turn that waits, unless it has a lease. */
export function newTurn(chat: Id<'chat'>, sequence: number, fields: Partial<NewTurn> = {}): NewTurn {
  const id = mintId('turn');
  const createdAt = new Date();
  const userMessage = {
    id: mintId('message'),
    role: 'user',
    content: `question ${sequence}`,
    createdAt,
  } as const;
  return { id, chat, sequence, question: { userMessage }, answerId: answerIdOf(id), createdAt, ...fields };
}

/** The lease of a run with this token. */
export function leaseOf(token: string, renewals = 0, attempt = 1): Lease {
  return { token, attempt, renewals };
}

/** The end of a turn with an answer, as the first run writes it unless `attempt` says otherwise. */
export function completed(turn: NewTurn, content: string, textBytes: number, attempt = 1): TurnEnd {
  return {
    status: 'completed',
    answer: { id: turn.answerId, role: 'assistant', content, createdAt: new Date() },
    written: { attempt, text: content },
    agentVersion: 1,
    usage: [{ attempt, model: 'm', calls: 1 }],
    textBytes,
  };
}

/** The end of a turn whose model failed. */
export const failed: TurnEnd = { status: 'failed', errorCode: 'model_failed', textBytes: 1 };

/** Stores a turn that has ended with an answer. */
export async function endedTurn(
  { turns }: EngineStores,
  scope: SystemScope,
  chat: Id<'chat'>,
  sequence: number,
): Promise<NewTurn> {
  const turn = newTurn(chat, sequence, { lease: leaseOf(`token ${sequence}`) });
  await turns.insert(inScope(scope, chat), turn);
  await turns.end(scope, turn.id, `token ${sequence}`, completed(turn, `answer ${sequence}`, sequence * 100));
  return turn;
}
