import { scripts } from '@parley/agent/testing';
import { expect, test } from 'vitest';
import { startBed } from './support/bed.ts';

const { visit, model } = await startBed();

const CODE = 'const a = 1;\n\tif (a < 2) {\n    go("  ");\n}';
const ANSWER = `Here it is:\n\n\`\`\`js\n${CODE}\n\`\`\`\n\n- **done**`;

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
