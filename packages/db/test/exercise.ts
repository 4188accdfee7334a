import { Readable } from 'node:stream';
import { mintId, type TransferTurn } from '@parley/contract';
import { mintApiKey, type Stores } from '../src/index.ts';
import { inScope } from '../src/testing/index.ts';
import { endedTurn, endTurn, leaseOf, newChat, newScope, newTurn, retryOf } from './examples.ts';

const NO_MARKS = { hasFeedback: false, hasVersions: false };

/** Calls every function of every store at least once, and once for each different query that it sends. */
export async function exercise(stores: Stores): Promise<void> {
  const scope = newScope();
  await exerciseTeamsKeysAndAgents(stores, scope);
  await exerciseAudit(stores, scope);
  await exerciseDeletions(stores);
  await exerciseChats(stores, scope);
  await exerciseBatches(stores, scope);
  await exerciseTurns(stores, scope);
  await exerciseMarks(stores, scope);
  await exerciseRepeats(stores, scope);
  await exerciseLog(stores, scope);
  await exerciseFeedback(stores, scope);
  await exerciseSearch(stores, scope);
  await exerciseFiles(stores, scope);
  await exerciseUsage(stores, scope);
  await exerciseTransfer(stores, scope);
}

type Scope = ReturnType<typeof newScope>;

async function exerciseTeamsKeysAndAgents(
  {
    teams,
    apiKeys,
    requestCounts,
    guests,
    signingSecrets,
    userStatuses,
    visitors,
    credentials,
    agents,
  }: Stores,
  scope: Scope,
): Promise<void> {
  const { team: id } = scope;
  await teams.findFirst();
  await teams.createFirst({ id, name: 'first' });
  await teams.createFirst({ id: mintId('team'), name: 'late' });
  await teams.findFirst();
  await teams.finishFirst(id);
  await teams.create({ id: mintId('team'), name: 'further' });
  await teams.exists(id);
  await teams.get(scope);
  await teams.list(10);
  await teams.list(10, id);
  await teams.update(scope, { tokensPerDay: 10, concurrentTurns: null });
  await teams.findSettings(scope);
  const key = mintApiKey('secret');
  await apiKeys.create(scope, key);
  await apiKeys.create(scope, key);
  await apiKeys.find(key);
  await requestCounts.add([{ subject: `key:${mintId('key')}`, minute: 1, count: 2 }]);
  await exerciseIssuedKeys(apiKeys, scope);
  const { info } = await apiKeys.issue(scope, 'publishable', {
    name: 'Page',
    origins: ['https://example.com'],
  });
  await apiKeys.get(scope, info.id);
  await apiKeys.list(scope, 10);
  await apiKeys.update(scope, info.id, { origins: [] });
  await apiKeys.roll(scope, info.id, new Date(Date.now() + 60_000));
  await apiKeys.revoke(scope, info.id);
  await apiKeys.revoke(scope, info.id);
  const guest = await guests.create(scope, info.id);
  await guests.find(scope, guest.token);
  await guests.noteSeen(scope, { id: guest.id, seenAt: new Date(0) });
  await guests.move(scope, guest.id, 'user 1');
  await guests.move(scope, guest.id, 'user 1');
  for (const move of await guests.listMoves(10, [])) await guests.finishMove(move);
  await guests.listMoves(10, [guest.id]);
  const signing = await signingSecrets.create(scope, new Date(Date.now() + 60_000));
  const issuer = { id: info.id, familyId: info.id, issuers: [] };
  await signingSecrets.issueFrom(scope, issuer, new Date(Date.now() + 60_000));
  const { info: setter } = await apiKeys.issue(scope, 'secret', {});
  await teams.setTokenIssuer(scope, setter, { url: 'https://i.example/', issuer: 'i', audience: 'a' });
  await signingSecrets.create(scope, new Date(Date.now() + 60_000));
  await signingSecrets.ensure(scope);
  await signingSecrets.list(scope);
  await signingSecrets.listIssued(scope, mintId('key'));
  await signingSecrets.findWorking(scope, signing?.info.id);
  await signingSecrets.findWorking(scope, mintId('secret'));
  await signingSecrets.revoke(scope, signing?.info.id ?? mintId('secret'));
  await visitors.cookieKey();
  await visitors.exchange(scope, 'user 1', `hash of ${scope.team}`);
  await visitors.exchange(scope, 'user 1', `hash of ${scope.team}`);
  await visitors.findExchanged(scope, `hash of ${scope.team}`);
  await userStatuses.find(scope, 'user 1');
  await userStatuses.block(scope, 'user 1');
  await userStatuses.signOut(scope, 'user 2');
  await userStatuses.find(scope, 'user 1');
  await userStatuses.findNow(scope, 'user 1');
  await userStatuses.listBlockedSince(new Date(0), 10, []);
  const { id: secret } = await signingSecrets.ensure(scope);
  const users = [{ team: id, user: 'user 1' }];
  await credentials.read({
    ...{
      keys: [info.id],
      families: [info.id],
      secrets: [secret],
      guests: [guest.id],
      issuersOf: [id],
      users,
    },
  });
  await teams.hasTokenIssuerOf(scope, info.id);
  await teams.deleteTokenIssuer(scope, info.id);
  await teams.deleteTokenIssuer(scope);
  await userStatuses.unblock(scope, 'user 1');
  await userStatuses.unblock(scope, 'user 2');
  const { id: agent } = await agents.create(scope, { name: 'Ann', type: 'support' });
  await agents.create(scope, { name: 'Ann', type: 'support' }, agent);
  await agents.find(scope, agent);
  await agents.list(scope, 10);
  await agents.list({ ...scope, agents: [agent] }, 10);
  await agents.listSummaries(scope, 10);
  await agents.listSummaries({ ...scope, agents: [agent] }, 10);
  await agents.update(scope, agent, () => ({ name: 'Ann', type: 'support', systemPrompt: 'p' }));
  await agents.rollBack(scope, agent, 1);
  await agents.listRetaining(10);
  await agents.listRetaining(10, agent);
  await agents.get(scope, agent);
  await agents.listVersions(scope, agent);
  const idempotency = { key: mintId('request'), body: 'body' };
  await agents.createOnce(scope, { name: 'Ben', type: 'support' }, idempotency);
  await agents.createOnce(scope, { name: 'Ben', type: 'support' }, idempotency);
  await agents.findByIdempotencyKey(scope, idempotency.key);
  await agents.delete(scope, agent);
}

async function exerciseIssuedKeys(apiKeys: Stores['apiKeys'], scope: Scope): Promise<void> {
  const { info: root } = await apiKeys.issue(scope, 'secret', { tokensPerDay: 100 });
  const made = await apiKeys.issueFrom(scope, root, 'secret', {});
  if (!made) throw new Error('no key was issued');
  await apiKeys.find(made.key);
  await apiKeys.findIssuerLimits(scope, made.info.issuers);
  await apiKeys.roll(scope, root.id, new Date(Date.now() + 60_000));
  await apiKeys.update(scope, root.id, { expiresAt: new Date(Date.now() + 60_000) });
  await apiKeys.update(scope, root.id, { expiresAt: new Date(Date.now() + 30_000) });
  await apiKeys.list({ ...scope, agents: [mintId('agent')] }, 10);
  const issued = await apiKeys.listIssued(scope, root.id, 10);
  await apiKeys.revokeIssued(scope, root.id, issued);
}

async function exerciseAudit({ audit }: Stores, scope: Scope): Promise<void> {
  const entry = { actor: { kind: 'admin' }, action: 'key.revoke' } as const;
  const id = await audit.begin(scope, entry);
  await audit.finish(scope, id, 'target');
  await audit.withdraw(scope, await audit.begin(scope, entry));
  await audit.note(scope, entry);
  await audit.noteRejected(scope, { ...entry, action: 'key.create' });
  await audit.finishAll(scope, await audit.beginAll(scope, [entry, entry]));
  await audit.list(scope, { limit: 5 });
  await audit.list(scope, { limit: 5, after: mintId('audit') });
}

async function exerciseDeletions(stores: Stores): Promise<void> {
  const { deletions, guests, chats } = stores;
  const scope = newScope();
  for (const user of ['user 1', 'user 2']) {
    for (let count = 0; count < 5; count++) {
      await chats.create(scope, { agent: mintId('agent'), agentType: 'support', user });
    }
  }
  const { id: guest } = await guests.create(scope, mintId('key'));
  await guests.move(scope, guest, 'user 1');
  await guests.create(scope, mintId('key'));
  const deletion = await deletions.begin(scope, 'user 1');
  await deletions.begin(scope, 'user 1');
  await deletions.listPending(10);
  const [ofGuest] = await deletions.revokeCredentials(deletion);
  if (ofGuest) await deletions.revokeCredentials(ofGuest);
  await deletions.markChats(deletion, 10);
  await deletions.listPending(10, mintId('deletion'));
  for (const chat of await deletions.listChats(deletion, 10, [])) await deletions.removeChat(deletion, chat);
  await deletions.removeRest(deletion, 10);
  await deletions.finish(deletion, new Date());
  const ofTeam = await deletions.beginTeam(scope.team);
  await deletions.beginTeam(scope.team);
  await deletions.revokeCredentials(ofTeam);
  await deletions.markChats(ofTeam, 10);
  await deletions.listChats(ofTeam, 10, [mintId('chat')]);
  await deletions.removeRest(ofTeam, 10);
  await deletions.finish(ofTeam, new Date(Date.now() + 60_000));
}

async function exerciseChats(stores: Stores, scope: Scope): Promise<void> {
  const { chats } = stores;
  // Enough documents that the planner chooses the index.
  for (let index = 0; index < 30; index++) {
    const user = `user ${index % 10}`;
    const agentType = `type ${Math.floor(index / 3)}`;
    const { id } = await chats.create(scope, { agent: mintId('agent'), agentType, user });
    await chats.setInitialTitle(inScope(scope, id), `Word ${index}`);
  }
  await chats.list(scope, {}, { limit: 5 });
  const soon = new Date(Date.now() + 60_000);
  await chats.listIdle(scope, mintId('agent'), soon, { limit: 5 });
  await chats.listIdle(scope, mintId('agent'), soon, { limit: 5, after: mintId('chat') });
  for (const filter of [
    {},
    { user: 'user 1' },
    { agentType: 'type 2' },
    { user: 'user 1', agentType: 'type 2' },
  ]) {
    await chats.list(scope, filter, { limit: 5, after: mintId('chat') });
  }
  for (const filter of [{}, { user: 'user 1' }]) {
    await chats.list(scope, { ...filter, search: 'word' }, { limit: 5 });
    await chats.list(scope, { ...filter, search: 'wo word' }, { limit: 5, after: mintId('chat') });
    await chats.list(scope, { ...filter, search: 'łódź' }, { limit: 5 });
  }
  // For callers who may access only a part of the team.
  const within = { ...scope, agents: [mintId('agent'), mintId('agent')] };
  await chats.list(within, {}, { limit: 5 });
  const [used] = (await chats.list(scope, {}, { limit: 1 })).items;
  if (!used) throw new Error('there is no chat');
  await chats.noteUses([{ ...scope, chat: used.id, at: new Date(), accepted: 1 }]);
  await chats.noteUses([used, used].map(({ id }) => ({ ...scope, chat: id, at: new Date(), ended: 1 })));
  for (const filter of [
    {},
    { user: 'user 1' },
    { agentType: 'type 2' },
    { user: 'user 1', agentType: 'type 2' },
  ]) {
    await chats.listByUse(scope, filter, { limit: 2 });
    await chats.listByUse(scope, filter, { limit: 2, after: { id: mintId('chat'), updatedAt: new Date() } });
    await chats.listByUse(scope, filter, { limit: 2, after: { id: mintId('chat') } });
  }
  await chats.listByUse(within, {}, { limit: 5 });
  await chats.list({ ...scope, user: 'user 1' }, {}, { limit: 5 });
  await chats.find({ ...within, user: 'user 1' }, mintId('chat'));
  const chat = await newChat(stores, scope);
  await chats.update(scope, chat, { title: 'Title', metadata: {} });
  await chats.find(scope, chat);
  const { id: turn } = await endedTurn(stores, scope, chat, 1);
  await stores.turnLog.append([{ turn, team: scope.team, attempt: 1, to: 1, text: 'x' }]);
  await chats.markDeleted(scope, chat);
  await chats.listMarked(10, []);
  await chats.listMarked(10, [chat]);
  await chats.insertMarker(chat);
  await chats.insertMarker(chat);
  const idle = await newChat(stores, scope);
  await chats.insertMarkerBehind(scope, idle, 0);
  await chats.insertMarkerBehind(scope, idle, 0);
  await chats.listUnmarked(10, []);
  await chats.listUnmarked(10, [chat]);
  await chats.purge(chat);
}

async function exerciseTurns(stores: Stores, scope: Scope): Promise<void> {
  await exercisePaths(stores, scope);
  const { turns, messages } = stores;
  const chat = await newChat(stores, scope);
  await endedTurn(stores, scope, chat, 1);
  await turns.tail(inScope(scope, chat));
  const second = newTurn(chat, 2, { lease: leaseOf('a') });
  await turns.insert(inScope(scope, second.chat), second);
  await turns.insert(inScope(scope, second.chat), second);
  const third = newTurn(chat, 3);
  await turns.insert(inScope(scope, third.chat), third);
  await turns.insert(inScope(scope, chat), newTurn(chat, 3));
  await turns.tail(inScope(scope, chat));
  await turns.announceSuccessor(scope, chat, 3);
  await turns.readRunContext(scope, chat, 3, 1_000);
  await turns.hasPredecessorEnded(scope, chat, 3);
  await turns.listUnfinished(10);
  await turns.listUnfinished(10, mintId('turn'));
  await turns.renew([{ turn: second.id, token: 'a' }]);
  await turns.renew([{ turn: second.id, token: 'unknown' }]);
  await turns.takeOver(scope, second.id, leaseOf('a', { renewals: 1 }), 'b');
  await turns.end(scope, second.id, 'b', { status: 'failed', errorCode: 'model_failed', textBytes: 1 });
  await turns.end(scope, second.id, 'other', { status: 'failed', errorCode: 'model_failed', textBytes: 1 });
  await turns.findQueued(scope, chat, 3);
  await turns.claimNext(scope, chat, 3, 'c');
  await turns.claimNext(scope, chat, 3, 'c', { isPrivileged: false, networks: ['a network'] });
  await turns.saveToolSteps(scope, third.id, 'c', [{ text: 't', calls: [] }]);
  await turns.saveToolSteps(scope, third.id, 'other', []);
  await turns.release(scope, third.id, 'c');
  await turns.claim(scope, third.id, 'd');
  await turns.find(inScope(scope, third.chat), third.id);
  for (const order of ['asc', 'desc'] as const) {
    await messages.list(inScope(scope, chat), { limit: 2, order });
    await messages.list(inScope(scope, chat), { limit: 2, order, after: { sequence: 2, role: 'user' } });
  }
  await turns.remove(scope, third.id);
}

async function exercisePaths(stores: Stores, scope: Scope): Promise<void> {
  const { chats, turns, messages } = stores;
  const chat = await newChat(stores, scope);
  for (const sequence of [1, 2, 3]) await endedTurn(stores, scope, chat, sequence);
  const own = inScope(scope, chat);
  await chats.markVersions(own);
  const other = newTurn(chat, 4, { parent: 1, path: [1, 1, 4, 4] });
  await endTurn(stores, scope, other, { status: 'failed', errorCode: 'model_failed' });
  const failed = newTurn(chat, 5, { parent: 4, path: [1, 1, 4, 5] });
  await endTurn(stores, scope, failed, { status: 'failed', errorCode: 'model_failed' });
  await turns.readRunContext(scope, chat, 5, 1_000, 100, failed.path);
  await turns.findPath(own, 4);
  await turns.listVersions(own, [0, 1, 4]);
  const access = await chats.find(scope, chat);
  if (!access) throw new Error(`there is no ${chat}`);
  const [first] = (await messages.list(access, { limit: 3, order: 'asc' })).items;
  await turns.findByUserMessage(own, first?.id ?? '');
  await messages.list(access, { limit: 3, order: 'desc', head: 3 });
  await messages.findHead(access, first?.id ?? '');
  await chats.choosePath(own, { turn: 3, tailSequence: 5 });
  await chats.choosePath(own, undefined);
  await turns.markRemoved(own, failed.id, true);
  await stores.search.remove(own, [failed.id]);
  await turns.removeContent(own, failed.id);
}

async function exerciseMarks(stores: Stores, scope: Scope): Promise<void> {
  const { turns, messages } = stores;
  const chat = await newChat(stores, scope);
  const first = newTurn(chat, 1);
  await endTurn(stores, scope, first, { status: 'failed', errorCode: 'model_failed' });
  const retry = retryOf(first);
  await turns.insert(inScope(scope, retry.chat), retry);
  await turns.insert(inScope(scope, chat), newTurn(chat, 3));
  await turns.cancel(inScope(scope, retry.chat), retry.id);
  await turns.cancelOfUser(scope, 'user 1', 5);
  await turns.cancelBefore(inScope(scope, chat), 3);
  await turns.listMarks([first.id, retry.id, mintId('turn')]);
  await turns.findState(inScope(scope, retry.chat), retry.id);
  await turns.listStates([retry.id]);
  await turns.listGrown([
    { chat, after: 1 },
    { chat: mintId('chat'), after: 0 },
  ]);
  await stores.chats.listReach([chat]);
  await stores.chats.listByIds([chat]);
  await stores.chatChanges.announce([chat]);
  const after = new Date(Date.now() - 60_000);
  await stores.chatChanges.listAfter([{ scope, after }]);
  await stores.chatChanges.listAfter([{ scope: { ...scope, user: 'user 1' }, after }]);
  await stores.chatChanges.now();
  await turns.listAfter(inScope(scope, chat), 1, 10);
  await messages.list(inScope(scope, chat), { limit: 10, order: 'asc' });
}

async function exerciseRepeats(stores: Stores, scope: Scope): Promise<void> {
  const { chats, turns } = stores;
  const idempotency = { key: mintId('request'), body: 'body' };
  const fields = { agent: mintId('agent'), agentType: 'support' };
  await chats.createOnce(scope, fields, idempotency);
  await chats.createOnce(scope, fields, idempotency);
  await chats.findByIdempotencyKey(scope, idempotency.key);
  const chat = await newChat(stores, scope);
  // So many turns that a scan of the chat for this key would be noticed.
  for (let sequence = 1; sequence <= 20; sequence++)
    await turns.insert(inScope(scope, chat), newTurn(chat, sequence));
  await turns.insert(inScope(scope, chat), newTurn(chat, 21, { idempotency }));
  await turns.insert(inScope(scope, chat), newTurn(chat, 22, { idempotency }));
  await turns.findByIdempotencyKey(inScope(scope, chat), idempotency.key);
}

async function exerciseLog(stores: Stores, { team }: Scope): Promise<void> {
  const { turnLog } = stores;
  const turn = mintId('turn');
  const batch = { turn, team, attempt: 1, to: 5, text: 'piece' };
  await turnLog.append([batch]);
  await turnLog.append([batch, { ...batch, to: 10 }]);
  await turnLog.read({ team }, turn, 1, 0);
  await turnLog.remove({ team }, turn);
}

async function exerciseSearch(stores: Stores, scope: Scope): Promise<void> {
  const { search } = stores;
  const chat = await newChat(stores, scope);
  const turns = [1, 2].map((sequence) =>
    newTurn(chat, sequence, { content: `findable question ${sequence}` }),
  );
  for (const turn of turns) {
    await endTurn(stores, scope, turn, { status: 'completed', answer: 'findable reply' });
  }
  await search.add(turns.map(({ id }) => id));
  await search.find(scope, 'findable', { limit: 1 });
  await search.find(scope, 'findable repl', { limit: 1 });
  await search.find({ ...scope, user: 'ann' }, 'findable repl', { limit: 1, after: mintId('turn') });
}

async function exerciseFeedback(stores: Stores, scope: Scope): Promise<void> {
  const { feedback, transfer, usage } = stores;
  const chat = await newChat(stores, scope);
  const access = inScope(scope, chat);
  const ratings = { up: { rating: 'up' }, down: { rating: 'down', comment: 'Too long.' } } as const;
  for (let sequence = 1; sequence <= 5; sequence++) {
    const { answerId } = await endedTurn(stores, scope, chat, sequence);
    await feedback.set(access, answerId, ratings.up);
    await feedback.set(access, answerId, ratings.down);
    await feedback.listOwn(access, [answerId]);
    if (sequence === 5) await feedback.remove(access, answerId);
  }
  const [first] = await transfer.listFeedback(scope, chat, 1);
  if (!first) throw new Error('there is no feedback');
  await transfer.listFeedback(scope, chat, 2, first);
  await transfer.addFeedback(scope, { id: mintId('chat'), agentId: mintId('agent') }, [first]);
  const query = { from: '2026-11-01', to: '2999-01-01', groupBy: 'agentVersion' } as const;
  await usage.list(scope, query, { limit: 10 });
  await usage.list({ ...scope, agents: [mintId('agent')] }, query, {
    limit: 10,
    after: `${mintId('agent')} 1`,
  });
}

async function exerciseFiles({ files, chats, turns }: Stores, scope: Scope): Promise<void> {
  const owner = { ...scope, user: 'user 1' };
  const idempotency = { key: mintId('request'), body: 'body' };
  const upload = async (bytes: number) => {
    const id = await files.begin(owner, 'notes.txt');
    await files.write(id, Readable.from([Buffer.alloc(bytes)]));
    return id;
  };
  const finished = { mediaType: 'text/plain', bytes: 300_000, idempotency };
  const [id, replayed, unfinished] = [await upload(300_000), await upload(1), await upload(1)];
  await files.finish(owner, id, finished, 300_000);
  await files.finish(owner, replayed, finished, Number.MAX_SAFE_INTEGER);
  await files.findByIdempotencyKey(owner, idempotency.key);
  await files.find(owner, id);
  await files.read({ id }).toArray();
  await files.storage(scope);
  await files.discard(owner, replayed);
  await files.remove(owner, id);
  await files.remove(owner, id);
  await files.discard(owner, unfinished);
  await upload(1);
  await files.list(owner, [id]);
  await files.countUnsent(owner, 10);
  const { id: chat } = await chats.create(scope, {
    ...{ agent: mintId('agent'), agentType: 'support', user: owner.user },
  });
  const access = await chats.find(scope, chat);
  if (!access) throw new Error('the new chat is missing');
  const [sent, unnamed] = [await upload(1), await upload(1)];
  for (const file of [sent, unnamed])
    await files.finish(owner, file, { mediaType: 'text/plain', bytes: 1 }, Number.MAX_SAFE_INTEGER);
  await files.claim(access, [sent, unnamed]);
  await files.claim(access, [mintId('file')]);
  const named = { id: sent, filename: 'notes.txt', mediaType: 'text/plain', bytes: 1 };
  await turns.insert(access, newTurn(chat, 1, { content: '', files: [named] }));
  await files.release(access, [sent]);
  for (const days of [2, 3]) await files.sweep(new Date(Date.now() + days * 24 * 60 * 60 * 1_000), 10);
}

async function exerciseUsage(stores: Stores, scope: Scope): Promise<void> {
  const { turns, usage, budgets, chats } = stores;
  const subject = { ...scope, user: 'user 1' };
  const reservation = { subject: `team/${scope.team}`, day: '2026-11-25', tokens: 10 };
  await budgets.reserve(scope, reservation, 5);
  await budgets.reserve(scope, reservation, 5);
  const spender = { key: mintId('key'), user: 'user 1' };
  const account = { agent: mintId('agent'), user: 'user 1', day: '2026-11-25' };
  const used = { attempt: 1, model: 'm', calls: 1, inputTokens: 5, outputTokens: 6 };
  const chat = await newChat(stores, scope);
  const counted = newTurn(chat, 1, { spender, reservations: [reservation] });
  await endTurn(stores, scope, counted, { status: 'completed', answer: 'a', usage: [used], account });
  await usage.listUncounted(10);
  await usage.listUncounted(10, mintId('turn'));
  await usage.count([counted.id]);
  await usage.count([counted.id]);
  await usage.add(scope, {
    turn: mintId('turn'),
    spender,
    reservations: [reservation],
    account,
    usage: [used],
  });
  const uncounted = newTurn(chat, 2, { spender, reservations: [reservation] });
  await endTurn(stores, scope, uncounted, { status: 'completed', answer: 'a', usage: [used], account });
  const running = newTurn(chat, 3, { spender, lease: leaseOf('r'), reservations: [reservation] });
  await turns.insert(inScope(scope, running.chat), running);
  await turns.countUnfinished(scope, 5);
  await turns.countUnfinished(subject, 5);
  await turns.countFromNetwork('a network', 'generating', 5);
  await turns.countFromNetwork('a network', 'unfinished', 5);
  await turns.raiseAttempt(scope, running.id, 'r', 2);
  await turns.saveWait(scope, running.id, 'r', { attempt: 2, until: new Date() });
  await turns.release(scope, running.id, 'r', [used]);
  await chats.markDeleted(scope, chat);
  await chats.purge(chat);
  await budgets.giveBack(scope, [reservation]);
  for (const groupBy of ['day', 'user'] as const) {
    const query = { from: '2026-11-01', to: '2026-11-30', groupBy };
    await usage.list({ ...scope, agents: [account.agent] }, query, { limit: 10, after: '2026-11-02' });
    await usage.list(scope, query, { limit: 10 });
  }
}

async function exerciseTransfer({ transfer }: Stores, { team }: Scope): Promise<void> {
  const scope = { team };
  const [agent] = await transfer.listAgents(scope, 10);
  await transfer.listAgents(scope, 10, mintId('agent'));
  const [chat] = await transfer.listChats(scope, 10);
  await transfer.listChats({ team, user: 'user 1' }, 10, mintId('chat'));
  const { turns } = await transfer.listTurns(scope, chat?.id ?? mintId('chat'), 10, 0);
  const [row] = await transfer.listUsage(scope, 10);
  await transfer.listUsage(scope, 10, { id: 'x', day: '2026-11-25' });
  if (!agent || !chat || !row) throw new Error('there is nothing to be exported');
  await transfer.addAgent(scope, agent);
  await transfer.addAgent(scope, { ...agent, id: mintId('agent') });
  await transfer.checkChatId(scope, chat.id);
  await transfer.addTurns(scope, chat.id, turns);
  await transfer.addTurns(scope, mintId('chat'), [
    { ...endedTransfer, id: mintId('turn'), answerId: mintId('message') },
  ]);
  await transfer.addChat(scope, chat, NO_MARKS);
  await transfer.addUsage(scope, row);
}

const endedTransfer = {
  type: 'turn',
  sequence: 1,
  status: 'stopped',
  takeovers: 0,
  attempts: 0,
  messages: [],
  usage: [],
  textBytes: 0,
  createdAt: '2026-11-25T00:00:00.000Z',
  endedAt: '2026-11-25T00:00:00.000Z',
} satisfies Omit<TransferTurn, 'id' | 'answerId'>;

/** Concurrent calls, which share commands. */
async function exerciseBatches(stores: Stores, scope: Scope): Promise<void> {
  const { chats, turns } = stores;
  const other = newScope();
  const scopes = [scope, scope, other];
  const ids = await Promise.all(scopes.map((one) => newChat(stores, one)));
  const owned = ids.map((chat, index) => ({ chat, owner: scopes[index] ?? scope }));
  const first = owned.map(({ chat, owner }) => ({ owner, turn: newTurn(chat, 1, { lease: leaseOf('t') }) }));
  const insertAll = () => first.map(({ owner, turn }) => turns.insert(inScope(owner, turn.chat), turn));
  await Promise.all([...insertAll(), ...insertAll()]);
  const end = { status: 'failed', errorCode: 'model_failed', textBytes: 1 } as const;
  const endAll = () => first.map(({ owner, turn }) => turns.end(owner, turn.id, 't', end));
  await Promise.all(endAll());
  await Promise.all(endAll());
  await Promise.all(owned.map(({ chat, owner }) => turns.readRunContext(owner, chat, 2, 1_000)));
  await Promise.all(owned.map(({ chat, owner }) => chats.find(owner, chat)));
}
