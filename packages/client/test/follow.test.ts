import { createGate, scripts } from '@parley/agent/testing';
import { mintId } from '@parley/contract';
import { describe, expect, test } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { type OpenChat, openClient } from './support/open-client.ts';
import { expectShowsList, isAtRest, linesOf } from './support/shown.ts';

/*
 * A followed chat must show its message list plus the text being written, even if its stream is interrupted
 * anywhere and others write to the chat.
 */

const BOUNDS = { bounds: { tickMs: 20 } };
const { makeTeam, model, mongo, startReplica, url } = await startHarness(BOUNDS);
const team = await makeTeam();
const newClient = (more = {}) => openClient({ url, apiKey: team.publishableKey, ...more });
const isLive = ({ connection, isLoading }: { connection: string; isLoading: boolean }) =>
  connection === 'live' && !isLoading;

const PIECES = ['Once ', 'upon 🙂', ' a\u2028time', '\r\n', 'there', ' was.'];

/** A model answer whose next piece is written on demand. */
function onDemand(content: string) {
  const gates = PIECES.map(() => createGate());
  model.replyTo(content, async (call) => {
    for (const [index, piece] of PIECES.entries()) {
      await gates[index]?.released;
      call.text(piece);
    }
    call.finish();
  });
  let next = 0;
  return { write: () => gates[next++]?.release(), isWritten: () => next >= PIECES.length };
}

/** The text of the newest answer after each change. */
function textsOf({ history }: OpenChat): string[] {
  const texts = history.map(
    ({ entries }) => entries.findLast(({ kind }) => kind === 'answer')?.content ?? '',
  );
  return texts.filter((text, index) => text !== texts[index - 1]);
}

function expectOnlyGrew(texts: readonly string[]): void {
  for (const [index, text] of texts.entries()) expect(text.startsWith(texts[index - 1] ?? '')).toBe(true);
}

describe('an interrupted stream', () => {
  test('a stream that is interrupted after every piece continues without loss or repetition', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    const { write, isWritten } = onDemand('cut after each');
    const open = client.open(chatId);
    await open.until(isLive);
    client.parley.outbox.send({ chatId, content: 'cut after each' });
    let text = '';
    for (const piece of PIECES) {
      write();
      text += piece;
      await open.until(({ entries }) => entries.at(-1)?.content === text);
      if (!isWritten()) client.line.cut();
    }
    const view = await open.until(isAtRest(2));
    await expectShowsList(team, chatId, view);
    expect(view.entries[1]?.content).toBe(PIECES.join(''));
    expectOnlyGrew(textsOf(open));
    const cursors = client.line.to('chat.follow').map(({ path }) => path.includes('lastEventId'));
    expect(cursors.slice(0, 2)).toEqual([false, true]);
    expect(cursors.length).toBeGreaterThan(PIECES.length - 1);
  });

  test('a stream that is interrupted after any number of bytes continues without loss or repetition', async () => {
    const sender = newClient();
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    const { write } = onDemand('cut anywhere');
    for (let piece = 0; piece < PIECES.length; piece++) write();
    const open = client.open(chatId);
    await open.until(isLive);
    // Inside events and between them, before the first and after the last.
    client.line.cutNextStreamsAfter(
      ...Array.from({ length: 100 }, (_, index) => 100 + ((index * 271) % 500)),
    );
    client.line.cut();
    sender.parley.outbox.send({ chatId, content: 'cut anywhere' });
    await expectShowsList(team, chatId, await open.until(isAtRest(2)));
    expectOnlyGrew(textsOf(open));
    expect(client.line.to('chat.follow').length).toBeGreaterThan(5);
    expect(client.line.to('message.list')).toHaveLength(1);
  });

  test('a stream continues without loss or repetition after the network was down during all events', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    await team.send(chatId, 'before');
    const open = client.open(chatId);
    await open.until(isAtRest(2));
    client.line.down();
    await open.until(({ connection }) => connection === 'reconnecting');
    for (const content of ['one', 'two']) await team.send(chatId, content);
    client.line.up();
    client.page.setOnline(false);
    client.page.setOnline(true);
    await expectShowsList(team, chatId, await open.until(isAtRest(6)));
    // The events came from the stream; the list was not read again.
    expect(client.line.to('message.list')).toHaveLength(1);
  });

  test('a stream continues without loss or repetition after its user token was withdrawn in the middle of the answer', async () => {
    const refused: (string | undefined)[] = [];
    const userToken = async (token?: string) => {
      refused.push(token);
      return team.userToken('withdrawn');
    };
    const client = newClient({ apiKey: await team.guestKey(), userToken });
    const { id: chatId } = await team.makeChat({ userId: 'withdrawn' });
    const { write, isWritten } = onDemand('withdrawn token');
    const open = client.open(chatId);
    await open.until(isLive);
    client.parley.outbox.send({ chatId, content: 'withdrawn token' });
    write();
    write();
    await open.until(({ entries }) => entries.at(-1)?.content === 'Once upon 🙂');
    const { signingSecrets } = mongo.database.stores;
    const scope = { team: team.id };
    for (const { id } of await signingSecrets.list(scope)) await signingSecrets.revoke(scope, id);
    await expect.poll(() => refused.length).toBeGreaterThan(1);
    while (!isWritten()) write();
    await expectShowsList(team, chatId, await open.until(isAtRest(2)));
    expectOnlyGrew(textsOf(open));
    expect(refused.slice(0, 2)).toEqual([undefined, expect.stringContaining('.')]);
  });

  test('a stream continues without loss or repetition after a reload in the middle of the answer', async () => {
    const before = newClient();
    const { id: chatId } = await team.makeChat();
    const { write, isWritten } = onDemand('reload me');
    const first = before.open(chatId);
    before.parley.outbox.send({ chatId, content: 'reload me' });
    write();
    write();
    await first.until(({ entries }) => entries.at(-1)?.content === 'Once upon 🙂');
    before.close();
    const after = openClient({ url, apiKey: team.publishableKey, storage: before.storage });
    const open = after.open(chatId);
    const view = await open.until(({ running }) => running?.content === 'Once upon 🙂');
    expect(view.running).toMatchObject({ status: 'generating' });
    while (!isWritten()) write();
    await expectShowsList(team, chatId, await open.until(isAtRest(2)));
    expectOnlyGrew(textsOf(open));
  });
});

test('an answer continues on another server when a server shuts down', async () => {
  const leaving = await startReplica(BOUNDS);
  const client = newClient();
  client.line.leadTo(leaving.url);
  const { id: chatId } = await team.makeChat();
  const { write, isWritten } = onDemand('moves on');
  const open = client.open(chatId);
  await open.until(isLive);
  await team.send(chatId, 'moves on', { body: { content: 'moves on', role: 'user', wait: false } });
  write();
  await open.until(({ running }) => running?.content === 'Once ');
  client.line.leadTo(url);
  await leaving.composition.close(0);
  while (!isWritten()) write();
  await expectShowsList(team, chatId, await open.until(isAtRest(2)));
  expectOnlyGrew(textsOf(open));
  expect(client.line.to('message.list')).toHaveLength(1);
});

test('the message list is read if the stream does not report an accepted message in time', async () => {
  const client = newClient({ timings: { reportMaxMs: 50 } });
  const { id: chatId } = await team.makeChat();
  const open = client.open(chatId);
  await open.until(isLive);
  client.line.mute(true);
  client.parley.outbox.send({ chatId, content: 'not reported' });
  await client.untilSend(chatId, (sends) => sends.length === 0);
  const { entries } = await open.until((view) =>
    view.entries.some(({ messageId }) => messageId !== undefined),
  );
  expect(entries[0]).toMatchObject({ content: 'not reported' });
  expect(client.line.to('message.list').length).toBeGreaterThan(1);
});

test('two clients that write to one chat end with equal transcripts', async () => {
  const { id: chatId } = await team.makeChat();
  const clients = [newClient(), newClient()];
  const open = clients.map((client) => client.open(chatId));
  for (const [index, client] of clients.entries()) {
    for (const word of ['same', 'same', `own ${index}`]) client.parley.outbox.send({ chatId, content: word });
    if (index === 0) client.line.loseAnswer('message.create');
  }
  const views = await Promise.all(open.map((one) => one.until(isAtRest(12))));
  for (const view of views) await expectShowsList(team, chatId, view);
  for (const { history } of open) {
    for (const { entries } of history) {
      expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length);
      expect(entries.filter(({ kind }) => kind === 'user').length).toBeLessThanOrEqual(6);
    }
  }
});

describe('an answer', () => {
  test('an answer keeps its text when it is stopped, and later messages are answered', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    model.replyTo('never ends', scripts.neverEnding('kept ', 'this'));
    const open = client.open(chatId);
    client.parley.outbox.send({ chatId, content: 'never ends' });
    client.parley.outbox.send({ chatId, content: 'next' });
    const { running } = await open.until(({ running: now }) => now?.content === 'kept this');
    await open.chat.stop(running?.messageId ?? '');
    const view = await open.until(isAtRest(4));
    expect(view.entries[1]).toMatchObject({ status: 'stopped', content: 'kept this' });
    await expectShowsList(team, chatId, view);
  });

  test('an answer is not shown if it is stopped before its first word', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    const gate = model.hold();
    const open = client.open(chatId);
    client.parley.outbox.send({ chatId, content: 'say nothing' });
    const { running } = await open.until(
      (view) => view.running !== undefined && !view.entries[0]?.key.includes('?'),
    );
    await open.chat.stop(running?.messageId ?? '');
    gate.release();
    await expectShowsList(team, chatId, await open.until(isAtRest(1)));
  });

  test('an answer is retried exactly once, even if the first retry request fails', async () => {
    const client = newClient();
    const { chatId, messageId } = await team.failed();
    const open = client.open(chatId);
    const failed = await open.until(isAtRest(2));
    expect(failed.entries[1]).toMatchObject({ messageId, status: 'failed', errorCode: 'model_key_refused' });
    client.line.loseAnswer('message.retry');
    const [calls] = [model.calls().length];
    await Promise.all([open.chat.retry(messageId), open.chat.retry(messageId)]);
    const view = await open.until(({ entries, running }) => entries[1]?.messageId !== messageId && !running);
    await expectShowsList(team, chatId, view);
    expect(view.entries[0]).toBe(failed.entries[0]);
    expect(model.calls()).toHaveLength(calls + 1);
    expect(
      new Set(client.line.to('message.retry').map(({ headers }) => headers.get('idempotency-key'))).size,
    ).toBe(1);
    await expect(open.chat.retry(messageId)).rejects.toMatchObject({
      name: 'ParleyError',
      code: 'not_retryable',
    });
  });
});

describe('a chat', () => {
  test('a chat reports that it was deleted elsewhere', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    model.replyTo('unfinished', scripts.neverEnding('so far'));
    const open = client.open(chatId);
    client.parley.outbox.send({ chatId, content: 'unfinished' });
    await open.until(({ running }) => running?.content === 'so far');
    await team.trpc.chat.delete.mutate({ chatId });
    const view = await open.until(({ isDeleted }) => isDeleted);
    expect(view.running).toBeUndefined();
    expect(linesOf(view)).toEqual(['user: unfinished', 'answer: so far']);
    expect((await open.until(({ connection }) => connection === 'paused')).error).toBeUndefined();
  });

  test('a chat reports that it was deleted while the network was down', async () => {
    const client = newClient();
    const { chatId } = await team.answered();
    const open = client.open(chatId);
    await open.until(isAtRest(2));
    client.line.down();
    await team.trpc.chat.delete.mutate({ chatId });
    client.line.up();
    await open.until(({ isDeleted }) => isDeleted);
  });

  test('a chat that never existed reports an error', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    await team.trpc.chat.delete.mutate({ chatId });
    const view = await client.open(chatId).until(({ error }) => error !== undefined);
    expect(view).toMatchObject({ isLoading: false, isDeleted: false, error: { code: 'chat_not_found' } });
  });

  test('a chat loads older messages page by page and shows each once', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    for (let index = 0; index < 60; index++) await team.send(chatId, `message ${index}`);
    const open = client.open(chatId);
    const first = await open.until(({ isLoading }) => !isLoading);
    expect(first).toMatchObject({ hasOlder: true, entries: { length: 50 } });
    const older = [open.chat.loadOlder(), open.chat.loadOlder()];
    expect((await open.until(({ isLoadingOlder }) => isLoadingOlder)).entries).toHaveLength(50);
    await Promise.all(older);
    await open.until(({ entries, isLoadingOlder }) => entries.length === 100 && !isLoadingOlder);
    await open.chat.loadOlder();
    const all = await open.until(({ hasOlder }) => !hasOlder);
    await expectShowsList(team, chatId, all);
    expect(all.entries.slice(-50)).toEqual(first.entries);
    for (const [index, entry] of first.entries.entries()) expect(all.entries[70 + index]).toBe(entry);
    await open.chat.loadOlder();
  });

  test('a chat loads back to a message and then contains everything behind it', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    for (let index = 0; index < 60; index++) await team.send(chatId, `message ${index}`);
    const { messages } = await team.trpc.message.list.query({ chatId });
    const open = client.open(chatId);
    await open.until(({ isLoading }) => !isLoading);
    const ask = (index: number) => open.chat.loadBackTo(messages[index]?.id ?? '');
    expect(await ask(119)).toBe(true);
    expect(client.line.to('message.list')).toHaveLength(1);
    // A question and an answer, from the page that is loading meanwhile.
    expect(await Promise.all([open.chat.loadOlder(), ask(60), ask(61)])).toEqual([undefined, true, true]);
    expect(client.line.to('message.list')).toHaveLength(2);
    expect(await ask(0)).toBe(true);
    expect(client.line.to('message.list')).toHaveLength(3);
    await expectShowsList(team, chatId, await open.until(({ entries }) => entries.length === 120));
  });

  test('a chat does not load back to a message that it does not show', async () => {
    const client = newClient();
    const { id: chatId } = await team.makeChat();
    for (let index = 0; index < 30; index++) await team.send(chatId, `message ${index}`);
    const open = client.open(chatId);
    await open.until(({ isLoading }) => !isLoading);
    expect(await open.chat.loadBackTo(mintId('message'))).toBe(false);
    // Its id is newer than the oldest loaded message, so no older page can have it.
    expect(client.line.to('message.list')).toHaveLength(1);
    client.line.down();
    const loading = open.chat.loadBackTo('msg_0');
    await open.until(({ isLoadingOlder }) => isLoadingOlder);
    client.line.up();
    expect(await loading).toBe(false);
    await open.until(({ entries, hasOlder }) => entries.length === 60 && !hasOlder);
  });

  test('a chat is shown at once and continues when it is opened again', async () => {
    const client = newClient();
    const { chatId } = await team.answered();
    const open = client.open(chatId);
    const view = await open.until(isAtRest(2));
    open.leave();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(client.parley.chats.of(chatId).view().connection).toBe('paused');
    await team.send(chatId, 'meanwhile');
    const again = client.open(chatId);
    expect(again.history[0]?.entries).toEqual(view.entries);
    await expectShowsList(team, chatId, await again.until(isAtRest(4)));
    expect(client.line.to('message.list')).toHaveLength(1);
  });
});

test('a chat closes its stream while the page stays hidden, and continues when the page is shown', async () => {
  const client = newClient();
  const { id: chatId } = await team.makeChat();
  const { write, isWritten } = onDemand('hide and seek');
  const open = client.open(chatId);
  client.parley.outbox.send({ chatId, content: 'hide and seek' });
  write();
  await open.until(({ running }) => running?.content === 'Once ');
  client.page.setHidden(true);
  await open.until(({ connection }) => connection === 'paused');
  while (!isWritten()) write();
  const connections = client.line.to('chat.follow').length;
  client.page.setHidden(false);
  await expectShowsList(team, chatId, await open.until(isAtRest(2)));
  expect(client.line.to('chat.follow')).toHaveLength(connections + 1);
  expectOnlyGrew(textsOf(open));
  expect(client.line.to('message.list')).toHaveLength(1);
});

test('a chat loads its messages while the stream fails, and follows as soon as it works', async () => {
  const client = newClient();
  const { chatId } = await team.answered();
  for (let times = 0; times < 3; times++) {
    client.line.answer('chat.follow', () => new Response('no streams here', { status: 502 }));
  }
  const open = client.open(chatId);
  await open.until(({ entries }) => entries.length === 2);
  await open.until(isLive);
  await team.send(chatId, 'now');
  await expectShowsList(team, chatId, await open.until(isAtRest(4)));
});

test('a chat reports an invalid key', async () => {
  const client = openClient({ url, apiKey: 'pk_live_nobody' });
  const { id: chatId } = await team.makeChat();
  const view = await client.open(chatId).until(({ error }) => error !== undefined);
  expect(view.error?.code).toBe('unauthorized');
  expect(view.isLoading).toBe(false);
});
