import type { KeyList, MessageList } from '@parley/contract';
import { expect, test } from 'vitest';
import { startBed, type Visit } from './support/bed.ts';
import { paceAnswer } from './support/paced-answer.ts';
import { visitorOf } from './support/seed.ts';

/* Access is withdrawn while an answer is written: what the person sees, and how it goes on. */

const { visit, team, model, mongo, pageKey, url } = await startBed({
  streamTimes: { checkEveryMs: 100, firstCheckMs: 50 },
});
const PIECES = ['The first part', ', the second', ' and the third', ', and the end.'];

/** Records every text of the newest answer that the page shows. */
async function recordAnswers({ page }: Visit): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const shown: string[] = [];
    (window as unknown as { shownAnswers: string[] }).shownAnswers = shown;
    new MutationObserver(() => {
      const answers = document.querySelectorAll<HTMLElement>('[data-kind="answer"] .markdown');
      shown.push([...answers].at(-1)?.innerText.trim() ?? '');
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as unknown as { shownAnswers: string[] }).shownAnswers);
}

/** Begins a chat whose answer has shown its first piece. */
async function beginAnswer(own: Visit, question: string) {
  const answer = paceAnswer(model, question, PIECES);
  await own.screen.begin(question);
  await own.screen.untilAnswer(answer.next());
  return answer;
}

test('an answer continues exactly where it was after its signing secret was revoked', async () => {
  const own = await visit();
  const { screen, watch } = own;
  watch.expectProblem(/status of 401/);
  const answer = await beginAnswer(own, 'Revoked secret');
  const shown = await recordAnswers(own);
  const sessions = () => watch.requests.filter((request) => request.endsWith('/web/session')).length;
  const before = sessions();
  const store = mongo.database.stores.signingSecrets;
  for (const { id } of await store.list({ team: team.id })) await store.revoke({ team: team.id }, id);
  await expect.poll(sessions).toBeGreaterThan(before);
  await screen.untilAnswer(answer.next());
  const whole = answer.finish();
  await screen.untilAnswer(whole, 'completed');
  expect((await shown()).filter((text) => !whole.startsWith(text))).toEqual([]);
  expect(model.calls().filter(({ message }) => message === 'Revoked secret')).toHaveLength(1);
});

test('a visitor who is signed out during an answer is a new one, who sees nothing of the former one', async () => {
  const own = await visit();
  own.watch.expectProblem(/status of 40[14]/);
  const answer = await beginAnswer(own, 'Signed out');
  const user = await visitorOf(own.context, url);
  expect((await team.rest('POST', `/user/${user}/sign-out`)).status).toBe(200);
  await own.page.getByText('This chat doesn’t exist').waitFor();
  answer.finish();
  await expect.poll(() => own.screen.titles()).toEqual([]);
  expect(await own.page.getByText(PIECES[0] ?? '').count()).toBe(0);
  await own.page.getByRole('main').getByRole('button', { name: 'New chat' }).click();
  await own.screen.begin('As somebody new');
  await own.screen.untilAnswer('You said: As somebody new', 'completed');
  expect(await own.screen.titles()).toEqual(['As somebody new']);
  expect(await visitorOf(own.context, url)).not.toBe(user);
});

test('a visitor who is blocked during an answer keeps its text, and goes on when the block is lifted', async () => {
  const own = await visit();
  const { screen, watch } = own;
  watch.expectProblem(/status of 403/);
  const answer = await beginAnswer(own, 'Blocked');
  const user = await visitorOf(own.context, url);
  expect((await team.rest('PUT', `/user/${user}/block`)).status).toBe(200);
  await own.page.getByText('You can’t use this chat').waitFor();
  await screen.untilAnswer(PIECES[0] ?? '');
  // The page may lose its access before it is told of the end.
  const newestStatus = async () => {
    const { body } = await team.rest<MessageList>('GET', `/chat/${screen.chatId}/message`);
    return body.messages.at(-1)?.status;
  };
  await expect.poll(newestStatus).toBe('stopped');
  answer.finish();
  expect((await team.rest('DELETE', `/user/${user}/block`)).status).toBe(204);
  // The page tries again at growing intervals; a reload tries at once.
  await own.page.reload();
  await screen.untilAnswer(PIECES[0] ?? '', 'stopped');
  await screen.send('Back again');
  await screen.untilAnswer('You said: Back again', 'completed');
  expect(await own.page.getByText('You can’t use this chat').count()).toBe(0);
});

test('a page whose key is revoked during an answer keeps the text and says that the session has ended', async () => {
  const own = await visit();
  const { screen, watch } = own;
  watch.expectProblem(/status of (?:401|503)/);
  const answer = await beginAnswer(own, 'Revoked key');
  const { body } = await team.rest<KeyList>('GET', '/key');
  const id = body.keys.find(({ visibleStart }) => pageKey.startsWith(visibleStart))?.id;
  expect((await team.rest('DELETE', `/key/${id}`)).status).toBe(204);
  await own.page.getByText('Your session has ended').waitFor();
  answer.finish();
  expect(await screen.newestAnswer()).toBe(PIECES[0]);
  const chat = await team.rest<MessageList>('GET', `/chat/${screen.chatId}/message`);
  expect(chat.body.messages.map(({ content }) => content)).toContain(PIECES.join(''));
});
