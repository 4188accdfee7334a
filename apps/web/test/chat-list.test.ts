import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { seedChat } from './support/seed.ts';

const bed = await startBed();
const { visit, team } = bed;

test('shows the first words of a chat as its title until it is renamed', async () => {
  const { screen, page } = await visit();
  const chatId = await screen.begin('Which rivers flow through Vienna?');
  await screen.untilAnswer('You said: Which rivers flow through Vienna?', 'completed');
  await expect.poll(() => screen.titles()).toEqual(['Which rivers flow through Vienna?']);

  await page.getByRole('button', { name: 'Options for Which rivers' }).first().click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  const name = page.getByRole('textbox', { name: 'Chat name' });
  await expect.poll(() => name.inputValue()).toBe('Which rivers flow through Vienna?');
  await name.fill('Rivers');
  await name.press('Enter');
  await name.waitFor({ state: 'detached' });
  await expect.poll(() => screen.titles()).toEqual(['Rivers']);
  await page.getByRole('heading', { name: 'Rivers', exact: true }).waitFor();
  await expect.poll(() => page.title()).toContain('Rivers');
  const { body } = await team.rest<{ title: string }>('GET', `/chat/${chatId}`);
  expect(body.title).toBe('Rivers');
  await page.reload();
  await expect.poll(() => screen.titles()).toEqual(['Rivers']);
});

test('rejects an empty or too long title, and keeps the old one on Escape', async () => {
  const one = await visit();
  const { screen, page } = one;
  await seedChat(bed, one, 'Old name');
  await page.reload();
  await screen.chatLink('Old name').click();
  await page.getByRole('button', { name: 'Options for Old name' }).first().click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  const name = page.getByRole('textbox', { name: 'Chat name' });
  const rename = page.getByRole('button', { name: 'Rename' });
  await name.fill('x'.repeat(201));
  await page.getByText(/up to 200 characters/).waitFor();
  expect(await rename.isDisabled()).toBe(true);
  await name.fill('   ');
  expect(await rename.isDisabled()).toBe(true);
  await name.press('Escape');
  await name.waitFor({ state: 'detached' });
  expect(await screen.titles()).toEqual(['Old name']);
});

test('loads more chats while scrolling, newest first', async () => {
  const one = await visit();
  const { screen, page } = one;
  for (let number = 1; number <= 70; number++) await seedChat(bed, one, `Chat number ${number}`);
  await page.reload();
  await screen.chatLink('Chat number 70').waitFor();
  expect((await screen.titles())[0]).toBe('Chat number 70');
  expect((await screen.titles()).length).toBeLessThan(70);
  await expect
    .poll(async () => {
      await screen.chats.getByRole('link').last().scrollIntoViewIfNeeded();
      return screen.chats.getByRole('link', { name: 'Chat number 1', exact: true }).count();
    })
    .toBeGreaterThan(0);
  expect(await screen.titles()).toEqual(
    Array.from({ length: 70 }, (_, index) => `Chat number ${70 - index}`),
  );
});
