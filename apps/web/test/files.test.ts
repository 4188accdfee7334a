import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { violationsOf } from './axe/screens.ts';
import { startBed, type VisitOptions } from './support/bed.ts';
import { visitorOf } from './support/seed.ts';

/* Files in messages of users, which a key of the team has sent for them. */

const bed = await startBed();
const { visit, team, url } = bed;
const agent = await team.makeAgent({ name: 'Ada', accepts: ['text', 'image'] });

/** The smallest PNG that browsers show: one pixel. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const note = 'Grüße 🙂\n';

/** Opens a chat with a message that has an image and a text, and no words of its own. */
async function open(options: VisitOptions = {}) {
  const visiting = await visit(options);
  const { page, context } = visiting;
  await page.getByRole('textbox').first().waitFor();
  const chat = await team.makeChat({ agentId: agent.id, userId: await visitorOf(context, url) });
  const upload = async (filename: string, body: Buffer<ArrayBuffer>) => {
    const headers = { 'x-api-key': team.secretKey };
    const response = await fetch(`${url}/file?filename=${filename}`, { method: 'POST', headers, body });
    return ((await response.json()) as { readonly id: string }).id;
  };
  const files = [await upload('photo.png', pixel), await upload('note.md', Buffer.from(note))];
  const { body } = await team.rest<object>('POST', `/chat/${chat.id}/message`, {
    body: { role: 'user', content: '', files },
  });
  expect(body).toMatchObject({ role: 'assistant' });
  await page.goto(`/c/${chat.id}`);
  return visiting;
}

test('the page shows the image of a message and saves its other file by keyboard', async () => {
  const { screen, page } = await open();
  const message = screen.conversation.locator('[data-kind="user"]');
  const image = message.getByRole('img', { name: 'photo.png' });
  await image.waitFor();
  await expect.poll(() => image.evaluate((shown: HTMLImageElement) => shown.naturalWidth)).toBe(1);
  const download = page.waitForEvent('download');
  await message.getByRole('button', { name: 'Save note.md' }).focus();
  await page.keyboard.press('Enter');
  const saved = await download;
  expect(saved.suggestedFilename()).toBe('note.md');
  expect(await text(await saved.createReadStream())).toBe(note);
});

test('the page says that a file cannot be loaded, and saves it at the next attempt', async () => {
  const { screen, page, watch } = await open({ isPhone: true, isDark: true, locale: 'de-DE' });
  const message = screen.page.locator('[data-kind="user"]');
  const save = message.getByRole('button', { name: 'note.md speichern' });
  await save.waitFor();
  watch.expectProblem(/404/);
  await page.route('**/file/*/content', (route) =>
    route.fulfill({ status: 404, json: { code: 'file_not_found', message: 'gone' } }),
  );
  await save.click();
  await message.getByRole('alert').waitFor();
  await page.unroute('**/file/*/content');
  const download = page.waitForEvent('download');
  await save.click();
  await download;
  await expect.poll(() => message.getByRole('alert').count()).toBe(0);
});

test.for([
  { isPhone: false, isDark: false },
  { isPhone: true, isDark: true },
])('files of a message have no violations of accessibility rules: %o', async (look) => {
  const visiting = await open(look);
  await visiting.page.getByRole('img', { name: 'photo.png' }).waitFor();
  expect(await violationsOf(visiting)).toEqual([]);
});
