import { answerIdOf, type Id, mintId } from '@parley/contract';
import type { Lease, NewTurn, Scope, TurnEnd } from '../records.ts';
import type { AgentStore, Stores } from '../store.ts';

/** The stores turns work with. */
export type EngineStores = Pick<Stores, 'turns' | 'turnLog' | 'chats' | 'usage' | 'budgets'> & {
  readonly agents: Pick<AgentStore, 'create' | 'find' | 'list'>;
};

export interface StoreCase {
  readonly name: string;
  run(stores: EngineStores, scope: Scope, chat: Id<'chat'>): Promise<void>;
}

/** Runs a case in a chat of its own, of a team nobody else uses. */
export async function runCase({ run }: StoreCase, stores: EngineStores): Promise<void> {
  const scope: Scope = { team: mintId('team') };
  const { id } = await stores.chats.create(scope, { agent: mintId('agent'), agentType: 'support' });
  await run(stores, scope, id);
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

export function leaseOf(token: string, renewals = 0, attempt = 1): Lease {
  return { token, attempt, renewals };
}

export function completed(turn: NewTurn, content: string, textBytes: number, attempt = 1): TurnEnd {
  return {
    status: 'completed',
    answer: { id: turn.answerId, role: 'assistant', content, createdAt: new Date() },
    written: { attempt, text: content },
    agentVersion: 1,
    usage: { attempt, model: 'm', calls: 1 },
    textBytes,
  };
}

export const failed: TurnEnd = { status: 'failed', errorCode: 'model_failed', textBytes: 1 };

/** Stores a turn that has ended with an answer. */
export async function endedTurn(
  { turns }: EngineStores,
  scope: Scope,
  chat: Id<'chat'>,
  sequence: number,
): Promise<NewTurn> {
  const turn = newTurn(chat, sequence, { lease: leaseOf(`token ${sequence}`) });
  await turns.insert(scope, turn);
  await turns.end(scope, turn.id, `token ${sequence}`, completed(turn, `answer ${sequence}`, sequence * 100));
  return turn;
}
