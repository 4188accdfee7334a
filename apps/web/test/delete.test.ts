import { expect, test } from 'vitest';
import { startBed, type Visit } from './support/bed.ts';

const { visit, team } = await startBed();

async function openChat(text: string): Promise<Visit & { chatId: string }> {
  const opened = await visit();
  const chatId = await opened.screen.begin(text);
  await opened.screen.untilAnswer(`You said: ${text}`, 'completed');
  await opened.screen.chatLink(text).waitFor();
  return { ...opened, chatId };
}

async function remove({ page }: Visit, title: string): Promise<void> {
  await page
    .getByRole('button', { name: `Options for ${title}` })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
}

const statusOf = async (chatId: string) => (await team.rest('GET', `/chat/${chatId}`)).status;

test('hides a deleted chat at once and shows it unchanged after an undo', async () => {
  const chat = await openChat('Keep me');
  const { screen, page } = chat;
  await remove(chat, 'Keep me');
  await expect.poll(() => screen.titles()).toEqual([]);
  expect(await statusOf(chat.chatId)).toBe(200);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => screen.titles()).toEqual(['Keep me']);
  await screen.untilAnswer('You said: Keep me', 'completed');
  await page.reload();
  await screen.untilAnswer('You said: Keep me', 'completed');
  await screen.send('Still here');
  await screen.untilAnswer('You said: Still here', 'completed');
});

/** Opens a chat in a page whose clock the test controls. */
async function openChatWithClock(text: string) {
  const chat = await openChat(text);
  await chat.page.clock.install();
  await chat.page.reload();
  await chat.screen.untilAnswer(`You said: ${text}`, 'completed');
  return chat;
}

test('deletes the chat after ten seconds', async () => {
  const chat = await openChatWithClock('Let me go');
  await remove(chat, 'Let me go');
  await chat.page.getByRole('button', { name: 'Undo' }).waitFor();
  await chat.page.mouse.move(0, 0);
  await chat.page.clock.fastForward(8_000);
  expect(await chat.page.getByRole('button', { name: 'Undo' }).count()).toBe(1);
  expect(await statusOf(chat.chatId)).toBe(200);
  await chat.page.clock.fastForward(2_000);
  await expect.poll(() => statusOf(chat.chatId)).toBe(404);
  await expect.poll(() => chat.page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
  await chat.page.reload();
  await chat.screen.message.waitFor();
  expect(await chat.screen.titles()).toEqual([]);
});

test.each(['the pointer', 'the focus'] as const)('the undo button waits while %s is on it', async (held) => {
  const chat = await openChatWithClock(`Wait for ${held}`);
  const { page, screen } = chat;
  await remove(chat, `Wait for ${held}`);
  const undo = page.getByRole('button', { name: 'Undo' });
  await (held === 'the pointer' ? undo.hover() : undo.focus());
  await page.clock.fastForward(60_000);
  expect(await undo.count()).toBe(1);
  expect(await statusOf(chat.chatId)).toBe(200);
  await (held === 'the pointer' ? page.mouse.move(0, 0) : screen.message.focus());
  await page.clock.fastForward(10_000);
  await expect.poll(() => statusOf(chat.chatId)).toBe(404);
});

test('deletes the chat if the page is left before that', async () => {
  const chat = await openChat('Leaving');
  await remove(chat, 'Leaving');
  await chat.page.getByRole('button', { name: 'Undo' }).waitFor();
  const left = performance.now();
  await chat.page.goto('about:blank');
  await expect.poll(() => statusOf(chat.chatId)).toBe(404);
  expect(performance.now() - left).toBeLessThan(4_000);
});

test('a chat is not deleted if the page is left after an undo', async () => {
  const chat = await openChat('Staying');
  await remove(chat, 'Staying');
  await chat.page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => chat.screen.titles()).toEqual(['Staying']);
  await chat.page.goto('about:blank');
  await chat.page.goto(`/c/${chat.chatId}`);
  await chat.screen.untilAnswer('You said: Staying', 'completed');
});

test('shows in another tab that the chat was deleted', async () => {
  const chat = await openChat('In two tabs');
  const other = await chat.openTab(`/c/${chat.chatId}`);
  await other.untilAnswer('You said: In two tabs', 'completed');
  await remove(chat, 'In two tabs');
  await chat.page.getByRole('button', { name: 'Undo' }).waitFor();
  await chat.page.goto('about:blank');
  await other.page.getByRole('heading', { name: 'This chat was deleted' }).waitFor();
});
