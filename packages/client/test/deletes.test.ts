import { afterEach, expect, test, vi } from 'vitest';
import { startHarness } from '../../../apps/server/test/harness.ts';
import { openClient, type TestClient, when } from './support/open-client.ts';

const { makeTeam, url } = await startHarness();
const team = await makeTeam();
afterEach(() => void vi.useRealTimers());
const newClient = () => openClient({ url, apiKey: team.publishableKey });

const until = ({ parley }: TestClient, accepts: () => boolean) =>
  when(
    (listener) => parley.deletes.subscribe(listener),
    accepts,
    (value) => value,
  );
const isThere = async (chatId: string) => (await team.rest('GET', `/chat/${chatId}`)).status === 200;

test('hides a chat at once and deletes it later', async () => {
  const client = newClient();
  const { id } = await team.makeChat();
  const { deletes } = client.parley;
  deletes.schedule(id, 50);
  expect(deletes).toSatisfy(() => deletes.isHidden(id) && deletes.isPending(id));
  expect(await isThere(id)).toBe(true);
  await until(client, () => !deletes.isPending(id));
  expect(deletes.isHidden(id)).toBe(true);
  expect(deletes.undo(id)).toBe(false);
  await expect.poll(() => isThere(id)).toBe(false);
  expect(deletes.pending()).toEqual([]);
});

test('a chat whose delete was undone in time is not deleted', async () => {
  const client = newClient();
  const { id } = await team.makeChat();
  const { deletes } = client.parley;
  deletes.schedule(id);
  expect(deletes.pending()).toEqual([id]);
  expect(deletes.undo(id)).toBe(true);
  expect(deletes.isHidden(id)).toBe(false);
  client.page.leave();
  expect(client.line.to('chat.delete')).toEqual([]);
  // Wait until the time of the undone delete has passed.
  const { id: other } = await team.makeChat();
  deletes.schedule(id, 20);
  deletes.undo(id);
  deletes.schedule(other, 40);
  await expect.poll(() => isThere(other)).toBe(false);
  expect(client.line.to('chat.delete')).toHaveLength(1);
  expect(await isThere(id)).toBe(true);
});

test('a paused delete waits, and continues with the time it had left', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { deletes } = newClient().parley;
  deletes.schedule('chat_paused', 1_000);
  vi.advanceTimersByTime(900);
  const resumeFirst = deletes.pause();
  const resumeSecond = deletes.pause();
  deletes.schedule('chat_scheduled_while_paused', 1_000);
  vi.advanceTimersByTime(60_000);
  resumeFirst();
  resumeFirst();
  vi.advanceTimersByTime(60_000);
  expect(deletes.pending()).toEqual(['chat_paused', 'chat_scheduled_while_paused']);
  resumeSecond();
  vi.advanceTimersByTime(99);
  expect(deletes.pending()).toEqual(['chat_paused', 'chat_scheduled_while_paused']);
  vi.advanceTimersByTime(1);
  expect(deletes.pending()).toEqual(['chat_scheduled_while_paused']);
  vi.advanceTimersByTime(900);
  expect(deletes.pending()).toEqual([]);
});

test('a paused delete is executed when the page is left', async () => {
  const client = newClient();
  const { id } = await team.makeChat();
  client.parley.deletes.schedule(id);
  client.parley.deletes.pause();
  client.page.leave();
  await expect.poll(() => isThere(id)).toBe(false);
});

test('scheduled deletes are executed in keepalive requests when the page is left', async () => {
  const client = newClient();
  const chats = await Promise.all([team.makeChat(), team.makeChat()]);
  for (const { id } of chats) client.parley.deletes.schedule(id);
  client.page.leave();
  for (const { id } of chats) await expect.poll(() => isThere(id)).toBe(false);
  expect(client.line.to('chat.delete').map(({ init }) => init.keepalive)).toEqual([true, true]);
});

test('treats a chat that is already deleted as deleted', async () => {
  const client = newClient();
  const { id } = await team.makeChat();
  await team.trpc.chat.delete.mutate({ chatId: id });
  client.parley.deletes.schedule(id, 0);
  await until(client, () => !client.parley.deletes.isPending(id));
  await expect.poll(() => client.line.to('chat.delete').length).toBe(1);
  expect(client.parley.deletes.errors().size).toBe(0);
});

test('shows the chat again and reports the error if the delete fails', async () => {
  const client = openClient({ url, apiKey: 'pk_live_nobody' });
  const { id } = await team.makeChat();
  const { deletes } = client.parley;
  deletes.schedule(id, 0);
  await until(client, () => deletes.errors().size > 0);
  expect(deletes.errors().get(id)).toMatchObject({ code: 'unauthorized' });
  expect(deletes.isHidden(id)).toBe(false);
  deletes.schedule(id);
  expect(deletes.errors().size).toBe(0);
  deletes.undo(id);
});
