import { errorCodes } from '@parley/contract';
import { afterAll, expect, test } from 'vitest';
import { createMetrics, serveMetrics } from '../src/metrics.ts';
import { startHarness } from './harness.ts';

const metrics = createMetrics();
const { makeTeam, rest, model } = await startHarness({ metrics });
const served = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 });
afterAll(() => served.close());
const team = await makeTeam({ systemPrompt: 'canary-prompt' });

const scrape = async () => (await fetch(served.url)).text();
const metricOf = async (series: string) => {
  const line = (await scrape()).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

test('the metrics count requests, errors, answers, tokens and running turns', async () => {
  const chat = await team.makeChat({ userId: 'canary-user' });
  await team.send(chat.id, 'canary-content');
  await rest('GET', '/chat', { key: 'canary-key' });
  expect(
    await metricOf('parley_http_requests_total{method="POST",route="/chat/:chatId/message",status="200"}'),
  ).toBe(1);
  expect(await metricOf('parley_refusals_total{code="unauthorized"}')).toBe(1);
  expect(await metricOf('parley_answers_total{result="completed"}')).toBe(1);
  expect(await metricOf('parley_answer_first_text_seconds_count')).toBe(1);
  expect(await metricOf('parley_tokens_total{direction="output"}')).toBeGreaterThan(0);

  const failed = await team.failed();
  expect(failed.chatId).toBeTruthy();
  expect(await metricOf('parley_answers_total{result="model_key_refused"}')).toBe(1);

  const gate = model.hold();
  const sending = team.send(chat.id, 'held');
  await model.callTo('held');
  expect(await metricOf('parley_turns_running')).toBe(1);
  expect(await metricOf('parley_http_requests_open')).toBe(1);
  gate.release();
  await sending;
  await expect.poll(() => metricOf('parley_turns_running')).toBe(0);
  await expect.poll(() => metricOf('parley_turns_uncounted')).toBe(0);
  await expect.poll(() => metricOf('parley_http_requests_open')).toBe(0);
});

test('labels are routes, methods, statuses and codes, without ids, keys and texts', async () => {
  await rest('GET', '/chat/chat_canary');
  await rest('GET', '/canary-path?canary=1');
  const text = await scrape();
  expect(text).not.toMatch(/canary|sk_live|pk_live|chat_[0-9a-z]{28}/);
  const codes = [...text.matchAll(/parley_refusals_total\{code="(\w+)"\}/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(0);
  for (const code of codes) expect(errorCodes).toContain(code);
});

test('the metrics port serves nothing else, and the public port serves no metrics', async () => {
  expect((await fetch(served.url.replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(served.url, { method: 'POST' })).status).toBe(404);
  expect((await rest('GET', '/metrics')).status).toBe(404);
});
