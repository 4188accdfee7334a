import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

const { visit, model } = await startBed();

const CODE = 'const a = 1;\n\tif (a < 2) {\n    go("  ");\n}';
const ANSWER = `Here it is:\n\n\`\`\`js\n${CODE}\n\`\`\`\n\n- **done**`;

test.each([{ isPhone: false }, { isPhone: true }])('copies a question: %o', async (look) => {
  const { screen, page, context } = await visit(look);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await screen.begin('Copy **me**');
  await screen.untilAnswer('You said: Copy me', 'completed');
  const question = screen.conversation.locator('[data-kind="user"]');
  if (!look.isPhone) await question.hover();
  const copy = question.getByRole('button', { name: 'Copy', exact: true });
  await expect
    .poll(() => copy.evaluate((button) => getComputedStyle(button.parentElement as Element).opacity))
    .toBe('1');
  await copy.click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('Copy **me**');
});

test('copies an answer as markdown and a code block as code', async () => {
  model.replyTo('Show me', scripts.text(ANSWER));
  const { screen, page, context } = await visit();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await screen.begin('Show me');
  await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');

  await screen.answers.last().getByRole('button', { name: 'Copy code' }).click();
  await expect.poll(copied).toBe(CODE);
  await screen.answers.last().getByRole('button', { name: 'Copy', exact: true }).click();
  await expect.poll(copied).toBe(ANSWER);
});
