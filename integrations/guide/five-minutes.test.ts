import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { scripts, startScriptedModel } from '@parley/agent/testing';
import { afterAll, expect, test } from 'vitest';
import { openProject } from '../support/project.ts';
import { type Block, isFile, readBlocks, runBlocks } from '../support/recipe.ts';

/*
 * The guide, followed unchanged from an empty folder: the repository is cloned, installed and started, and every step
 * of the guide is done. Only the model and the port differ.
 */

const PAGE = 'docs/guide/five-minutes.md';
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const ADDRESS = '<the address of this repository>';
const URL_OF_GUIDE = 'http://127.0.0.1:3000';

const model = await startScriptedModel();
afterAll(() => model.stop());
model.replyTo('What is the capital of France?', scripts.text('The capital of France is Paris.'));
model.replyTo('What is the capital of France?', scripts.text('The capital of France is Paris.'));
model.replyTo(
  'Tell me a story.',
  scripts.text(['Once upon a time', ' there was a message', ' that was never lost.']),
);

test('every command of the guide and of the first answer in the README works and prints the documented output', async () => {
  const project = await openProject();
  const blocks = await readBlocks(PAGE);
  const server = blocks.filter(({ meta }) => meta === 'server');
  expect(server).toHaveLength(1);
  const port = String(await freePort());
  const start = server[0]?.text.replace(ADDRESS, REPOSITORY) ?? '';
  expect(start).toContain(REPOSITORY);
  const env = { OPENAI_BASE_URL: model.baseUrl, OPENAI_MODEL: 'scripted', PORT: port, CI: 'true' };
  await project.start('bash', ['-c', `set -e\n${start}`], /is running at (\S+)/, { env });

  const url = `http://127.0.0.1:${port}`;
  const inSecondTerminal = blocks
    .filter(({ meta }) => meta !== 'server')
    .map((block) => ({ ...block, text: block.text.replace(URL_OF_GUIDE, url) }))
    .flatMap(asCommands);
  await runBlocks(inSecondTerminal, project, {});

  const ofReadme = (await readBlocks('README.md'))
    .filter(({ lang, text }) => lang === 'sh' && text.includes('$URL'))
    .map((block) => ({ ...block, text: block.text.replace(URL_OF_GUIDE, url) }));
  const printed = await runBlocks([{ lang: 'sh', meta: '', text: 'cd parley' }, ...ofReadme], project, {});
  expect(printed).toEqual([
    '',
    expect.stringContaining('"content":"The capital of France is Paris."'),
    expect.stringMatching(/text-delta[\s\S]*data: \[DONE\]/),
  ]);

  for (const path of ['/', '/docs/', '/docs/guide/five-minutes', '/embed.js']) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
  }
  const inSite = await (await fetch(`${url}/docs/guide/five-minutes.md`)).text();
  expect(inSite).toContain('# In five minutes');
  expect(await readFile(`${project.folder}/parley/.data/credentials.json`, 'utf8')).toContain('secretKey');
});

/** A file is written where its reader would be by then. */
function asCommands(block: Block): Block[] {
  if (!isFile(block)) return [block];
  const name = block.meta.replace(/^.*\//, '');
  return [{ lang: 'sh', meta: '', text: `cat > ${name} <<'END_OF_FILE'\n${block.text}END_OF_FILE\n` }];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}
