import { limits } from '@parley/contract';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import type { ChatScreen } from './support/chat-screen.ts';
import { paceAnswer } from './support/paced-answer.ts';
import { questionOf, seedLongChat } from './support/seed.ts';

/** With the message that the test sends and its answer, the chat almost reaches 10,000 messages. */
const TURNS = 4_990;
/** The limit for elements in the page, however long the chat is. */
const NODES_MAX = 700;
const WHEEL_PX = 400;

const bed = await startBed();

async function open(turns = TURNS) {
  const visit = await bed.visit();
  const chat = await seedLongChat(bed, visit, turns);
  await visit.page.goto(`/c/${chat.id}`);
  await visit.screen.conversation.getByText(questionOf(turns), { exact: true }).waitFor();
  const nodes = () => visit.page.evaluate(() => document.querySelectorAll('*').length);
  return { ...visit, chat, nodes };
}

/** The topmost visible question and its position. */
function topQuestion(screen: ChatScreen): Promise<{ text: string; top: number }> {
  return screen.conversation.evaluate((log) => {
    const { top } = log.getBoundingClientRect();
    for (const element of log.querySelectorAll<HTMLElement>('[data-kind="user"] p')) {
      const box = element.getBoundingClientRect();
      if (box.top >= top && element.innerText !== '') return { text: element.innerText, top: box.top };
    }
    return { text: '', top: Number.NaN };
  });
}

/** Returns the position of a question after it has not moved for some frames. */
function settledTop(screen: ChatScreen, text: string): Promise<number> {
  return screen.conversation.evaluate(async (log, wanted) => {
    const topNow = () => {
      const all = [...log.querySelectorAll<HTMLElement>('[data-kind="user"] p')];
      return all.find(({ textContent }) => textContent === wanted)?.getBoundingClientRect().top ?? Number.NaN;
    };
    let top = topNow();
    let stillFrames = 0;
    while (stillFrames < 8) {
      await new Promise(requestAnimationFrame);
      const now = topNow();
      stillFrames = Object.is(now, top) ? stillFrames + 1 : 0;
      top = now;
    }
    return top;
  }, text);
}

test('a chat of 10,000 messages opens at its end with few elements', async () => {
  const { screen, page, nodes, watch } = await open();
  expect(await nodes()).toBeLessThan(NODES_MAX);
  expect(await screen.conversation.getByText(questionOf(1), { exact: true }).count()).toBe(0);
  const end = await screen.conversation.evaluate(
    (element) => element.scrollHeight - element.scrollTop - element.clientHeight,
  );
  expect(end).toBeLessThan(5);
  const listed = watch.requests.filter((address) => address.includes('message.list'));
  expect(listed.length).toBeLessThanOrEqual(3);
  expect(await page.getByRole('button', { name: 'Jump to latest' }).count()).toBe(0);
});

test('messages can be sent in a chat of 10,000 messages', async () => {
  const { screen, nodes } = await open();
  const answer = paceAnswer(bed.model, 'And now?', ['At ', 'the ', 'end.']);
  await screen.message.pressSequentially('And now?');
  expect(await screen.message.inputValue()).toBe('And now?');
  await screen.message.press('Enter');
  answer.next();
  await screen.untilAnswer('At', 'generating');
  answer.next();
  await screen.untilAnswer('At the', 'generating');
  answer.finish();
  await screen.untilAnswer('At the end.', 'completed');
  expect(await nodes()).toBeLessThan(NODES_MAX);
});

test('scrolling up loads older messages without moving the visible ones', async () => {
  const { screen, page, nodes } = await open();
  await screen.conversation.hover();
  const moves: number[] = [];
  let oldest = TURNS;
  for (let step = 0; step < 42; step++) {
    const { text, top } = await topQuestion(screen);
    oldest = Number(/\d+/.exec(text)?.[0]);
    await page.mouse.wheel(0, -WHEEL_PX);
    moves.push(Math.round((await settledTop(screen, text)) - top));
    expect(await nodes()).toBeLessThan(NODES_MAX);
  }
  // The visible messages move exactly as far as the user scrolls.
  expect(moves.filter((move) => !(Math.abs(move - WHEEL_PX) <= 2))).toEqual([]);
  expect(oldest).toBeLessThan(TURNS - 60);
  await page.getByRole('button', { name: 'Jump to latest' }).click();
  await screen.conversation.getByText(questionOf(TURNS), { exact: true }).waitFor();
});

test('an answer scrolls the view only if the user is at the end', async () => {
  const { screen, page } = await open();
  const lines = Array.from({ length: 30 }, (_, index) => `Line ${index}.\n\n`);
  const answer = paceAnswer(bed.model, 'Many lines', lines);
  await screen.send('Many lines');
  for (let line = 0; line < 12; line++) answer.next();
  const at = (number: number) => screen.conversation.getByText(`Line ${number}.`, { exact: true });
  await at(11).waitFor();
  const distance = () =>
    screen.conversation.evaluate(
      (element) => element.scrollHeight - element.scrollTop - element.clientHeight,
    );
  await expect.poll(distance).toBeLessThan(5);

  await screen.conversation.hover();
  await page.mouse.wheel(0, -1_500);
  await page.getByRole('button', { name: 'Jump to latest' }).waitFor();
  const { text } = await topQuestion(screen);
  const before = await settledTop(screen, text);
  answer.finish();
  await screen.stopButton.waitFor({ state: 'detached' });
  expect(Math.abs((await settledTop(screen, text)) - before)).toBeLessThan(2);
  await page.getByRole('button', { name: 'Jump to latest' }).click();
  await at(29).waitFor();
});

test('a full chat explains that it is full and returns the text', async () => {
  const { screen, page, watch } = await open(limits.chatMessagesMax / 2);
  watch.expectProblem(/status of 409/);
  await screen.send('One more');
  await screen.conversation.getByText('This chat is full').waitFor();
  await page.getByRole('button', { name: 'Edit' }).click();
  expect(await screen.message.inputValue()).toBe('One more');
  expect(await screen.conversation.getByText('One more', { exact: true }).count()).toBe(0);
});
