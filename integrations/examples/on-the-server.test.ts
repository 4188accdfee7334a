import { scripts } from '@parley/agent/testing';
import { beforeEach, expect, test } from 'vitest';
import { startHarness } from '../../apps/server/test/harness.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';
import { openProject } from '../support/project.ts';
import { followPage } from '../support/recipe.ts';
import { findGo, openPython } from '../support/toolchains.ts';

/* The recipes of docs/recipes, done as they say in an empty folder. */

const { url, makeTeam, model } = await startHarness();
const team = await makeTeam();
const env = { PARLEY_URL: url, PARLEY_KEY: team.secretKey, PARLEY_AGENT: team.agent.id };

beforeEach(() => {
  model.replyTo('What is the capital of France?', scripts.text('The capital of France is Paris.'));
  model.replyTo('Where is my order?', scripts.text('It arrives tomorrow.'));
  model.replyTo(
    'Tell me a story.',
    scripts.text(['Once upon a time', ' there was a message', ' that was never lost.']),
  );
});

test('the curl recipe works as documented', async () => {
  const calls = model.calls().length;
  await followPage('docs/recipes/curl.md', await openProject(), env);
  expect(model.calls().length - calls).toBe(3);
});

test('the Python recipe works, also over a connection that breaks', async () => {
  const project = await openProject();
  const { path } = await openPython(project, []);
  await followPage('docs/recipes/python.md', project, { ...env, PATH: path });
  await followCut((bad) => followPage('docs/recipes/python.md', project, { ...bad, PATH: path }));
});

test('the Go recipe works, also over a connection that breaks', async () => {
  const { path } = await findGo(await openProject());
  const page = 'docs/recipes/go.md';
  await followPage(page, await openProject(), { ...env, PATH: path });
  await followCut(async (bad) => followPage(page, await openProject(), { ...bad, PATH: path }));
});

test('the TypeScript recipe works, also over a connection that breaks', async () => {
  const project = await openProject();
  await followPage('docs/recipes/typescript.md', project, env);
  await followCut((bad) => followPage('docs/recipes/typescript.md', project, bad));
});

/** The page once more, where acknowledgements are lost and streams cut: it prints the same, and asks the model no more. */
async function followCut(follow: (env: Record<string, string>) => Promise<void>): Promise<void> {
  const proxy = await startCuttingProxy(url);
  const calls = model.calls().length;
  await follow({ ...env, PARLEY_URL: proxy.url });
  expect(proxy.cuts()).toEqual([
    'POST /chat/chat/message',
    'POST /chat/chat/message',
    expect.stringMatching(/^GET .*\/stream$/),
  ]);
  expect(model.calls().length - calls).toBe(2);
}
