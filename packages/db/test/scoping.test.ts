import { type Id, mintId } from '@parley/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Idempotency, NewTurn, Scope, Stores, TurnEnd } from '../src/index.ts';
import { openTestDatabase, type TestDatabase } from '../src/testing/index.ts';
import { endTurn, leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { mongoUri } from './mongo-uri.ts';

/*
 * Another team's id gives nothing and changes nothing: every function that takes a scope is called with the
 * ids of one team and the scope of another.
 */

let db: TestDatabase;
const owner = newScope();
const stranger = newScope();

beforeAll(async () => {
  db = await openTestDatabase(mongoUri(), 'scoping');
  await db.stores.teams.create({ id: owner.team, name: 'Team' });
  await db.stores.teams.update(owner, { tokensPerDay: 10 });
});
afterAll(() => db.drop());

interface Owned {
  readonly key: Id<'key'>;
  readonly agent: Id<'agent'>;
  readonly guest: { id: Id<'guest'>; token: string };
  readonly secret: Id<'secret'>;
  /** Of the request that made another agent. */
  readonly agentKey: string;
  readonly act: Id<'audit'>;
  readonly chat: Id<'chat'>;
  /** Of the request that made another chat, and of the one that sent the waiting message. */
  readonly idempotency: Idempotency;
  readonly running: NewTurn;
  readonly waiting: NewTurn;
}

/** What a team may have: an agent, and a chat with a turn that ended, one that runs, with a log, and one that waits. */
async function newThings(stores: Stores, scope: Scope): Promise<Owned> {
  const { id: agent } = await stores.agents.create(scope, { name: 'Ann', type: 'support' });
  const { id: key } = (await stores.apiKeys.issue(scope, 'secret', {})).info;
  const agentKey = mintId('request');
  await stores.agents.createOnce(scope, { name: 'Ben', type: 't' }, { key: agentKey, body: 'body' });
  const guest = await stores.guests.create(scope, key);
  const signing = await stores.signingSecrets.create(scope, new Date());
  const act = await stores.audit.begin(scope, { actor: { kind: 'admin' }, action: 'key.revoke' });
  const chat = await newChat(stores, scope);
  const ended = newTurn(chat, 1);
  const account = { agent, day: '2026-11-25' };
  await endTurn(stores, scope, ended, { status: 'completed', answer: 'answer 1', textBytes: 100, account });
  await stores.usage.count([ended.id]);
  const spender = { key, user: 'user 1' };
  const running = newTurn(chat, 2, { lease: leaseOf('token'), spender });
  await stores.userStatuses.block(scope, 'user 1');
  await stores.visitors.exchange(scope, 'user 1', `hash of ${scope.team}`);
  const idempotency = { key: mintId('request'), body: 'body' };
  await stores.chats.createOnce(scope, { agent, agentType: 'support' }, idempotency);
  const waiting = newTurn(chat, 3, { idempotency });
  await stores.turns.insert(scope, running);
  await stores.turns.insert(scope, waiting);
  await stores.turnLog.append([{ turn: running.id, team: scope.team, attempt: 1, to: 4, text: 'text' }]);
  return {
    key,
    agent,
    agentKey,
    guest,
    secret: signing?.info.id ?? mintId('secret'),
    act,
    chat,
    idempotency,
    running,
    waiting,
  };
}

const failed: TurnEnd = { status: 'failed', errorCode: 'model_failed', textBytes: 0 };

type Call = (stores: Stores, scope: Scope, owned: Owned) => Promise<unknown>;

/** Each call, and what a stranger gets from it. */
const calls: Record<string, readonly [Call, unknown]> = {
  'apiKeys.get': [({ apiKeys }, scope, { key }) => apiKeys.get(scope, key), undefined],
  'apiKeys.list': [({ apiKeys }, scope) => apiKeys.list(scope, 10), []],
  'apiKeys.update': [({ apiKeys }, scope, { key }) => apiKeys.update(scope, key, { name: 'x' }), undefined],
  'apiKeys.roll': [({ apiKeys }, scope, { key }) => apiKeys.roll(scope, key, new Date()), undefined],
  'apiKeys.revoke': [({ apiKeys }, scope, { key }) => apiKeys.revoke(scope, key), false],
  'guests.find': [({ guests }, scope, { guest }) => guests.find(scope, guest.token), undefined],
  'guests.move': [({ guests }, scope, { guest }) => guests.move(scope, guest.id, 'theirs'), false],
  'signingSecrets.list': [({ signingSecrets }, scope) => signingSecrets.list(scope), []],
  'signingSecrets.findWorking': [
    ({ signingSecrets }, scope, { secret }) => signingSecrets.findWorking(scope, secret),
    [],
  ],
  'signingSecrets.revoke': [
    ({ signingSecrets }, scope, { secret }) => signingSecrets.revoke(scope, secret),
    false,
  ],
  'agents.find': [({ agents }, scope, { agent }) => agents.find(scope, agent), undefined],
  'agents.get': [({ agents }, scope, { agent }) => agents.get(scope, agent), undefined],
  'agents.update': [
    ({ agents }, scope, { agent }) => agents.update(scope, agent, () => ({ name: 'theirs', type: 't' })),
    undefined,
  ],
  'agents.rollBack': [({ agents }, scope, { agent }) => agents.rollBack(scope, agent, 1), undefined],
  'agents.listVersions': [({ agents }, scope, { agent }) => agents.listVersions(scope, agent), undefined],
  'agents.delete': [({ agents }, scope, { agent }) => agents.delete(scope, agent), false],
  'agents.findKept': [({ agents }, scope, { agentKey }) => agents.findKept(scope, agentKey), undefined],
  'agents.list': [({ agents }, scope) => agents.list(scope, 10), []],
  'audit.finish': [({ audit }, scope, { act }) => audit.finish(scope, act), undefined],
  'audit.withdraw': [({ audit }, scope, { act }) => audit.withdraw(scope, act), undefined],
  'audit.list': [({ audit }, scope) => audit.list(scope, { limit: 10 }), { items: [] }],
  'chats.find': [({ chats }, scope, { chat }) => chats.find(scope, chat), undefined],
  'chats.list': [({ chats }, scope) => chats.list(scope, {}, { limit: 10 }), { items: [] }],
  'chats.listIdle': [
    ({ chats }, scope, { agent }) =>
      chats.listIdle(scope, agent, new Date(Date.now() + 60_000), { limit: 9 }),
    { items: [] },
  ],
  'chats.update': [({ chats }, scope, { chat }) => chats.update(scope, chat, { title: 'theirs' }), undefined],
  'chats.giveTitle': [({ chats }, scope, { chat }) => chats.giveTitle(scope, chat, 'theirs'), undefined],
  'chats.markDeleted': [({ chats }, scope, { chat }) => chats.markDeleted(scope, chat), false],
  'chats.findKept': [
    ({ chats }, scope, { idempotency }) => chats.findKept(scope, idempotency.key),
    undefined,
  ],
  'messages.list': [
    ({ messages }, scope, { chat }) => messages.list(scope, chat, { limit: 10, order: 'asc' }),
    { items: [] },
  ],
  'turns.tail': [
    ({ turns }, scope, { chat }) => turns.tail(scope, chat),
    { sequence: 0, ended: true, textBytes: 0, unfinished: 0 },
  ],
  'turns.look': [
    ({ turns }, scope, { chat }) => turns.look(scope, chat, 3, 1_000),
    expect.objectContaining({ chat: undefined, history: [], textBytesBefore: 0 }),
  ],
  'turns.remove': [({ turns }, scope, { waiting }) => turns.remove(scope, waiting.id), undefined],
  'turns.announceSuccessor': [({ turns }, scope, { chat }) => turns.announceSuccessor(scope, chat, 3), false],
  'turns.claim': [({ turns }, scope, { waiting }) => turns.claim(scope, waiting.id, 'mine'), undefined],
  'turns.claimNext': [({ turns }, scope, { chat }) => turns.claimNext(scope, chat, 3, 'mine'), undefined],
  'transfer.listAgents': [({ transfer }, scope) => transfer.listAgents(scope, 10), []],
  'transfer.listChats': [({ transfer }, scope) => transfer.listChats(scope, 10), []],
  'transfer.listTurns': [
    ({ transfer }, scope, { chat }) => transfer.listTurns(scope, chat, 10, 0),
    { turns: [], isLast: true, leftOut: 0 },
  ],
  'transfer.listUsage': [({ transfer }, scope) => transfer.listUsage(scope, 10), []],
  'transfer.standOfChat': [({ transfer }, scope, { chat }) => transfer.standOfChat(scope, chat), 'taken'],
  'turns.keepSteps': [
    ({ turns }, scope, { running }) => turns.keepSteps(scope, running.id, 'token', []),
    'gone',
  ],
  'turns.release': [({ turns }, scope, { running }) => turns.release(scope, running.id, 'token'), false],
  'turns.end': [
    ({ turns }, scope, { running }) => turns.end(scope, running.id, 'token', failed),
    { result: 'gone' },
  ],
  'turns.find': [({ turns }, scope, { running }) => turns.find(scope, running.id), undefined],
  'turns.stand': [({ turns }, scope, { running }) => turns.stand(scope, running.id), undefined],
  'turns.listAfter': [({ turns }, scope, { chat }) => turns.listAfter(scope, chat, 0, 10), []],
  'turns.findKept': [
    ({ turns }, scope, { chat, idempotency }) => turns.findKept(scope, chat, idempotency.key),
    undefined,
  ],
  'turns.cancel': [({ turns }, scope, { waiting }) => turns.cancel(scope, waiting.id), false],
  'turns.cancelOfUser': [({ turns }, scope) => turns.cancelOfUser(scope, 'user 1', 10), []],
  'visitors.findExchanged': [
    ({ visitors }, scope) => visitors.findExchanged(scope, `hash of ${owner.team}`),
    undefined,
  ],
  'userStatuses.find': [({ userStatuses }, scope) => userStatuses.find(scope, 'user 1'), {}],
  'turns.cancelBefore': [({ turns }, scope, { chat }) => turns.cancelBefore(scope, chat, 4), undefined],
  'turnLog.read': [({ turnLog }, scope, { running }) => turnLog.read(scope, running.id, 1, 0), ''],
  'turnLog.remove': [({ turnLog }, scope, { running }) => turnLog.remove(scope, running.id), undefined],
  'turns.countUnfinished': [({ turns }, scope) => turns.countUnfinished(scope, 10), 0],
  'teams.get': [({ teams }, scope) => teams.get(scope), undefined],
  'teams.update': [({ teams }, scope) => teams.update(scope, { name: 'theirs' }), undefined],
  'teams.findSettings': [({ teams }, scope) => teams.findSettings(scope), {}],
  'usage.list': [
    ({ usage }, scope) =>
      usage.list(scope, { from: '2026-11-25', to: '2026-11-25', groupBy: 'day' }, { limit: 10 }),
    { items: [] },
  ],
  'turns.takeOver': [
    ({ turns }, scope, { running }) => turns.takeOver(scope, running.id, leaseOf('token'), 'mine'),
    undefined,
  ],
};

/** Functions whose answer holds nothing of another team, or which are no team's: tested on their own. */
const others = [
  'agents.create',
  'agents.createOnce',
  'apiKeys.create',
  'apiKeys.issue',
  'apiKeys.find',
  'audit.begin',
  'audit.note',
  'deletions.begin',
  'deletions.beginTeam',
  'deletions.closeDoors',
  'deletions.finish',
  'deletions.listChats',
  'deletions.listPending',
  'deletions.markChats',
  'deletions.removeChat',
  'deletions.removeRest',
  'chats.create',
  'chats.createOnce',
  'chats.listMarked',
  'chats.listUnmarked',
  'chats.insertMarker',
  'chats.insertMarkerBehind',
  'budgets.giveBack',
  'budgets.reserve',
  'chats.purge',
  'guests.create',
  'guests.finishMove',
  'guests.listMoves',
  'requestCounts.add',
  'credentials.read',
  'signingSecrets.create',
  'signingSecrets.ensure',
  'teams.create',
  'teams.createFirst',
  'teams.exists',
  'teams.findFirst',
  'teams.finishFirst',
  'teams.list',
  'transfer.addAgent',
  'transfer.addChat',
  'transfer.addTurns',
  'transfer.addUsage',
  'turnLog.append',
  'turns.hasPredecessorEnded',
  'turns.insert',
  'turns.listMarks',
  'agents.listRetaining',
  'turns.listUnfinished',
  'turns.renew',
  'userStatuses.block',
  'userStatuses.listBlockedSince',
  'userStatuses.signOut',
  'userStatuses.unblock',
  'visitors.cookieKey',
  'visitors.exchange',
  'usage.add',
  'usage.count',
  'usage.listUncounted',
];

test('no function is forgotten here', () => {
  const all = Object.entries(db.stores).flatMap(([name, store]) =>
    Object.keys(store).map((property) => `${name}.${property}`),
  );
  expect([...Object.keys(calls), ...others].sort()).toEqual(all.sort());
});

test.each(Object.entries(calls))('%s', async (_name, [call, nothing]) => {
  const owned = await newThings(db.stores, owner);
  const before = await documents(owned);
  expect(await call(db.stores, stranger, owned)).toEqual(nothing);
  expect(await documents(owned)).toEqual(before);
  // The same call of the owner gives something, so that the test above could fail.
  const given = await call(db.stores, owner, owned);
  if (nothing !== undefined) expect(given).not.toEqual(nothing);
  else expect([given, await documents(owned)]).not.toEqual([undefined, before]);
});

test('a turn with another team’s id is not inserted in silence', async () => {
  const { waiting } = await newThings(db.stores, owner);
  const result = await db.stores.turns.insert(stranger, waiting);
  expect(result).toBe('sequence-taken');
  expect(await db.stores.turns.find(stranger, waiting.id)).toBeUndefined();
});

async function documents({ act, agent, chat, running }: Owned) {
  return [
    await db.raw.collection('auditLog').findOne({ _id: act as never }),
    await db.raw.collection('agents').findOne({ _id: agent as never }),
    await db.raw.collection('chats').findOne({ _id: chat as never }),
    await db.raw.collection('turns').find({ chat }).sort({ sequence: 1 }).toArray(),
    await db.raw.collection('turnLog').countDocuments({ _id: { $regex: running.id } as never }),
  ];
}

test('the key of another team’s request makes no chat in silence, and keeps no message from being sent', async () => {
  const { chats, turns } = db.stores;
  const { agent, idempotency } = await newThings(db.stores, owner);
  await expect(chats.createOnce(stranger, { agent, agentType: 't' }, idempotency)).rejects.toThrow();
  const chat = await newChat(db.stores, stranger);
  expect(await turns.insert(stranger, newTurn(chat, 1, { idempotency }))).toBe('inserted');
});
