import { setTimeout as delay } from 'node:timers/promises';
import { type ModelScript, startScriptedModel } from '@parley/agent/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ServerProcess, temporaryFolder } from '../../apps/server/test/start/server-process.ts';
import { buildPage } from '../../apps/web/test/support/built-page.ts';
import { PAGE_REQUESTS } from '../../apps/web/test/support/page-requests.ts';
import { attack } from './hostile-address.ts';
import { FIRST_MINUTE, PUBLIC_URL, SERVER_ENV, visitAll } from './visit-all.ts';
import type { Visit } from './visitor.ts';

/*
 * A company's first hour on the internet, with the defaults: 300 visitors at addresses of their own and an office of 100
 * behind one address come within a minute, each with all requests of the page, its files included. Then the same while one
 * hostile address takes all it can get, with the key of the page.
 */

const QUESTIONS = ['What is on today?', 'And tomorrow?'];
const HANG = 'hang';
const ANSWER_MS = 10_000;
const ANSWER_MAX_MS = 60_000;

/** Answers at once with a first word, and is done ten seconds later. A message that says so is never answered. */
const slow: ModelScript = async (call) => {
  if (call.message === HANG) return;
  call.text('Let me see. ');
  await delay(ANSWER_MS);
  call.text('Nothing.');
  call.finish();
};

async function startServer() {
  const model = await startScriptedModel();
  onTestFinished(() => model.stop());
  model.replyAlways(slow);
  const server = await ServerProcess.start(await temporaryFolder(), {
    ...SERVER_ENV,
    LOG_LEVEL: 'warn',
    OPENAI_BASE_URL: model.baseUrl,
    OPENAI_API_KEY: 'sk-scripted',
    OPENAI_MODEL: 'scripted',
  });
  return server;
}

/** As many requests for files as a browser makes: the page, what it names, and some of these again for what its scripts load. */
async function filesOfPage(url: string): Promise<readonly string[]> {
  const html = await (await fetch(url)).text();
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(3);
  const files = ['/', ...new Set(named)];
  return Array.from({ length: PAGE_REQUESTS.files }, (_, index) => files[index % files.length] ?? '/');
}

function expectAllAnswered(visits: readonly Visit[]): void {
  expect(visits.flatMap(({ rejected }) => rejected)).toEqual([]);
  const answers = visits.flatMap(({ answerMs }) => answerMs);
  expect(answers).toHaveLength(FIRST_MINUTE.visitors * QUESTIONS.length);
  expect(answers.filter((ms) => ms > ANSWER_MAX_MS)).toEqual([]);
}

function firstTextP95(visits: readonly Visit[]): number {
  const sorted = visits.flatMap(({ firstTextMs }) => firstTextMs).toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(sorted.length * 0.95)] ?? 0);
}

test('everybody is answered in the first hour with the defaults, also beside a hostile address', async () => {
  buildPage();
  const server = await startServer();
  const { url } = server;
  const page = { url, questions: QUESTIONS, files: await filesOfPage(url) };

  const calm = await visitAll(page, FIRST_MINUTE);
  expectAllAnswered(calm);

  const { agentId } = await server.credentials();
  const over = new AbortController();
  const hostile = attack({ url, publicUrl: PUBLIC_URL, agentId, message: HANG }, '192.0.2.66', over.signal);
  const beside = await visitAll(page, FIRST_MINUTE).finally(() => over.abort());
  const statuses = await hostile;
  expectAllAnswered(beside);
  expect(statuses.get(429)).toBeGreaterThan(0);
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);

  // A figure to look at, not a promise of this test: machines differ.
  const [without, withHostile] = [firstTextP95(calm), firstTextP95(beside)];
  console.log(`p95 of the first text: ${without} ms, beside the hostile address ${withHostile} ms`);
  console.log('answers to the hostile address:', Object.fromEntries(statuses));
});
