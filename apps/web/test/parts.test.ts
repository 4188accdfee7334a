import { text } from 'node:stream/consumers';
import { createGate, type ModelScript, scripts, startScriptedTool } from '@parley/agent/testing';
import type { FullAgent } from '@parley/contract';
import { casesOfForm } from '@parley/embedded/testing/form';
import { afterAll, describe, expect, test } from 'vitest';
import { violationsOf } from './axe/screens.ts';
import { startBed, type VisitOptions } from './support/bed.ts';
import { visitorOf } from './support/seed.ts';

/* The work of the agent on the page: its reasoning, its tool calls, and what people say about its answers. */

const bed = await startBed({ toolAddresses: { arePrivateAllowed: true } });
const { visit, model, team, url } = bed;
const tool = await startScriptedTool();
afterAll(() => tool.stop());

/** Opens an empty chat with an agent that has one tool. */
async function open(show: 'activity' | 'everything', options: VisitOptions = {}) {
  const visiting = await visit(options);
  await visiting.screen.page.getByRole('textbox').first().waitFor();
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const lookUp = {
    name: 'weather',
    description: 'Tells it.',
    title: 'Look outside',
    url: tool.url,
    parameters,
    show,
  };
  const { body: agent } = await team.rest<FullAgent>('POST', '/agent', {
    body: { name: 'Ada', type: 'support', reasoning: 'show', tools: [lookUp] },
  });
  const chat = await team.makeChat({ agentId: agent.id, userId: await visitorOf(visiting.context, url) });
  await visiting.page.goto(`/c/${chat.id}`);
  return visiting;
}

const thinking: ModelScript = (call) => {
  call.chunk({ choices: [{ index: 0, delta: { reasoning_content: 'First I look.' } }] });
  return scripts.toolCalls([{ name: 'weather', arguments: { city: 'Ulm' } }], 'Let me see. ')(call);
};

describe('an answer with reasoning and a tool call', () => {
  test('the page shows the call while it runs, then its result, and the same after a reload', async () => {
    const { screen, page } = await open('everything');
    const gate = createGate();
    tool.answer((response) => void gate.released.then(() => response.end('{"sky":"blue"}')));
    model.reply(thinking, scripts.text('It is blue.'));
    await screen.send('And today?');
    const row = screen.answers.last().locator('summary', { hasText: 'Look outside' });
    await row.getByText('Running…').waitFor();
    gate.release();
    await row.getByText(/^Done in/).waitFor();
    const shows = async () => {
      const parts = await screen.answers.last().locator('summary, .markdown').allInnerTexts();
      expect(parts.map((part) => part.replaceAll(/\s+/g, ' ').trim())).toEqual([
        'Reasoning',
        'Let me see.',
        expect.stringMatching(/^Look outside ?Done in/),
        'It is blue.',
      ]);
    };
    await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
    await shows();
    await page.reload();
    await row.waitFor();
    await shows();
  });

  test('rows open and close by keyboard, and show the reasoning, the input and the output', async () => {
    const { screen, page } = await open('everything');
    tool.answer((response) => void response.end('{"sky":"blue"}'));
    model.reply(thinking, scripts.text('It is blue.'));
    await screen.send('And today?');
    await screen.answers.last().getByText('It is blue.').waitFor();
    const thoughts = screen.answers.last().getByText('First I look.');
    expect(await thoughts.isVisible()).toBe(false);
    await screen.answers.last().locator('summary', { hasText: 'Reasoning' }).focus();
    await page.keyboard.press('Enter');
    await thoughts.waitFor();
    await page.keyboard.press('Space');
    await thoughts.waitFor({ state: 'hidden' });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await screen.answers.last().getByText('"city": "Ulm"').waitFor();
    await screen.answers.last().getByText('"sky": "blue"').waitFor();
  });

  test('a tool that shows its activity alone has a row without details', async () => {
    const { screen } = await open('activity');
    tool.answer((response) => void response.writeHead(500).end());
    model.reply(thinking, scripts.text('I could not look.'));
    await screen.send('And today?');
    const answer = screen.answers.last();
    await answer.getByText(/^Failed/).waitFor();
    expect(await answer.locator('summary').allInnerTexts()).toEqual(['Reasoning']);
  });

  test('the page shows the work of the agent in German', async () => {
    const { page } = await open('activity', { locale: 'de' });
    tool.answer((response) => void response.end('{}'));
    model.reply(thinking, scripts.text('Blau.'));
    await page.getByRole('textbox', { name: 'Nachricht' }).fill('Und heute?');
    await page.keyboard.press('Enter');
    await page.getByText(/^Fertig in/).waitFor();
    await page.getByText('Überlegungen').waitFor();
  });
});

describe('an answer with sources', () => {
  const annotations = [
    { url: 'https://sky.example/today', title: 'The sky today' },
    { url: 'https://untitled.example/some/page' },
    { url: 'https://long.example/', title: 'x'.repeat(200) },
  ].map((page) => ({ type: 'url_citation', url_citation: page }));
  const answering: ModelScript = (call) => {
    call.text('It is blue.');
    call.chunk({ choices: [{ index: 0, delta: { annotations } }] });
    call.finish();
  };

  test('the page lists the sources as links that open in a new tab, and the same after a reload', async () => {
    const { screen, page } = await open('activity');
    model.reply(answering);
    await screen.send('And today?');
    const links = screen.answers.last().getByRole('list', { name: 'Sources' }).getByRole('link');
    await links.first().waitFor();
    const shows = async () => {
      const shown = await links.evaluateAll((all) =>
        all.map((link) => [link.textContent, link.getAttribute('href'), link.getAttribute('target')]),
      );
      expect(shown.slice(0, 2)).toEqual([
        ['The sky today', 'https://sky.example/today', '_blank'],
        ['untitled.example', 'https://untitled.example/some/page', '_blank'],
      ]);
      expect(shown).toHaveLength(3);
    };
    await shows();
    await page.reload();
    await links.first().waitFor();
    await shows();
  });

  test.each([
    { isDark: false, isPhone: false },
    { isDark: true, isPhone: true },
  ])('axe finds no problems in the sources, and a long title does not widen the page, %o', async (look) => {
    const visiting = await open('activity', look);
    const { screen, page } = visiting;
    model.reply(answering);
    await screen.send('And today?');
    await screen.answers.last().getByRole('list', { name: 'Sources' }).waitFor();
    await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
    expect(await violationsOf(visiting)).toEqual([]);
    const overflow = await page.evaluate(() => document.body.scrollWidth - document.body.clientWidth);
    expect(overflow).toBe(0);
  });
});

const looks = [
  { isDark: true, isPhone: true },
  { isDark: false, isPhone: false },
  { isDark: true, isPhone: false },
  { isDark: false, isPhone: true },
];

test.each(casesOfForm(looks, looks.length))(
  'axe finds no problems in the work of the agent and the rating, %o',
  async (look) => {
    const visiting = await open('everything', look);
    const { screen, page } = visiting;
    tool.answer((response) => void response.end('{"sky":"blue"}'));
    model.reply(thinking, scripts.text('It is blue.'));
    await screen.send('And today?');
    await expect.poll(() => screen.answers.last().getAttribute('data-status')).toBe('completed');
    for (const row of await screen.answers.last().locator('summary').all()) await row.click();
    await page.getByRole('button', { name: 'Good answer' }).click();
    expect(await violationsOf(visiting)).toEqual([]);
    await page.getByRole('button', { name: 'Add a comment' }).click();
    await page.getByRole('textbox', { name: 'Comment' }).fill('x'.repeat(2_001));
    await page.getByRole('alert').waitFor();
    expect(await violationsOf(visiting)).toEqual([]);
  },
);

test('an answer that fails keeps its text, also after a reload, and a retry takes its place', async () => {
  const { screen, page } = await visit();
  let calls = 0;
  model.replyTo('fails once', (call) =>
    calls++ === 0 ? scripts.cutAfter('The first half')(call) : scripts.text('All of it')(call),
  );
  await screen.begin('fails once');
  await screen.retryButton.waitFor();
  await screen.conversation.getByText('The first half').waitFor();
  await page.reload();
  await screen.conversation.getByText('The first half').waitFor();
  await screen.retryButton.click();
  await screen.untilAnswer('All of it', 'completed');
  expect(await screen.conversation.getByText('The first half').count()).toBe(0);
});

test('an answer is rated, commented and the rating taken back, and a reload shows the same', async () => {
  const { screen, page } = await visit();
  await screen.begin('Rate this');
  await screen.untilAnswer('You said: Rate this', 'completed');
  const good = page.getByRole('button', { name: 'Good answer' });
  const bad = page.getByRole('button', { name: 'Bad answer' });
  await good.click();
  await bad.click();
  expect(await good.getAttribute('aria-pressed')).toBe('false');
  expect(await bad.getAttribute('aria-pressed')).toBe('true');
  await page.getByRole('button', { name: 'Add a comment' }).click();
  await page.getByRole('textbox', { name: 'Comment' }).fill('Too short');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Edit your comment' }).waitFor();
  const stored = async () => {
    const { body } = await team.rest<{ messages: { id: string }[] }>('GET', `/chat/${screen.chatId}`);
    return bed.mongo.raw
      .collection('feedback')
      .findOne({ _id: new RegExp(`${body.messages[1]?.id}`) as never });
  };
  await expect.poll(stored).toMatchObject({ rating: 'down', comment: 'Too short' });
  await page.reload();
  await page.getByRole('button', { name: 'Edit your comment' }).click();
  expect(await page.getByRole('textbox', { name: 'Comment' }).inputValue()).toBe('Too short');
  await page.keyboard.press('Escape');
  await bad.click();
  await expect.poll(stored).toBeNull();
  expect(await bad.getAttribute('aria-pressed')).toBe('false');
});

const exports = [
  ['Markdown', 'md', /> You said: Export this/],
  ['JSON', 'json', /"content":\s*"You said: Export this"/],
] as const;

test.each(casesOfForm(exports, exports.length))(
  'the menu of a chat exports it as %s',
  async (name, ending, content) => {
    const { screen, page } = await visit();
    const chatId = await screen.begin('Export this');
    await screen.untilAnswer('You said: Export this', 'completed');
    await page
      .getByRole('button', { name: /^Options for/ })
      .last()
      .click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: `Export as ${name}` }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe(`${chatId}.${ending}`);
    expect(await text(await download.createReadStream())).toMatch(content);
  },
);
