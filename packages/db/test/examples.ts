import { answerIdOf, type Id, type MessageFile, mintId } from '@parley/contract';
import type { MessageRecord, NewTurn, Scope, Stores, SystemScope, TurnEnd } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';

/** A new team. */
export function newScope(): SystemScope {
  return { team: mintId('team') };
}

/** A chat of this team, with an agent that need not exist. */
export async function newChat({ chats }: Stores, scope: Scope): Promise<Id<'chat'>> {
  const { id } = await chats.create(scope, { agent: mintId('agent'), agentType: 'support' });
  return id;
}

/** A turn with a message of its own. */
export interface AskingTurn extends NewTurn {
  readonly question: { readonly userMessage: MessageRecord };
}

type TurnFields = Partial<Omit<NewTurn, 'question'>> & {
  readonly content?: string;
  readonly files?: readonly MessageFile[];
};

/** A turn that waits, unless it has a lease. */
export function newTurn(chat: Id<'chat'>, sequence: number, fields: TurnFields = {}): AskingTurn {
  const { content = `question ${sequence}`, files, ...rest } = fields;
  const id = mintId('turn');
  const createdAt = new Date();
  const userMessage = {
    ...({ id: mintId('message'), role: 'user', content } as const),
    ...(files && { files }),
    createdAt,
  };
  return { id, chat, sequence, question: { userMessage }, answerId: answerIdOf(id), createdAt, ...rest };
}

/** A turn that answers the message of a failed one again. */
export function retryOf(failed: AskingTurn, fields: Partial<NewTurn> = {}): NewTurn {
  const id = mintId('turn');
  return {
    id,
    chat: failed.chat,
    sequence: failed.sequence + 1,
    question: { retryOf: { turn: failed.id, userMessageId: failed.question.userMessage.id } },
    answerId: answerIdOf(id),
    createdAt: new Date(),
    ...fields,
  };
}

export function leaseOf(token: string, fields: { attempt?: number; renewals?: number } = {}) {
  return { token, attempt: 1, renewals: 0, ...fields };
}

/** Stores a turn that has ended with this answer. */
export async function endedTurn(
  stores: Stores,
  scope: SystemScope,
  chat: Id<'chat'>,
  sequence: number,
  answer = `answer ${sequence}`,
): Promise<AskingTurn> {
  const turn = newTurn(chat, sequence);
  await endTurn(stores, scope, turn, { status: 'completed', answer, textBytes: sequence * 100 });
  return turn;
}

/** Stores this turn, and ends it: with `answer` as its text, if there is one. */
export async function endTurn(
  { turns }: Stores,
  scope: SystemScope,
  turn: NewTurn,
  end: Omit<TurnEnd, 'answer' | 'textBytes'> & { readonly answer?: string; readonly textBytes?: number },
): Promise<void> {
  const { answer: content, ...rest } = end;
  const token = `token-${turn.sequence}`;
  await turns.insert(inScope(scope, turn.chat), { ...turn, lease: leaseOf(token) });
  await turns.end(scope, turn.id, token, {
    textBytes: 0,
    ...rest,
    ...(content !== undefined && {
      answer: { id: turn.answerId, role: 'assistant' as const, content, createdAt: new Date() },
    }),
  });
}
