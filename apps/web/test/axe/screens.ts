import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { createGate, scripts } from '@parley/agent/testing';
import { casesOfForm } from '@parley/embedded/testing/form';
import { expect, test } from 'vitest';
import { startBed, type Visit } from '../support/bed.ts';
import { demoChat, streamText } from '../support/demo.ts';
import { seedChat } from '../support/seed.ts';

/** Checks each screen of the app with axe, in both themes, on one kind of device. */
export async function checkScreens({ isPhone }: { readonly isPhone: boolean }): Promise<void> {
  const bed = await startBed();
  await bed.team.makeAgent({ name: 'Grace', type: 'support', description: 'Knows the orders.' });
  for (const { question, answer } of demoChat) bed.model.replyTo(question, streamText(answer));
  const looks: readonly Look[] = [
    { look: 'light', isDark: false, isPhone },
    { look: 'dark', isDark: true, isPhone },
  ];

  const screens: Record<string, (look: Look) => Promise<void>> = {
    'on the new chat page, empty, with text and with open menus': async (look) => {
      const visit = await bed.visit(look);
      const { page, screen } = visit;
      const agents = page.getByRole('button', { name: /^Agent:/ });
      await agents.waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await agents.click();
      await page.getByRole('menu').waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await page.keyboard.press('Escape');
      await screen.message.fill(`${'long '.repeat(6_300)}and more`);
      expect(await violationsOf(visit)).toEqual([]);
      await screen.message.fill('x'.repeat(32_001));
      await page
        .getByText(/too long/)
        .first()
        .waitFor();
      expect(await violationsOf(visit)).toEqual([]);
    },

    'in a conversation with rich, growing, stopped and failed answers': async (look) => {
      const visit = await bed.visit(look);
      const { page, screen } = visit;
      for (const [index, { question }] of demoChat.entries()) {
        if (index === 0) await screen.begin(question);
        else await screen.send(question);
        await expect.poll(() => screen.answers.count()).toBe(index + 1);
        await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
      }
      await screen.conversation.locator('.katex').first().waitFor({ state: 'attached' });
      expect(await violationsOf(visit)).toEqual([]);
      await screen.conversation.evaluate((log) => log.scrollTo(0, 0));
      expect(await violationsOf(visit)).toEqual([]);

      const cases = ['rtl', 'html-inline', 'footnotes', 'wide'].map((name) =>
        readFileSync(join(import.meta.dirname, '../support/markdown', `${name}.md`), 'utf8'),
      );
      bed.model.replyTo('All of it', streamText(cases.join('\n\n')));
      await screen.send('All of it');
      await screen.answers.last().locator('[data-footnote]').first().waitFor({ state: 'attached' });
      await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
      expect(await violationsOf(visit)).toEqual([]);

      const gate = createGate();
      bed.model.replyTo('Grow', streamText('## Half of it\n\nand the rest', { gate, from: 24 }));
      await screen.send('Grow');
      await screen.conversation.getByText('Half of it').waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await screen.stopButton.click();
      await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('stopped');
      gate.release();
      bed.model.replyTo('Fail', scripts.status(401));
      await screen.send('Fail');
      await screen.retryButton.waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await page
        .getByRole('button', { name: /^Options for/ })
        .last()
        .click();
      await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
      expect(await violationsOf(visit)).toEqual([]);
    },

    'in the chat list with its search, dialogs and toasts': async (look) => {
      const visit = await bed.visit(look);
      const { page, screen, context } = visit;
      visit.watch.expectProblem(/ERR_INTERNET_DISCONNECTED/);
      for (const title of ['A first chat', 'A second chat with a much longer name than fits into one line']) {
        await seedChat(bed, visit, title);
      }
      await page.reload();
      const list = async () => {
        if (look.isPhone) await page.getByRole('button', { name: 'Show chats' }).click();
        await screen.chatLink('A first chat').waitFor();
      };
      await list();
      expect(await violationsOf(visit)).toEqual([]);
      await screen.searchButton.click();
      await screen.found.first().waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await screen.searchBox.fill('second chat');
      await screen.found.locator('mark').first().waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await screen.searchBox.fill('nothing like it');
      await page.getByText(/Nothing matches/).waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await screen.searchBox.press('Escape');
      await screen.searchBox.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await page.getByRole('menuitem', { name: 'Keyboard shortcuts' }).click();
      await page.getByRole('dialog', { name: /shortcuts/i }).waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog', { name: /shortcuts/i }).waitFor({ state: 'detached' });

      await screen.chatLink('A first chat').click();
      await page.getByRole('button', { name: 'Options for A first chat' }).last().click();
      await page.getByRole('menuitem', { name: 'Rename' }).click();
      await page.getByRole('textbox', { name: 'Chat name' }).fill('x'.repeat(201));
      expect(await violationsOf(visit)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });

      await page.getByRole('button', { name: 'Options for A first chat' }).last().click();
      await page.getByRole('menuitem', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'Undo' }).waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.waitForURL(/\/c\//);
      await context.setOffline(true);
      await page
        .getByText(/You’re offline/)
        .first()
        .waitFor();
      expect(await violationsOf(visit)).toEqual([]);
    },

    'on pages of missing chats and failed sessions': async (look) => {
      const visit = await bed.visit(look);
      const { page, watch } = visit;
      watch.expectProblem(/status of 40[34]/);
      await page.goto('/c/nothing');
      await page.getByRole('heading', { name: 'This chat doesn’t exist' }).waitFor();
      expect(await violationsOf(visit)).toEqual([]);
      await page.route('**/web/session', (route) =>
        route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': '203.0.113.7' } }),
      );
      await page.reload();
      await page.getByText(/WEB_APP=on/).waitFor();
      expect(await violationsOf(visit)).toEqual([]);
    },
  };

  const cases = looks.flatMap((look) =>
    Object.entries(screens).map(([screen, check]) => ({ look, screen, check })),
  );
  // The phone is checked by the slow tests only.
  test.each(isPhone ? cases : casesOfForm(cases, cases.length))(
    'axe finds no problems, $look.look, $screen',
    ({ look, check }) => check(look),
  );
}

interface Look {
  readonly look: string;
  readonly isDark: boolean;
  readonly isPhone: boolean;
}

/** Returns the problems that axe finds, one per line. */
export async function violationsOf({ page }: Visit): Promise<string[]> {
  // Wait for finished animations only; spinners never finish.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
        .map((animation) => animation.finished.catch(() => undefined)),
    ).then(() => undefined),
  );
  // Half-transparent text has less contrast, so wait until everything has faded in.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished.catch(() => undefined)),
    ),
  );
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
