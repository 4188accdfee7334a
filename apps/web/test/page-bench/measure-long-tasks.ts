import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { writeReport } from '../../../../scripts/write-report.ts';
import { type DemoServer, startDemoServer } from '../screenshots/demo-server.ts';
import { findChrome, launch } from '../support/browser.ts';
import { buildPage } from '../support/built-page.ts';
import { ChatScreen } from '../support/chat-screen.ts';
import { HOSTILE_TEXTS, streamInPieces } from '../support/hostile-texts.ts';
import { watchLongTasks } from '../support/long-tasks.ts';

/*
 * `npm run bench:page` measures for how long an answer keeps the chat page from responding, with the browser's
 * own observer of long tasks, which reports tasks of more than 50 ms. `--write` puts the table into docs/performance.md,
 * `--rounds` sets the visits for each text.
 */

const HEAD = '| text | characters | while it grows, ms | after a reload, ms |\n| --- | ---: | ---: | ---: |';
const CASES = new URL('../support/markdown/', import.meta.url);
/** The last paragraph of each answer: the page shows the whole answer when it shows this. */
const AFTER = 'The paragraph after it.';
const RESPONSE_MAX_MS = 60_000;

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' } },
});
const files = (await readdir(CASES)).filter((file) => file.endsWith('.md')).toSorted();
const cases = await Promise.all(
  files.map(async (file) => [file.replace('.md', ''), await readFile(new URL(file, CASES), 'utf8')] as const),
);
const server = await startDemoServer(buildPage());
const browser = await launch(await findChrome());
const rows: string[] = [];
try {
  for (const [name, text] of [...Object.entries(HOSTILE_TEXTS), ...cases]) {
    const rounds: Awaited<ReturnType<typeof measure>>[] = [];
    for (let round = 1; round <= Number(values.rounds); round++) {
      rounds.push(await measure(server, browser, `${name}, round ${round}`, text));
    }
    const growing = medianOf(rounds.map(({ growingMs }) => growingMs));
    const reloaded = medianOf(rounds.map(({ reloadedMs }) => reloadedMs));
    rows.push(`| ${name} | ${text.length} | ${growing} | ${reloaded} |`);
    process.stdout.write(`${rows.at(-1)}\n`);
  }
} finally {
  await browser.close();
  await server.stop();
}
if (values.write) await writeReport('performance.md', 'page', [HEAD, ...rows].join('\n'));

/** The longest task while the answer grows, and after a reload that shows all of it, in ms; 0: none above 50 ms. */
async function measure({ url, model }: DemoServer, opened: Browser, question: string, text: string) {
  const context = await opened.newContext({ baseURL: url });
  try {
    const page = await context.newPage();
    const screen = new ChatScreen(page);
    model.replyTo(question, streamInPieces(`${text}\n\n${AFTER}`));
    await page.goto('/');
    await screen.message.waitFor();
    const tasks = await watchLongTasks(page);
    await screen.begin(question);
    const whole = screen.answers.last().getByText(AFTER);
    const completed = screen.answers.last().and(page.locator('[data-status="completed"]'));
    await completed.waitFor({ timeout: RESPONSE_MAX_MS });
    await whole.waitFor({ timeout: RESPONSE_MAX_MS });
    const growingMs = Math.round(await tasks.longestMs());
    await page.reload();
    await whole.waitFor({ timeout: RESPONSE_MAX_MS });
    // A formatted block replaces its plain text after the worker has parsed it.
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5_000 })));
    return { growingMs, reloadedMs: Math.round(await tasks.longestMs()) };
  } finally {
    await context.close();
  }
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
