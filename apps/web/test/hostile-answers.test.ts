import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { streamText } from './support/demo.ts';
import { EmbeddingPage, pageWithTag } from './support/embedding-page.ts';
import { startForeignSite } from './support/foreign-page.ts';
import { HOSTILE_TEXTS, streamInPieces } from './support/hostile-texts.ts';
import { watchLongTasks } from './support/long-tasks.ts';

/** Generous for busy machines. The page that these texts stopped did not respond for minutes. */
const RESPONSE_MAX_MS = 15_000;

const bed = await startBed();

test.each(casesOfForm(Object.entries(HOSTILE_TEXTS), 16))(
  'an answer does not stop the page while it grows: %s',
  async (name, text) => {
    const { screen, page } = await bed.visit();
    const after = 'The paragraph after it.';
    bed.model.replyTo(name, streamInPieces(`${text}\n\n${after}`));
    await screen.message.waitFor();
    const tasks = await watchLongTasks(page);
    await screen.begin(name);
    await screen.answers.last().waitFor();
    await screen.message.pressSequentially('Still here', { timeout: RESPONSE_MAX_MS });
    await screen.answers.last().and(page.locator('[data-status="completed"]')).waitFor();
    await screen.answers.last().getByText(after).waitFor();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    process.stdout.write(`${name}: longest task ${Math.round(await tasks.longestMs())} ms\n`);

    await page.reload();
    await screen.answers.last().getByText(after).waitFor({ timeout: RESPONSE_MAX_MS });
    expect(await screen.message.inputValue()).toBe('Still here');
    await screen.message.fill('And after a reload', { timeout: RESPONSE_MAX_MS });
  },
);

test('a long list and long code are formatted, in the worker', async () => {
  const { screen, page } = await bed.visit();
  const code = `\`\`\`js\n${'const sum = a + b; // adds\n'.repeat(200)}\`\`\``;
  bed.model.replyTo('Long', streamText(`${HOSTILE_TEXTS['long list']}\n\n${code}`));
  await screen.begin('Long');
  await expect.poll(() => screen.answers.last().locator('li strong').count()).toBe(1_500);
  await expect.poll(() => screen.answers.last().locator('.hljs-keyword').count()).toBe(200);
  await page.reload();
  await expect.poll(() => screen.answers.last().locator('li strong').count()).toBe(1_500);
});

test.each(casesOfForm(['>'.repeat(3_000), '['.repeat(20_000)], 2))(
  'a hostile text of a user is shown: %.3s',
  async (text) => {
    const { screen } = await bed.visit();
    bed.model.replyTo(text, streamText('Thank you.'));
    await screen.begin(text);
    await screen.untilAnswer('Thank you.', 'completed');
    await screen.conversation.getByText(text.slice(0, 200)).first().waitFor({ timeout: RESPONSE_MAX_MS });
    await screen.message.fill('Still here');
  },
);

longTest('a hostile answer does not take the embedded chat down', async () => {
  const key = await bed.team.guestKey();
  const site = await startForeignSite({ '/': { html: pageWithTag(bed.url, { key }) } });
  const { page, watch } = await bed.visit({ path: 'about:blank' });
  watch.expectProblem(new RegExp(`^request to ${site.origin}`));
  await page.goto(site.origin);
  const at = new EmbeddingPage(page);
  await at.open();
  bed.model.replyTo('Deep', streamText(`${HOSTILE_TEXTS['deep quote']}\n\n**After**`));
  await at.begin('Deep');
  await at.chat.answers.last().locator('strong').getByText('After').waitFor();
  await at.chat.message.fill('Still here');
});
