import { casesOfForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';
import { streamText } from './support/demo.ts';
import { EmbeddingPage, pageWithTag } from './support/embedding-page.ts';
import { startForeignSite } from './support/foreign-page.ts';
import { watchLongTasks } from './support/long-tasks.ts';

/** Texts that took the page down or stopped it for minutes, each in its own way. */
const TEXTS: Readonly<Record<string, string>> = {
  'deep quote': '>'.repeat(3_000),
  'deep quote of 1500': '>'.repeat(1_500),
  'deep quote of 1000': '>'.repeat(1_000),
  'deep quote of 600': '>'.repeat(600),
  'deep quote of 300': '>'.repeat(300),
  'list of stars': '* '.repeat(2_000),
  'list of numbers': '* 1. '.repeat(400),
  'open formulas': '\\[ x '.repeat(20_000),
  'long word': 'A'.repeat(60_000),
  brackets: '['.repeat(20_000),
  'nested emphasis': '*a _b '.repeat(2_000) + 'c_ d*'.repeat(2_000),
  'nested elements': '<sub>'.repeat(2_000) + '</sub>'.repeat(2_000),
  'long list': '- item with **bold** text and `code`\n'.repeat(1_500),
  'many paragraphs': 'Some *prose* with `code` and [links](https://example.com).\n\n'.repeat(800),
};
/** Generous for busy machines. The page that these texts stopped did not respond for minutes. */
const RESPONSE_MAX_MS = 15_000;

const bed = await startBed();

test.each(casesOfForm(Object.entries(TEXTS), 8))(
  'an answer does not stop the page while it grows: %s',
  async (name, text) => {
    const { screen, page } = await bed.visit();
    const after = 'The paragraph after it.';
    bed.model.replyTo(name, async (call) => {
      for (let at = 0; at < text.length; at += text.length / 60) {
        call.text(text.slice(Math.ceil(at), Math.ceil(at + text.length / 60)));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      call.text(`\n\n${after}`);
      call.finish();
    });
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
  bed.model.replyTo('Long', streamText(`${TEXTS['long list']}\n\n${code}`));
  await screen.begin('Long');
  await expect.poll(() => screen.answers.last().locator('li strong').count()).toBe(1_500);
  await expect.poll(() => screen.answers.last().locator('.hljs-keyword').count()).toBe(200);
  await page.reload();
  await expect.poll(() => screen.answers.last().locator('li strong').count()).toBe(1_500);
});

test.each(['>'.repeat(3_000), '['.repeat(20_000)])(
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

test('a hostile answer does not take the embedded chat down', async () => {
  const key = await bed.team.guestKey();
  const site = await startForeignSite({ '/': { html: pageWithTag(bed.url, { key }) } });
  const { page, watch } = await bed.visit({ path: 'about:blank' });
  watch.expectProblem(new RegExp(`^request to ${site.origin}`));
  await page.goto(site.origin);
  const at = new EmbeddingPage(page);
  await at.open();
  bed.model.replyTo('Deep', streamText(`${TEXTS['deep quote']}\n\n**After**`));
  await at.begin('Deep');
  await at.chat.answers.last().locator('strong').getByText('After').waitFor();
  await at.chat.message.fill('Still here');
});
