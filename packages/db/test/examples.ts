import { type Id, mintId } from '@parley/contract';
import type { NewTurn, Scope, Stores } from '../src/index.ts';

/** A team nobody else uses. */
export function newScope(): Scope {
  return { team: mintId('team') };
}

/** A chat of this team, with an agent that need not exist. */
export async function newChat({ chats }: Stores, scope: Scope): Promise<Id<'chat'>> {
  const { id } = await chats.create(scope, { agent: mintId('agent'), agentType: 'support' });
  return id;
}

/** A turn that waits, unless it has a lease. */
export function newTurn(chat: Id<'chat'>, sequence: number, fields: Partial<NewTurn> = {}): NewTurn {
  return {
    id: mintId('turn'),
    chat,
    sequence,
    userMessage: {
      id: mintId('message'),
      role: 'user',
      content: `question ${sequence}`,
      createdAt: new Date(),
    },
    answerId: mintId('message'),
    ...fields,
  };
}

export function leaseOf(token: string, fields: { attempt?: number; renewals?: number } = {}) {
  return { token, attempt: 1, renewals: 0, ...fields };
}

/** Stores a turn that has ended with this answer. */
export async function endedTurn(
  { turns }: Stores,
  scope: Scope,
  chat: Id<'chat'>,
  sequence: number,
  answer = `answer ${sequence}`,
): Promise<NewTurn> {
  const turn = newTurn(chat, sequence, { lease: leaseOf(`token-${sequence}`) });
  await turns.insert(scope, turn);
  await turns.end(scope, turn.id, `token-${sequence}`, {
    status: 'completed',
    answer: { id: turn.answerId, role: 'assistant', content: answer, createdAt: new Date() },
    textBytes: sequence * 100,
  });
  return turn;
}
