import { mintId } from '@parley/contract';
import { mintApiKey, type Stores } from '../src/index.ts';
import { endedTurn, leaseOf, newChat, newScope, newTurn } from './examples.ts';

/** Calls every function of every store at least once, in each of the ways that ask the database differently. */
export async function exercise(stores: Stores): Promise<void> {
  const scope = newScope();
  await exerciseTeamsKeysAndAgents(stores, scope);
  await exerciseChats(stores, scope);
  await exerciseTurns(stores, scope);
}

type Scope = ReturnType<typeof newScope>;

async function exerciseTeamsKeysAndAgents({ teams, apiKeys, agents }: Stores, scope: Scope): Promise<void> {
  const { team: id } = scope;
  await teams.findFirst();
  await teams.createFirst({ id, name: 'first' });
  await teams.createFirst({ id: mintId('team'), name: 'late' });
  await teams.findFirst();
  await teams.finishFirst(id);
  await teams.create({ id: mintId('team'), name: 'further' });
  await teams.exists(id);
  const key = mintApiKey('secret');
  await apiKeys.create(scope, key);
  await apiKeys.create(scope, key);
  await apiKeys.find(key);
  const { id: agent } = await agents.create(scope, { name: 'Ann', type: 'support' });
  await agents.create(scope, { name: 'Ann', type: 'support' }, agent);
  await agents.find(scope, agent);
  await agents.list(scope, 10);
}

async function exerciseChats(stores: Stores, scope: Scope): Promise<void> {
  const { chats } = stores;
  // Enough of them that the planner has a reason to choose.
  for (let index = 0; index < 30; index++) {
    const user = `user ${index % 10}`;
    const agentType = `type ${Math.floor(index / 3)}`;
    await chats.create(scope, { agent: mintId('agent'), agentType, user });
  }
  await chats.list(scope, {}, { limit: 5 });
  for (const filter of [
    {},
    { user: 'user 1' },
    { agentType: 'type 2' },
    { user: 'user 1', agentType: 'type 2' },
  ]) {
    await chats.list(scope, filter, { limit: 5, after: mintId('chat') });
  }
  const chat = await newChat(stores, scope);
  await chats.find(scope, chat);
  await endedTurn(stores, scope, chat, 1);
  await chats.markDeleted(scope, chat);
  await chats.listMarked(10);
  await chats.purge(chat);
}

async function exerciseTurns(stores: Stores, scope: Scope): Promise<void> {
  const { turns, messages } = stores;
  const chat = await newChat(stores, scope);
  await endedTurn(stores, scope, chat, 1);
  await turns.tail(scope, chat);
  const second = newTurn(chat, 2, { lease: leaseOf('a') });
  await turns.insert(scope, second);
  await turns.insert(scope, second);
  const third = newTurn(chat, 3);
  await turns.insert(scope, third);
  await turns.insert(scope, newTurn(chat, 3));
  await turns.tail(scope, chat);
  await turns.announceSuccessor(scope, chat, 3);
  await turns.look(scope, chat, 3, 1_000);
  await turns.hasPredecessorEnded(scope, chat, 3);
  await turns.listUnfinished(10);
  await turns.listUnfinished(10, mintId('turn'));
  await turns.renew([{ turn: second.id, token: 'a' }]);
  await turns.renew([{ turn: second.id, token: 'gone' }]);
  await turns.takeOver(scope, second.id, leaseOf('a', { renewals: 1 }), 'b');
  await turns.end(scope, second.id, 'b', { status: 'failed', errorCode: 'model_failed', textBytes: 1 });
  await turns.end(scope, second.id, 'other', { status: 'failed', errorCode: 'model_failed', textBytes: 1 });
  await turns.claimNext(scope, chat, 3, 'c');
  await turns.release(scope, third.id, 'c');
  await turns.claim(scope, third.id, 'd');
  await turns.find(scope, third.id);
  for (const order of ['asc', 'desc'] as const) {
    await messages.list(scope, chat, { limit: 2, order });
    await messages.list(scope, chat, { limit: 2, order, after: { sequence: 2, role: 'user' } });
  }
  await turns.remove(scope, third.id);
}
