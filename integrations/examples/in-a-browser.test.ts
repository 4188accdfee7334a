import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGate, scripts, startScriptedTool } from '@parley/agent/testing';
import type { FullAgent } from '@parley/contract';
import { afterAll, describe, expect, test } from 'vitest';
import { startHarness } from '../../apps/server/test/harness.ts';
import { findChrome, launch } from '../../apps/web/test/support/browser.ts';
import { openProject, type Project, succeeded } from '../support/project.ts';
import { readBlocks, writeFiles } from '../support/recipe.ts';

/* The recipes that are pages, built unchanged, in a real browser. */

const { url, makeTeam, model } = await startHarness({ toolAddresses: { arePrivateAllowed: true } });
const team = await makeTeam();
const tool = await startScriptedTool();
const browser = await launch(await findChrome());
afterAll(() => Promise.all([browser.close(), tool.stop()]));

/** The files that a reader already has. */
const AROUND = {
  'index.html':
    '<!doctype html><html lang="en"><title>Chat</title><div id="root"></div><script type="module" src="/main.tsx"></script></html>',
  'main.tsx': `
    import { createRoot } from 'react-dom/client';
    import { Chat } from './chat.tsx';
    const chatId = new URLSearchParams(location.search).get('chat')!;
    createRoot(document.querySelector('#root')!).render(<Chat chatId={chatId} />);
  `,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'], module: 'esnext', jsx: 'react-jsx' },
      ...{ moduleResolution: 'bundler', allowImportingTsExtensions: true, types: [] },
      ...{ strict: true, noEmit: true, skipLibCheck: true },
    },
  }),
};
const BUILD = [
  'react@19.3.1',
  'react-dom@19.3.1',
  'vite@8.3.8',
  'typescript@7.0.2',
  '@types/react@19.3.0',
  '@types/react-dom@19.3.0',
];

/** The address of each built page. */
const pages = new Map<string, Promise<string>>();

/** Builds a page and serves it; only once for all tests. */
function servePage(recipe: string): Promise<string> {
  const serving = pages.get(recipe) ?? buildPage(recipe).then(serve);
  pages.set(recipe, serving);
  return serving;
}

async function serve(project: Project): Promise<string> {
  const preview = ['preview', '--port', '0', '--host', '127.0.0.1'];
  const [, port] = await project.start('vite', preview, /127\.0\.0\.1:(\d+)/);
  return `http://127.0.0.1:${port}`;
}

async function buildPage(page: string): Promise<Project> {
  const project = await openProject();
  const [blocks, transport] = await Promise.all([readBlocks(page), readBlocks('docs/recipes/ai-sdk.md')]);
  await writeFiles(project, [...transport.filter(({ meta }) => meta === 'parley-transport.ts'), ...blocks]);
  for (const [name, text] of Object.entries(AROUND)) await writeFile(join(project.folder, name), text);
  const chat = join(project.folder, 'chat.tsx');
  const written = await readFile(chat, 'utf8');
  const configured = written
    .replace("'https://parley.example.com'", JSON.stringify(url))
    .replace("'pk_live_…'", JSON.stringify(team.publishableKey));
  expect(configured).not.toMatch(/example|…'/);
  await writeFile(chat, configured);

  const install = blocks.find(({ lang }) => lang === 'sh')?.text ?? '';
  expect(install).toMatch(/^npm install [^\n]+\n$/);
  succeeded(await project.run('bash', ['-c', `${install.trim()} ${BUILD.join(' ')}`]));
  succeeded(await project.run('tsc'));
  succeeded(await project.run('vite', ['build']));
  return project;
}

describe.each([
  ['useChat of the AI SDK', 'docs/recipes/ai-sdk.md', 'input[name=text]', 'p'],
  ['assistant-ui', 'docs/recipes/assistant-ui.md', 'textarea[name=input]', '.user, .assistant'],
])('%s', (_name, recipe, field, message) => {
  test('streams an answer, continues it after a reload, and stops it', async () => {
    const address = await servePage(recipe);
    const { id } = await team.makeChat();
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
    // assistant-ui marks what is being written with a dot.
    const texts = async () =>
      (await page.locator(message).allTextContents()).map((text) => text.replace(/ ●$/, '').trim());
    const send = async (text: string) => {
      await page.locator(field).fill(text);
      await page.getByRole('button', { name: 'Send' }).click();
    };

    const gate = createGate();
    model.replyTo('Tell me a story.', async (call) => {
      call.text('Once upon a time');
      await gate.released;
      call.text(' there was a message.');
      call.finish();
    });
    await page.goto(`${address}/?chat=${id}`);
    await send('Tell me a story.');
    await expect
      .poll(texts)
      .toEqual([expect.stringContaining('Tell me a story.'), expect.stringMatching(/Once upon a time$/)]);
    await page.reload();
    await expect
      .poll(texts)
      .toEqual([expect.stringContaining('Tell me a story.'), expect.stringMatching(/Once upon a time$/)]);
    gate.release();
    const whole = /Once upon a time there was a message\.$/;
    await expect
      .poll(texts)
      .toEqual([expect.stringContaining('Tell me a story.'), expect.stringMatching(whole)]);

    model.replyTo('Go on.', async (call) => {
      call.text('And then');
      await call.closed;
    });
    await send('Go on.');
    await expect.poll(async () => (await texts()).at(-1)).toMatch(/And then$/);
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect
      .poll(async () =>
        (await team.rest<{ messages: { status?: string }[] }>('GET', `/chat/${id}/message`)).body.messages.at(
          -1,
        ),
      )
      .toMatchObject({ content: 'And then', status: 'stopped' });
    expect(problems).toEqual([]);
    await page.close();
  });
});

test('assistant-ui shows reasoning, tool calls and sources as they come, and the same after a reload', async () => {
  const address = await servePage('docs/recipes/assistant-ui.md');
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const weather = {
    name: 'weather',
    description: 'Tells it.',
    url: tool.url,
    parameters,
    show: 'everything',
  };
  const { body: agent } = await team.rest<FullAgent>('POST', '/agent', {
    body: { name: 'Ada', type: 'support', reasoning: 'show', tools: [weather] },
  });
  const { id } = await team.makeChat({ agentId: agent.id });
  const gate = createGate();
  tool.answer((response) => void gate.released.then(() => response.end('{"sky":"blue"}')));
  model.reply(
    (call) => {
      call.chunk({ choices: [{ index: 0, delta: { reasoning_content: 'First I look.' } }] });
      return scripts.toolCalls([{ name: 'weather', arguments: { city: 'Ulm' } }], 'Let me see. ')(call);
    },
    (call) => {
      call.text('It is blue.');
      const url_citation = {
        url: 'https://weather.example/ulm',
        title: 'Ulm',
        start_index: 0,
        end_index: 11,
      };
      call.chunk({
        choices: [{ index: 0, delta: { annotations: [{ type: 'url_citation', url_citation }] } }],
      });
      call.finish();
    },
  );

  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(`${address}/?chat=${id}`);
  await page.locator('textarea[name=input]').fill('And today?');
  await page.getByRole('button', { name: 'Send' }).click();
  const call = page.locator('.assistant details.tool');
  await call.locator('summary', { hasText: 'weather: running' }).waitFor();
  expect(await page.locator('.assistant details.reasoning').textContent()).toBe('ReasoningFirst I look.');
  gate.release();
  const shows = async () => {
    await call.locator('summary', { hasText: 'weather: done' }).waitFor();
    expect(JSON.parse((await call.locator('pre').textContent()) ?? '')).toEqual({
      args: { city: 'Ulm' },
      result: { sky: 'blue' },
    });
    const answer = page.locator('.assistant');
    await expect
      .poll(() => answer.textContent())
      .toMatch(/First I look\..*Let me see\. .*weather.*It is blue\.Ulm \(weather\.example\)$/s);
    const source = answer.locator('a.source');
    expect(await source.getAttribute('href')).toBe('https://weather.example/ulm');
  };
  await page.getByText('It is blue.').waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Stop' }).isDisabled()).toBe(true);
  await page.reload();
  await shows();

  tool.answer((response) => void response.writeHead(500).end());
  model.reply(scripts.toolCalls([{ name: 'weather', arguments: {} }]), scripts.text('I could not look.'));
  await page.locator('textarea[name=input]').fill('And tomorrow?');
  await page.getByRole('button', { name: 'Send' }).click();
  await call.last().locator('summary', { hasText: 'weather: failed' }).waitFor();
  expect(problems).toEqual([]);
  await page.close();
});
