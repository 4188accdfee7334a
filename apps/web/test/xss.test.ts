import { createGate } from '@parley/agent/testing';
import { casesOfForm, longTest } from '@parley/embedded/testing/form';
import { afterAll, describe, expect, test } from 'vitest';
import { attacks } from './support/attacks.ts';
import { type Bed, startBed, type Visit } from './support/bed.ts';
import { startCanary } from './support/canary.ts';
import { seedChat } from './support/seed.ts';

const bed: Bed = await startBed();
const canary = await startCanary();
afterAll(() => canary.stop());

const RUNS = 'window.__pwned=1';
const corpus = Object.entries(attacks).map(([name, text]): [string, string] => [
  name,
  text.replaceAll('HOST', canary.host).replaceAll('PWN', RUNS),
]);

/** The elements that an answer must not add to the page. */
const FORBIDDEN =
  'script, iframe, object, embed, base, meta, link, form, video, audio, source, template, foreignObject, use, animate';

/** Compares the contents of the conversation with the allowed elements. */
async function expectHarmless({ page, screen, context }: Visit): Promise<void> {
  const found = await screen.conversation.evaluate((log, forbidden) => {
    const elements = [...log.querySelectorAll('*')];
    return {
      forbidden: [...log.querySelectorAll(forbidden)].map(({ outerHTML }) => outerHTML),
      handlers: elements.flatMap((element) =>
        element
          .getAttributeNames()
          .filter((name) => name.startsWith('on'))
          .map((name) => `${name} of ${element.outerHTML}`),
      ),
      images: [...log.querySelectorAll('img')]
        .map(({ src }) => src)
        .filter((src) => !src.startsWith('data:')),
      addresses: elements
        .flatMap((element) =>
          ['href', 'src', 'xlink:href', 'action', 'srcset'].map((name) => element.getAttribute(name)),
        )
        .filter((address) => address !== null && !/^(?:https?:\/\/|mailto:)/.test(address))
        // The notes of an answer are in the same answer.
        .filter(
          (address) => !log.querySelector(`.markdown a[data-footnote][href="${CSS.escape(address ?? '')}"]`),
        ),
      opened: [...log.querySelectorAll('a[href]:not([data-footnote])')]
        .filter(
          (link) =>
            link.getAttribute('target') !== '_blank' || !/noopener/.test(link.getAttribute('rel') ?? ''),
        )
        .map(({ outerHTML }) => outerHTML),
      backgrounds: elements.filter((element) => /url\(/.test(getComputedStyle(element).backgroundImage))
        .length,
    };
  }, FORBIDDEN);
  expect(found).toEqual({
    forbidden: [],
    handlers: [],
    images: [],
    addresses: [],
    opened: [],
    backgrounds: 0,
  });
  expect(await page.evaluate(() => (window as unknown as { __pwned?: unknown }).__pwned)).toBeUndefined();
  expect(context.pages()).toHaveLength(1);
  expect(new URL(page.url()).origin).toBe(bed.url);
  expect(canary.visits).toEqual([]);
}

test('the browser can reach the other host, so a leak would be noticed', async () => {
  const other = await startCanary();
  const page = await bed.browser.newPage();
  await page.setContent(`<img src="http://${other.host}/pixel.gif">`);
  await expect.poll(() => other.visits).toContain('GET /pixel.gif');
  await page.close();
  await other.stop();
});

describe('a model’s text does not run code, load resources or leave the page', () => {
  // Several attacks per chat, each in its own answer.
  const chats = Array.from({ length: Math.ceil(corpus.length / 12) }, (_, index) =>
    corpus.slice(index * 12, index * 12 + 12),
  );
  test.each(casesOfForm(chats, 3).map((group) => ({ from: group[0]?.[0], group })))(
    'no attack of a group works (from $from)',
    async ({ group }) => {
      const visit = await bed.visit();
      const { screen } = visit;
      for (const [index, [name, text]] of group.entries()) {
        bed.model.replyTo(name, (call) => {
          call.text(`${text}\n\nEnd of ${name}`);
          call.finish();
        });
        if (index === 0) await screen.begin(name);
        else await screen.send(name);
        await screen.answers.last().getByText(`End of ${name}`).waitFor({ timeout: 20_000 });
        await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
        await expectHarmless(visit);
      }
      // Following links and hovering over elements must not leave the page either.
      await screen.conversation.evaluate((log) => {
        for (const element of log.querySelectorAll('*')) {
          for (const type of ['mouseover', 'focus', 'toggle', 'load', 'error'])
            element.dispatchEvent(new Event(type));
        }
      });
      await expectHarmless(visit);
    },
  );
});

longTest('no code runs while an answer grows, wherever it is cut', async () => {
  const visit = await bed.visit();
  const { screen } = visit;
  const pieces = corpus.flatMap(([, text]) => [...text.matchAll(/[\s\S]{1,7}/g)].map(([piece]) => piece));
  const gate = createGate();
  bed.model.replyTo('Slowly, all of it', async (call) => {
    for (const [index, piece] of pieces.entries()) {
      call.text(piece);
      // This renders several hundred states.
      if (index % 6 === 0) await new Promise((resolve) => setTimeout(resolve, 4));
    }
    await gate.released;
    call.text('\n\n~~~\n\n~~~\n\nThe end of it all');
    call.finish();
  });
  await screen.begin('Slowly, all of it');
  await screen.stopButton.waitFor();
  await expectHarmless(visit);
  gate.release();
  await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
  await expectHarmless(visit);
});

test('user messages and titles are shown as text', async () => {
  const visit = await bed.visit();
  const { screen, page } = visit;
  const worst = `<img src=x onerror="${RUNS}"> [x](javascript:${RUNS}) ![p](http://${canary.host}/t.gif)`;
  await screen.begin(worst);
  await screen.conversation.getByText(worst, { exact: true }).first().waitFor();
  await seedChat(bed, visit, worst);
  await page.reload();
  await expect.poll(() => screen.titles()).toContain(worst);
  await page
    .getByRole('button', { name: `Options for ${worst}` })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await expect.poll(() => page.getByRole('textbox', { name: 'Chat name' }).inputValue()).toBe(worst);
  await page.keyboard.press('Escape');
  await expectHarmless(visit);
});

test('safe links open in a new tab without a referrer', async () => {
  const visit = await bed.visit();
  const { screen } = visit;
  bed.model.replyTo('Links', (call) => {
    call.text('See https://example.org/a, [the docs](https://example.org/b) or <mailto:help@example.org>.');
    call.finish();
  });
  await screen.begin('Links');
  await screen.answers.last().getByRole('link', { name: 'the docs' }).waitFor();
  const links = await screen.answers
    .last()
    .getByRole('link')
    .evaluateAll((all) =>
      all.map((link) => [link.getAttribute('href'), link.getAttribute('target'), link.getAttribute('rel')]),
    );
  expect(links).toEqual(
    ['https://example.org/a', 'https://example.org/b', 'mailto:help@example.org'].map((href) => [
      href,
      '_blank',
      expect.stringMatching(/noopener.*noreferrer/),
    ]),
  );
});
