import { Readable } from 'node:stream';
import { type Id, mintId } from '@parley/contract';
import { beforeAll, expect, expectTypeOf, test } from 'vitest';
import type { ChatAccess, Idempotency, NewTurn, Scope, Stores, SystemScope, TurnEnd } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';
import { endTurn, leaseOf, newChat, newScope, newTurn } from './examples.ts';
import { startDatabase } from './start-database.ts';

/*
 * The ids of another owner give no access: every function is called with the ids of one team, user and agent by
 * another team, another user of the team, and a key for other agents.
 */

const db = await startDatabase('scoping');
const TOKEN_ISSUER = { url: 'https://i.example/', issuer: 'theirs', audience: 'a' };
const owner = newScope();
const other = newScope();

beforeAll(async () => {
  await db.stores.teams.create({ id: owner.team, name: 'Team' });
  await db.stores.teams.update(owner, { tokensPerDay: 10 });
});

/** The id of the message that a turn answers. */
function messageOf({ question }: NewTurn): string {
  return 'userMessage' in question ? question.userMessage.id : question.retryOf.userMessageId;
}

interface Owned {
  readonly key: Id<'key'>;
  /** A key that this one issued. */
  readonly issued: Id<'key'>;
  readonly agent: Id<'agent'>;
  readonly otherAgent: Id<'agent'>;
  readonly guest: { id: Id<'guest'>; token: string };
  readonly secret: Id<'secret'>;
  /** The request that created another agent. */
  readonly agentKey: string;
  readonly act: Id<'audit'>;
  readonly chat: Id<'chat'>;
  /** The requests that created another chat and sent the waiting message. */
  readonly idempotency: Idempotency;
  /** An answer with feedback of the team. */
  readonly answer: Id<'message'>;
  readonly ended: Id<'turn'>;
  /** A file of the chat's user that was not sent. */
  readonly file: Id<'file'>;
  readonly running: NewTurn;
  readonly waiting: NewTurn;
}

/** The data of a team: an agent, and a chat with an ended turn, a running one with a log, and a waiting one. */
async function newThings(stores: Stores, scope: SystemScope): Promise<Owned> {
  const { id: agent } = await stores.agents.create(scope, { name: 'Ann', type: 'support' });
  const { info: issuer } = await stores.apiKeys.issue(scope, 'secret', {});
  const { id: key } = issuer;
  const issued = (await stores.apiKeys.issueFrom(scope, issuer, 'secret', {}))?.info.id ?? key;
  const agentKey = mintId('request');
  const ben = await stores.agents.createOnce(
    scope,
    { name: 'Ben', type: 't' },
    { key: agentKey, body: 'body' },
  );
  const otherAgent = 'replay' in ben ? ben.replay.agent.id : ben.id;
  const guest = await stores.guests.create(scope, key);
  const signing = await stores.signingSecrets.create(scope, new Date());
  await stores.signingSecrets.issueFrom(scope, issuer, new Date());
  await stores.teams.setTokenIssuer(scope, issuer, TOKEN_ISSUER);
  const act = await stores.audit.begin(scope, { actor: { kind: 'admin' }, action: 'key.revoke' });
  const user = 'ann';
  const { id: chat } = await stores.chats.create(scope, { agent, agentType: 'support', user });
  const ended = newTurn(chat, 1);
  const account = { agent, user, day: '2026-11-25' };
  await endTurn(stores, scope, ended, { status: 'completed', answer: 'answer 1', textBytes: 100, account });
  await stores.usage.count([ended.id]);
  await stores.search.add([ended.id]);
  await stores.feedback.set(inScope(scope, chat), ended.answerId, { rating: 'up' });
  const spender = { key, user: 'user 1' };
  const running = newTurn(chat, 2, { lease: leaseOf('token'), spender });
  await stores.userStatuses.block(scope, 'user 1');
  await stores.visitors.exchange(scope, 'user 1', `hash of ${scope.team}`);
  const idempotency = { key: mintId('request'), body: 'body' };
  await stores.chats.createOnce(scope, { agent, agentType: 'support', user }, idempotency);
  const uploader = { ...scope, user, agents: [agent] };
  const file = await stores.files.begin(uploader, 'notes.txt');
  await stores.files.write(file, Readable.from([Buffer.from('notes')]));
  await stores.files.finish(uploader, file, { mediaType: 'text/plain', bytes: 5, idempotency }, 1_000_000);
  const waiting = newTurn(chat, 3, { idempotency });
  await stores.chatChanges.announce([chat]);
  await stores.turns.insert(inScope(scope, running.chat), running);
  await stores.turns.insert(inScope(scope, waiting.chat), waiting);
  await stores.turnLog.append([{ turn: running.id, team: scope.team, attempt: 1, to: 4, text: 'text' }]);
  return {
    key,
    issued,
    agent,
    otherAgent,
    agentKey,
    guest,
    secret: signing?.info.id ?? mintId('secret'),
    act,
    chat,
    idempotency,
    answer: ended.answerId,
    ended: ended.id,
    file,
    running,
    waiting,
  };
}

const failed: TurnEnd = { status: 'failed', errorCode: 'model_failed', textBytes: 0 };

type Call<By> = (stores: Stores, by: By, owned: Owned) => Promise<unknown>;

/** A function that callers without access call, with the expected result. */
interface Row {
  /** The scopes that must get nothing, by name. */
  readonly outsiders: Readonly<Record<string, (stores: Stores, owned: Owned) => Promise<unknown>>>;
  readonly byOwner: (stores: Stores, owned: Owned) => Promise<unknown>;
  readonly nothing: unknown;
}

const otherTeam = { team: other.team };
const otherUser = { ...owner, user: 'bob' };
const otherAgents = { ...owner, agents: [mintId('agent')] };

/** Functions for the whole team, or for the engine only. They have no variant for limited callers. */
function ofTeam(call: Call<SystemScope>, nothing: unknown): Row {
  return {
    outsiders: { 'another team': (stores, owned) => call(stores, otherTeam, owned) },
    byOwner: (stores, owned) => call(stores, owner, owned),
    nothing,
  };
}

/** Functions that stay within the agents of a scope. Their data belongs to no user. */
function ofAgents(call: Call<Scope>, nothing: unknown): Row {
  return {
    outsiders: {
      'another team': (stores, owned) => call(stores, otherTeam, owned),
      'a key for other agents': (stores, owned) => call(stores, otherAgents, owned),
    },
    byOwner: (stores, owned) => call(stores, { ...owner, agents: [owned.agent, owned.otherAgent] }, owned),
    nothing,
  };
}

/** Functions that stay within the user and the agents of a scope. */
function ofScope(call: Call<Scope>, nothing: unknown): Row {
  return {
    outsiders: {
      'another team': (stores, owned) => call(stores, otherTeam, owned),
      'another user': (stores, owned) => call(stores, otherUser, owned),
      'a key for other agents': (stores, owned) => call(stores, otherAgents, owned),
    },
    byOwner: (stores, owned) => call(stores, { ...owner, user: 'ann', agents: [owned.agent] }, owned),
    nothing,
  };
}

/** Functions that take a `ChatAccess`: none exists for another scope's chat, and none finds the data of another chat. */
function ofChat(call: Call<ChatAccess>, nothing: unknown): Row {
  return {
    outsiders: {
      'another team': (stores, owned) => call(stores, inScope(otherTeam, owned.chat), owned),
      'another chat': async (stores, owned) =>
        call(stores, inScope(owner, await newChat(stores, owner)), owned),
    },
    byOwner: (stores, owned) => call(stores, inScope(owner, owned.chat), owned),
    nothing,
  };
}

/** The access of a scope to a chat of this user. */
function chatOfUser(scope: SystemScope, id: Id<'chat'>, user: string): ChatAccess {
  const access = inScope(scope, id);
  return { ...access, chat: { ...access.chat, user } };
}

/** Each function, and its result for a caller without access. */
const rows: Record<string, Row> = {
  'apiKeys.get': ofTeam(({ apiKeys }, scope, { key }) => apiKeys.get(scope, key), undefined),
  'apiKeys.list': ofTeam(({ apiKeys }, scope) => apiKeys.list(scope, 10), []),
  'apiKeys.update': ofTeam(
    ({ apiKeys }, scope, { key }) => apiKeys.update(scope, key, { name: 'x' }),
    'ended',
  ),
  'apiKeys.roll': ofTeam(({ apiKeys }, scope, { key }) => apiKeys.roll(scope, key, new Date()), undefined),
  'apiKeys.listIssued': ofTeam(({ apiKeys }, scope, { key }) => apiKeys.listIssued(scope, key, 10), []),
  'apiKeys.revokeIssued': ofTeam(
    ({ apiKeys }, scope, { key, issued }) => apiKeys.revokeIssued(scope, key, [issued]),
    undefined,
  ),
  'apiKeys.findIssuerLimits': ofTeam(
    ({ apiKeys }, scope, { key }) => apiKeys.findIssuerLimits(scope, [key]),
    undefined,
  ),
  'apiKeys.issueFrom': ofTeam(
    ({ apiKeys }, scope, { key }) =>
      apiKeys.issueFrom(scope, { id: key, familyId: key, issuers: [] }, 'secret', {}),
    undefined,
  ),
  'apiKeys.revoke': ofTeam(({ apiKeys }, scope, { key }) => apiKeys.revoke(scope, key), false),
  'guests.find': ofTeam(({ guests }, scope, { guest }) => guests.find(scope, guest.token), undefined),
  'guests.noteSeen': ofTeam(
    ({ guests }, scope, { guest }) => guests.noteSeen(scope, { id: guest.id, seenAt: new Date(0) }),
    undefined,
  ),
  'guests.move': ofTeam(({ guests }, scope, { guest }) => guests.move(scope, guest.id, 'theirs'), false),
  'signingSecrets.list': ofTeam(({ signingSecrets }, scope) => signingSecrets.list(scope), []),
  'signingSecrets.findWorking': ofTeam(
    ({ signingSecrets }, scope, { secret }) => signingSecrets.findWorking(scope, secret),
    [],
  ),
  'signingSecrets.listIssued': ofTeam(
    ({ signingSecrets }, scope, { key }) => signingSecrets.listIssued(scope, key),
    [],
  ),
  'signingSecrets.issueFrom': ofTeam(
    ({ signingSecrets }, scope, { key }) =>
      signingSecrets.issueFrom(scope, { id: key, familyId: key, issuers: [] }, new Date(Date.now() + 60_000)),
    'issuer-revoked',
  ),
  'signingSecrets.revoke': ofTeam(
    ({ signingSecrets }, scope, { secret }) => signingSecrets.revoke(scope, secret),
    false,
  ),
  'agents.find': ofAgents(({ agents }, scope, { agent }) => agents.find(scope, agent), undefined),
  'agents.get': ofAgents(({ agents }, scope, { agent }) => agents.get(scope, agent), undefined),
  'agents.update': ofAgents(
    ({ agents }, scope, { agent }) => agents.update(scope, agent, () => ({ name: 'theirs', type: 't' })),
    undefined,
  ),
  'agents.rollBack': ofAgents(({ agents }, scope, { agent }) => agents.rollBack(scope, agent, 1), undefined),
  'agents.listVersions': ofAgents(
    ({ agents }, scope, { agent }) => agents.listVersions(scope, agent),
    undefined,
  ),
  'agents.delete': ofAgents(({ agents }, scope, { agent }) => agents.delete(scope, agent), false),
  'agents.findByIdempotencyKey': ofAgents(
    ({ agents }, scope, { agentKey }) => agents.findByIdempotencyKey(scope, agentKey),
    undefined,
  ),
  'agents.list': ofAgents(({ agents }, scope) => agents.list(scope, 10), []),
  'agents.listSummaries': ofAgents(({ agents }, scope) => agents.listSummaries(scope, 10), []),
  'audit.finish': ofTeam(({ audit }, scope, { act }) => audit.finish(scope, act), undefined),
  'audit.finishAll': ofTeam(({ audit }, scope, { act }) => audit.finishAll(scope, [act]), undefined),
  'audit.withdraw': ofTeam(({ audit }, scope, { act }) => audit.withdraw(scope, act), undefined),
  'audit.list': ofTeam(({ audit }, scope) => audit.list(scope, { limit: 10 }), { items: [] }),
  'chats.find': ofScope(({ chats }, scope, { chat }) => chats.find(scope, chat), undefined),
  'chats.list': ofScope(({ chats }, scope) => chats.list(scope, {}, { limit: 10 }), { items: [] }),
  'chatChanges.listAfter': ofScope(async ({ chatChanges }, scope) => {
    const [found] = await chatChanges.listAfter([{ scope, after: new Date(0) }]);
    return found?.changes;
  }, []),
  'chats.listByUse': ofScope(({ chats }, scope) => chats.listByUse(scope, {}, { limit: 10 }), { items: [] }),
  'chats.listIdle': ofTeam(
    ({ chats }, scope, { agent }) =>
      chats.listIdle(scope, agent, new Date(Date.now() + 60_000), { limit: 9 }),
    { items: [] },
  ),
  'chats.update': ofScope(
    ({ chats }, scope, { chat }) => chats.update(scope, chat, { title: 'theirs' }),
    undefined,
  ),
  'chats.setInitialTitle': ofChat(({ chats }, chat) => chats.setInitialTitle(chat, 'theirs'), undefined),
  'chats.markDeleted': ofScope(({ chats }, scope, { chat }) => chats.markDeleted(scope, chat), false),
  'chats.findByIdempotencyKey': ofScope(
    ({ chats }, scope, { idempotency }) => chats.findByIdempotencyKey(scope, idempotency.key),
    undefined,
  ),
  'chats.markVersions': ofChat(({ chats }, chat) => chats.markVersions(chat), undefined),
  'chats.choosePath': ofChat(
    ({ chats }, chat) => chats.choosePath(chat, { turn: 1, tailSequence: 2 }),
    undefined,
  ),
  'messages.findHead': ofChat(
    ({ messages }, chat, owned) => messages.findHead(chat, messageOf(owned.running)),
    undefined,
  ),
  'messages.list': ofChat(({ messages }, chat) => messages.list(chat, { limit: 10, order: 'asc' }), {
    items: [],
  }),
  'turns.tail': ofChat(({ turns }, chat) => turns.tail(chat), {
    sequence: 0,
    ended: true,
    textBytes: 0,
    unfinished: 0,
  }),
  'turns.readRunContext': ofTeam(
    ({ turns }, scope, { chat }) => turns.readRunContext(scope, chat, 3, 1_000),
    expect.objectContaining({ chat: undefined, history: [], textBytesBefore: 0 }),
  ),
  'turns.remove': ofTeam(({ turns }, scope, { waiting }) => turns.remove(scope, waiting.id), undefined),
  'turns.announceSuccessor': ofTeam(
    ({ turns }, scope, { chat }) => turns.announceSuccessor(scope, chat, 3),
    false,
  ),
  'turns.claim': ofTeam(({ turns }, scope, { waiting }) => turns.claim(scope, waiting.id, 'mine'), undefined),
  'turns.claimNext': ofTeam(
    ({ turns }, scope, { chat }) => turns.claimNext(scope, chat, 3, 'mine'),
    undefined,
  ),
  'transfer.listAgents': ofTeam(({ transfer }, scope) => transfer.listAgents(scope, 10), []),
  'transfer.listChats': ofTeam(({ transfer }, scope) => transfer.listChats(scope, 10), []),
  'transfer.listTurns': ofTeam(({ transfer }, scope, { chat }) => transfer.listTurns(scope, chat, 10, 0), {
    turns: [],
    isLast: true,
    leftOut: 0,
  }),
  'transfer.listUsage': ofTeam(({ transfer }, scope) => transfer.listUsage(scope, 10), []),
  'transfer.checkChatId': ofTeam(
    ({ transfer }, scope, { chat }) => transfer.checkChatId(scope, chat),
    'taken',
  ),
  'turns.saveToolSteps': ofTeam(
    ({ turns }, scope, { running }) => turns.saveToolSteps(scope, running.id, 'token', []),
    'deleted',
  ),
  'turns.raiseAttempt': ofTeam(
    ({ turns }, scope, { running }) => turns.raiseAttempt(scope, running.id, 'token', 2),
    'deleted',
  ),
  'turns.saveWait': ofTeam(
    ({ turns }, scope, { running }) =>
      turns.saveWait(scope, running.id, 'token', { attempt: 1, until: new Date() }),
    false,
  ),
  'turns.release': ofTeam(
    ({ turns }, scope, { running }) => turns.release(scope, running.id, 'token'),
    false,
  ),
  'turns.end': ofTeam(({ turns }, scope, { running }) => turns.end(scope, running.id, 'token', failed), {
    result: 'deleted',
  }),
  'turns.find': ofChat(({ turns }, chat, owned) => turns.find(chat, owned.running.id), undefined),
  'turns.findByUserMessage': ofChat(
    ({ turns }, chat, owned) => turns.findByUserMessage(chat, messageOf(owned.running)),
    undefined,
  ),
  'turns.listVersions': ofChat(({ turns }, chat) => turns.listVersions(chat, [0, 1, 2]), []),
  'turns.findPath': ofChat(
    ({ turns }, chat, owned) => turns.findPath(chat, owned.running.sequence),
    undefined,
  ),
  'turns.markRemoved': {
    ...ofChat(({ turns }, chat, owned) => turns.markRemoved(chat, owned.running.id, true), false),
    async byOwner({ turns }, { chat, running }) {
      await turns.end(owner, running.id, 'token', {
        status: 'failed',
        errorCode: 'model_failed',
        textBytes: 1,
      });
      return turns.markRemoved(inScope(owner, chat), running.id, true);
    },
  },
  'turns.removeContent': {
    ...ofChat(({ turns }, chat, owned) => turns.removeContent(chat, owned.running.id), false),
    async byOwner({ turns }, { chat, running }) {
      await turns.end(owner, running.id, 'token', {
        status: 'failed',
        errorCode: 'model_failed',
        textBytes: 1,
      });
      return turns.removeContent(inScope(owner, chat), running.id);
    },
  },
  'turns.findState': ofChat(({ turns }, chat, owned) => turns.findState(chat, owned.running.id), undefined),
  'turns.listAfter': ofChat(({ turns }, chat) => turns.listAfter(chat, 0, 10), []),
  'turns.findByIdempotencyKey': ofChat(
    ({ turns }, chat, owned) => turns.findByIdempotencyKey(chat, owned.idempotency.key),
    undefined,
  ),
  'turns.cancel': ofChat(({ turns }, chat, owned) => turns.cancel(chat, owned.waiting.id), false),
  'turns.cancelOfUser': ofTeam(({ turns }, scope) => turns.cancelOfUser(scope, 'user 1', 10), []),
  'visitors.findExchanged': ofTeam(
    ({ visitors }, scope) => visitors.findExchanged(scope, `hash of ${owner.team}`),
    undefined,
  ),
  'userStatuses.find': ofTeam(({ userStatuses }, scope) => userStatuses.find(scope, 'user 1'), {}),
  'userStatuses.findNow': ofTeam(({ userStatuses }, scope) => userStatuses.findNow(scope, 'user 1'), {}),
  'turns.cancelBefore': ofChat(({ turns }, chat) => turns.cancelBefore(chat, 4), undefined),
  'search.remove': ofChat(({ search }, chat, { ended }) => search.remove(chat, [ended]), undefined),
  'search.find': ofScope(({ search }, scope) => search.find(scope, 'answer', { limit: 10 }), { items: [] }),
  'feedback.set': ofChat(
    ({ feedback }, chat, { answer }) => feedback.set(chat, answer, { rating: 'down' }),
    'missing',
  ),
  'feedback.remove': ofChat(({ feedback }, chat, { answer }) => feedback.remove(chat, answer), false),
  'feedback.listOwn': ofChat(({ feedback }, chat, { answer }) => feedback.listOwn(chat, [answer]), []),
  'files.find': ofScope(({ files }, scope, { file }) => files.find(scope, file), undefined),
  'files.remove': ofScope(({ files }, scope, { file }) => files.remove(scope, file), 'missing'),
  'files.list': ofScope(({ files }, scope, { file }) => files.list(scope, [file]), []),
  // A file that was not sent can be sent in any chat of its user.
  'files.claim': {
    outsiders: {
      'another team': ({ files }, { chat, file }) => files.claim(chatOfUser(otherTeam, chat, 'ann'), [file]),
      'another user': ({ files }, { chat, file }) => files.claim(chatOfUser(owner, chat, 'ben'), [file]),
    },
    byOwner: ({ files }, { chat, file }) => files.claim(chatOfUser(owner, chat, 'ann'), [file]),
    nothing: 'missing',
  },
  'files.release': {
    outsiders: {
      'another team': ({ files }, { chat, file }) =>
        files.release(chatOfUser(otherTeam, chat, 'ann'), [file]),
      'another user': ({ files }, { chat, file }) => files.release(chatOfUser(owner, chat, 'ben'), [file]),
    },
    byOwner: async ({ files }, { chat, file }) => {
      await files.claim(chatOfUser(owner, chat, 'ann'), [file]);
      return files.release(chatOfUser(owner, chat, 'ann'), [file]);
    },
    nothing: 0,
  },
  'files.countUnsent': ofTeam(({ files }, scope) => files.countUnsent({ ...scope, user: 'ann' }, 10), 0),
  'files.discard': ofTeam(({ files }, scope, { file }) => files.discard(scope, file), undefined),
  'files.findByIdempotencyKey': ofScope(
    ({ files }, scope, { idempotency }) => files.findByIdempotencyKey(scope, idempotency.key),
    undefined,
  ),
  'files.storage': ofTeam(({ files }, scope) => files.storage(scope), 0),
  'transfer.listFeedback': ofTeam(
    ({ transfer }, scope, { chat }) => transfer.listFeedback(scope, chat, 10),
    [],
  ),
  'turnLog.read': ofTeam(({ turnLog }, scope, { running }) => turnLog.read(scope, running.id, 1, 0), {
    text: '',
  }),
  'turnLog.remove': ofTeam(({ turnLog }, scope, { running }) => turnLog.remove(scope, running.id), undefined),
  'turns.countUnfinished': ofTeam(({ turns }, scope) => turns.countUnfinished(scope, 10), 0),
  'teams.get': ofTeam(({ teams }, scope) => teams.get(scope), undefined),
  'teams.setTokenIssuer': ofTeam(
    ({ teams }, scope, { key }) =>
      teams.setTokenIssuer(scope, { id: key, familyId: key, issuers: [] }, TOKEN_ISSUER),
    undefined,
  ),
  'teams.hasTokenIssuerOf': ofTeam(({ teams }, scope, { key }) => teams.hasTokenIssuerOf(scope, key), false),
  'teams.deleteTokenIssuer': ofTeam(({ teams }, scope) => teams.deleteTokenIssuer(scope), false),
  'teams.update': ofTeam(({ teams }, scope) => teams.update(scope, { name: 'theirs' }), undefined),
  'teams.findSettings': ofTeam(({ teams }, scope) => teams.findSettings(scope), {}),
  'usage.list': ofScope(
    ({ usage }, scope) =>
      usage.list(scope, { from: '2026-11-25', to: '2026-11-25', groupBy: 'day' }, { limit: 10 }),
    { items: [] },
  ),
  'turns.findQueued': ofTeam(({ turns }, scope, { chat }) => turns.findQueued(scope, chat, 3), undefined),
  'turns.takeOver': ofTeam(
    ({ turns }, scope, { running }) => turns.takeOver(scope, running.id, leaseOf('token'), 'mine'),
    undefined,
  ),
};

/** Functions whose results contain no data of other teams, or that belong to no team. They have their own tests. */
const others = [
  'agents.create',
  'agents.createOnce',
  'apiKeys.create',
  'apiKeys.issue',
  'apiKeys.find',
  'audit.begin',
  'audit.beginAll',
  'audit.note',
  'audit.noteRejected',
  'deletions.begin',
  'deletions.beginTeam',
  'deletions.revokeCredentials',
  'deletions.finish',
  'deletions.listChats',
  'deletions.listPending',
  'deletions.markChats',
  'deletions.removeChat',
  'deletions.removeRest',
  'chats.create',
  'chats.createOnce',
  'chats.listMarked',
  'chats.noteUses',
  'chats.listUnmarked',
  'chats.insertMarker',
  'chats.insertMarkerBehind',
  'budgets.giveBack',
  'budgets.reserve',
  'chats.purge',
  'files.begin',
  'files.finish',
  'files.read',
  'files.sweep',
  'files.write',
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
  'transfer.addFeedback',
  'transfer.addTurns',
  'transfer.addUsage',
  'turnLog.append',
  'turns.countFromNetwork',
  'turns.hasPredecessorEnded',
  'turns.insert',
  'turns.listMarks',
  'turns.listStates',
  'turns.listGrown',
  'chats.listReach',
  'chats.listByIds',
  'chatChanges.announce',
  'chatChanges.now',
  'agents.listRetaining',
  'turns.listUnfinished',
  'turns.renew',
  'search.add',
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

test('the tests of scopes cover every function of every store', () => {
  const all = Object.entries(db.stores).flatMap(([name, store]) =>
    Object.keys(store).map((property) => `${name}.${property}`),
  );
  expect([...Object.keys(rows), ...others].sort()).toEqual(all.sort());
});

const cases = Object.entries(rows).flatMap(([name, row]) =>
  Object.entries(row.outsiders).map(([who, call]) => ({ name, who, call, row })),
);

test.each(cases)('$name gives $who nothing and changes nothing', async ({ call, row }) => {
  const { byOwner, nothing } = row;
  const owned = await newThings(db.stores, owner);
  const before = await documents(owned);
  expect(await call(db.stores, owned)).toEqual(nothing);
  expect(await documents(owned)).toEqual(before);
  // The owner's own call returns something, so that the test above can fail.
  const given = await byOwner(db.stores, owned);
  if (nothing !== undefined) expect(given).not.toEqual(nothing);
  else expect([given, await documents(owned)]).not.toEqual([undefined, before]);
});

/** The names of a store's functions that take any scope of a caller. */
type TakesScope<Store> = {
  [Name in keyof Store]: Store[Name] extends (scope: infer First, ...rest: never[]) => unknown
    ? First extends { readonly team: unknown }
      ? Scope extends First
        ? Name
        : never
      : never
    : never;
}[keyof Store];

test('functions of turns and messages for callers take a ChatAccess instead of a scope', () => {
  expectTypeOf<
    TakesScope<Stores['messages'] & Stores['turnLog'] & Stores['feedback']>
  >().toEqualTypeOf<never>();
  // It counts the turns of a caller in all chats.
  expectTypeOf<TakesScope<Stores['turns']>>().toEqualTypeOf<'countUnfinished'>();
});

test('a chat is not created for a user or agent outside the scope of its creator', async () => {
  const agent = mintId('agent');
  const make = (scope: Scope) => db.stores.chats.create(scope, { agent, agentType: 't', user: 'ann' });
  await expect(make(otherUser)).rejects.toThrow('within the scope');
  await expect(make(otherAgents)).rejects.toThrow('within the scope');
  expect(await make({ ...owner, user: 'ann', agents: [agent] })).toMatchObject({ user: 'ann', agent });
});

test('inserting a turn with the id of another team’s turn is rejected', async () => {
  const { waiting } = await newThings(db.stores, owner);
  const result = await db.stores.turns.insert(inScope(other, waiting.chat), waiting);
  expect(result).toBe('sequence-taken');
  expect(await db.stores.turns.find(inScope(other, waiting.chat), waiting.id)).toBeUndefined();
});

async function documents({ act, agent, chat, file, guest, issued, running }: Owned) {
  return [
    await db.raw.collection('guests').findOne({ _id: guest.id as never }),
    await db.raw.collection('keys').findOne({ _id: issued as never }),
    await db.raw.collection('auditLog').findOne({ _id: act as never }),
    await db.raw.collection('agents').findOne({ _id: agent as never }),
    await db.raw.collection('chats').findOne({ _id: chat as never }),
    await db.raw.collection('turns').find({ chat }).sort({ sequence: 1 }).toArray(),
    await db.raw.collection('files').findOne({ _id: file as never }),
    await db.raw.collection('fileContents.chunks').countDocuments({ files_id: file }),
    await db.raw
      .collection('feedback')
      .find({ _id: { $regex: chat } as never })
      .toArray(),
    await db.raw.collection('turnLog').countDocuments({ _id: { $regex: running.id } as never }),
    await db.raw.collection('searchEntries').countDocuments({ chat }),
  ];
}

test('another team’s idempotency key creates no chat and rejects no message', async () => {
  const { chats, turns } = db.stores;
  const { agent, idempotency } = await newThings(db.stores, owner);
  await expect(chats.createOnce(other, { agent, agentType: 't' }, idempotency)).rejects.toThrow();
  const chat = await newChat(db.stores, other);
  expect(await turns.insert(inScope(other, chat), newTurn(chat, 1, { idempotency }))).toBe('inserted');
});
