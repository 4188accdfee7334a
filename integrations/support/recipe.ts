import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { expect } from 'vitest';
import { type Project, succeeded } from './project.ts';

/** A fenced block of a page: its language, and the rest of its first line. */
export interface Block {
  readonly lang: string;
  readonly meta: string;
  readonly text: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The blocks of a page, in their order; its path is from the repository's root. */
export async function readBlocks(page: string): Promise<Block[]> {
  const { children } = fromMarkdown(await readFile(join(ROOT, page), 'utf8'));
  return children.flatMap((node) =>
    node.type === 'code' ? [{ lang: node.lang ?? '', meta: node.meta ?? '', text: `${node.value}\n` }] : [],
  );
}

/** Writes the blocks that are files, by the name behind their language, into the project. */
export async function writeFiles(project: Project, blocks: readonly Block[]): Promise<void> {
  const files = blocks.filter(isFile);
  for (const { meta, text } of files) await writeFile(join(project.folder, meta), text);
}

/**
 * Does what a page says: sets its variables, writes its files, runs its commands in one shell, and holds what each
 * prints to what the page says it does.
 */
export async function followPage(
  page: string,
  project: Project,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const blocks = await readBlocks(page);
  const setUp = blocks.find(({ lang, meta }) => lang === 'sh' && meta === 'env');
  const named = [...(setUp?.text ?? '').matchAll(/^export (\w+)=/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual(['PARLEY_AGENT', 'PARLEY_KEY', 'PARLEY_URL']);
  await writeFiles(project, blocks);
  expect(blocks.filter(({ meta }) => meta === 'output').length).toBeGreaterThan(0);
  await runBlocks(blocks, project, env);
}

/**
 * Runs the commands among the blocks, in one shell, and holds what each prints to what the page says it does. Answers
 * what each has printed.
 */
export async function runBlocks(
  blocks: readonly Block[],
  project: Project,
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const commands = blocks.flatMap((block, index) => {
    const after = blocks[index + 1];
    const output = after?.meta === 'output' ? after.text : undefined;
    return block.lang === 'sh' && block.meta === '' ? [{ text: block.text, output }] : [];
  });
  // One shell, as a reader has: what one block sets the next one uses.
  const script = ['set -eu', ...commands.map(({ text }) => `${text}\nprintf '\\036'`)].join('\n');
  const { stdout } = succeeded(await project.run('bash', ['-c', script], { env }));
  const printed = stdout.split('\u001e');
  expect(printed).toHaveLength(commands.length + 1);
  for (const [index, { text, output }] of commands.entries()) {
    if (output === undefined) continue;
    expect(`${text}→\n${readable(printed[index] ?? '')}`).toBe(`${text}→\n${output}`);
  }
  return printed.slice(0, -1);
}

export const isFile = ({ meta }: Block): boolean => /^[\w./-]+\.\w+$/.test(meta);

/** Removes the values that differ each time; a stream whose pieces came together is the same stream. */
function readable(output: string): string {
  const text = output
    .replaceAll(/\b(chat|msg|agent|team|req)_[0-9a-z]{28}\b/g, '$1_…')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-…')
    .replaceAll(/"nextCursor":"[^"]+"/g, '"nextCursor":"…"')
    .replaceAll(/^id: .*$/gm, 'id: …')
    .replaceAll(/(?:id: …\ndata: \{"type":"text-delta"[^\n]*\n\n)+/g, (deltas) => {
      const parts = [...deltas.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
      const delta = parts.map((part) => part.delta).join('');
      return `id: …\ndata: ${JSON.stringify({ ...parts[0], delta })}\n\n`;
    });
  return text.endsWith('\n') ? text : `${text}\n`;
}
