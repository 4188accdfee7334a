import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startScriptedTool } from '@parley/agent/testing';
import { describe, expect, test } from 'vitest';
import { type AgentOutcome, createRunAgent, type ModelError } from '../src/index.ts';
import { startRun } from './harness.ts';
import { type Expected, type UpstreamCase, upstreamCases } from './upstream/cases.ts';
import { type Cut, startModelServer } from './upstream/model-server.ts';

/*
 * Answers as servers with an OpenAI-compatible API really send them, through the real `openai` package: each either
 * becomes the right answer, or fails with the true reason.
 */

const cuts: readonly (Cut & { readonly how: string })[] = [
  { how: 'in one write' },
  { how: 'byte by byte', partBytes: 1 },
];

describe.concurrent.each(Object.entries(upstreamCases))('the answer %s', (name, case_) => {
  const ways = case_.delayMs === undefined ? cuts : cuts.slice(0, 1);
  test.each(ways)('the answer is read correctly if it comes $how', async (cut) => {
    expect(await answerTo(name, case_, cut)).toMatchObject(matchersOf(case_.expected));
  });
});

test('each file of answers has a case', () => {
  const files = readdirSync(join(import.meta.dirname, 'upstream', 'answers'));
  const names = files.map((file) => file.replace(/\.sse$/, '')).filter((name) => name !== 'after');
  expect(names.toSorted()).toEqual(Object.keys(upstreamCases).toSorted());
});

test('docs/models.md names each case, and no other test of this file', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/models.md'), 'utf8');
  const cells = [...page.matchAll(/^\|.*\| ([^|]+) \|$/gm)].map(([, cell = '']) => cell);
  const tables = cells.slice(cells.indexOf('Test')).filter((cell) => /^`[a-z0-9-]+`(, `|$)/.test(cell));
  const named = tables.flatMap((cell) => [...cell.matchAll(/`([a-z0-9-]+)`/g)].map(([, name = '']) => name));
  for (const name of Object.keys(upstreamCases)) expect(page).toContain(`\`${name}\``);
  expect(named.filter((name) => upstreamCases[name] === undefined)).toEqual([]);
  expect(named.length).toBeGreaterThan(25);
});

/** Runs an agent with one tool against such a server, and returns the result in the form of `Expected`. */
async function answerTo(name: string, case_: UpstreamCase, cut: Cut) {
  const [server, tool] = await Promise.all([startModelServer(name, case_, cut), startScriptedTool()]);
  const runAgent = createRunAgent({
    endpoint: () => ({ baseUrl: server.baseUrl, apiKey: 'sk-test-key', model: 'm' }),
    contextTokens: 1_000,
    toolAddresses: { arePrivateAllowed: true },
    bounds: { retryDelayMs: 1 },
  });
  const weather = {
    ...{ name: 'weather', description: 'Tells the weather.', url: tool.url },
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  };
  const agent = { systemPrompt: 'Be kind.', temperature: 0.2, tools: [weather] };
  const run = startRun(runAgent, { agent });
  try {
    const ended = await run.outcome.catch((error: ModelError) => error);
    const [, second] = server.requests;
    return {
      toolGot: tool.calls().map(({ body }) => body),
      calls: server.requests.length,
      givenBack: second?.messages.find(({ role }) => role === 'assistant'),
      ...(ended instanceof Error ? { code: ended.code, cause: String(ended.cause) } : resultOf(ended)),
    };
  } finally {
    await Promise.all([server.stop(), tool.stop()]);
  }
}

function resultOf({ text, finishReason, usage }: AgentOutcome) {
  return { content: text, finishReason, usage };
}

function matchersOf({ cause, ...expected }: Expected) {
  return { ...expected, ...(cause && { cause: expect.stringMatching(cause) }) };
}
