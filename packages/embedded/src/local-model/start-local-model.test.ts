import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startLocalModel } from './start-local-model.ts';
import type { LocalModel, ReadyLocalModel } from './supervise-model.ts';

describe('the real model', () => {
  // Shared by all runs in this repository: the first one downloads 130 MB.
  const dataDir = fileURLToPath(new URL('../../../../node_modules/.cache/parley', import.meta.url));
  let running: LocalModel;
  let ready: ReadyLocalModel;
  let cannotRun: string | undefined;

  beforeAll(async () => {
    running = startLocalModel({ dataDir, onProgress: () => {} });
    const outcome = await running.ready;
    if (outcome.phase === 'ready') ready = outcome;
    else cannotRun = outcome.detail;
  }, 600_000);

  afterAll(() => running.stop());

  beforeEach((ctx) => {
    if (cannotRun === undefined) return;
    // Where the model must run, a failure fails the test, with the reason in its message.
    if (process.platform === 'linux' && process.arch === 'x64') expect.fail(cannotRun);
    ctx.skip(cannotRun);
  });

  test('streams a correct short answer with finish reason and usage', async () => {
    const chunks = await streamed(ready, [user('What is the capital of France?')]);
    const text = textOf(chunks);
    expect(text).toContain('Paris');
    expect(text.length).toBeLessThan(300);
    // More than one piece shows that the answer was streamed.
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta?.content).length).toBeGreaterThan(1);
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
    expect(chunks.at(-1)?.usage).toMatchObject({
      prompt_tokens: expect.any(Number),
      completion_tokens: expect.any(Number),
    });
  });

  test('answers correctly under a distracting system prompt', async () => {
    const system = { role: 'system', content: 'You are a helpful assistant.' };
    const chunks = await streamed(ready, [system, user('What is the capital of France?')]);
    expect(textOf(chunks)).toContain('Paris');
  });

  test('follows a conversation', async () => {
    const chunks = await streamed(ready, [
      user('What is the capital of Spain?'),
      { role: 'assistant', content: 'The capital of Spain is Madrid.' },
      user('And what is the capital of Germany?'),
    ]);
    expect(textOf(chunks)).toContain('Berlin');
  });

  test('answers without streaming and stops at a stop sequence', async () => {
    const response = await ask(ready, { messages: [user('Tell me a story.')], max_tokens: 8 });
    expect(await response.json()).toMatchObject({
      choices: [{ message: { role: 'assistant', content: expect.any(String) }, finish_reason: 'length' }],
      usage: { completion_tokens: 8 },
    });
  });

  test('answers a chat that exceeds its context from the messages that fit', async () => {
    const exchange = [user('How are you?'), { role: 'assistant', content: 'I am fine.' }];
    const long = [user('word '.repeat(1_600)), ...exchange, ...exchange, ...exchange];
    const response = await ask(ready, { messages: [...long, user('Hello!')], max_tokens: 4 });
    const { usage } = (await response.json()) as { usage: { prompt_tokens: number } };
    expect(response.status).toBe(200);
    // The beginning of the chat was removed; its end is still there.
    const short = await ask(ready, { messages: [user('Hello!')], max_tokens: 4 });
    const { usage: least } = (await short.json()) as { usage: { prompt_tokens: number } };
    expect(usage.prompt_tokens).toBeGreaterThan(least.prompt_tokens + 20);
    expect(usage.prompt_tokens).toBeLessThan(1_000);
  });

  test('rejects a message that alone exceeds its context and answers the next', async () => {
    const tooLong = await ask(ready, { messages: [user('word '.repeat(5_000))], stream: true });
    expect(tooLong.status).toBe(400);
    expect(await tooLong.json()).toMatchObject({
      error: { message: expect.stringContaining('exceeds the available context size') },
    });
    expect(textOf(await streamed(ready, [user('Hello!')]))).not.toBe('');
  });

  test('admits the next request when a client disconnects', async () => {
    const controller = new AbortController();
    const endless = await ask(
      ready,
      { messages: [user('Tell me a very long story.')], stream: true, ignore_eos: true, max_tokens: 1_500 },
      controller.signal,
    );
    await endless.body?.getReader().read();
    controller.abort();
    const began = performance.now();
    await streamed(ready, [user('What is the capital of France?')]);
    // 1,500 tokens take 15 seconds even on a fast machine.
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('a second start does not use the network', async () => {
    const lines: string[] = [];
    const indexUrl = await deadIndex();
    const second = startLocalModel({ dataDir, indexUrl, onProgress: (line) => void lines.push(line) });
    try {
      const outcome = await second.ready;
      expect(outcome.phase).toBe('ready');
      expect(lines).toEqual([expect.stringMatching(/^The local model .* is ready/)]);
      if (outcome.phase === 'ready') {
        expect(textOf(await streamed(outcome, [user('What is the capital of France?')]))).toContain('Paris');
      }
    } finally {
      await second.stop();
    }
  });
});

test('a start without network and files says what failed and what to set', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-model-'));
  try {
    const model = startLocalModel({ dataDir, indexUrl: await deadIndex(), onProgress: () => {} });
    const outcome = await model.ready;
    expect(outcome).toEqual({
      phase: 'failed',
      detail:
        'There is no local model: the engine llama.cpp could not be downloaded: the package index (PyPI) ' +
        'cannot be reached. Set OPENAI_API_KEY, or OPENAI_BASE_URL for any compatible server; the next start ' +
        'tries the local model again.',
    });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

interface Chunk {
  choices: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: object;
}

function user(content: string) {
  return { role: 'user', content };
}

function ask({ baseUrl, model }: ReadyLocalModel, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer unused' },
    body: JSON.stringify({ model, ...body }),
    ...(signal && { signal }),
  });
}

/** Sends the request as the `openai` package does, with the server's own temperature and length. */
async function streamed(model: ReadyLocalModel, messages: object[]): Promise<Chunk[]> {
  const response = await ask(model, { messages, stream: true, stream_options: { include_usage: true } });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const events = (await response.text()).split('\n\n').filter((event) => event !== '');
  expect(events.at(-1)).toBe('data: [DONE]');
  return events.slice(0, -1).map((event) => JSON.parse(event.replace(/^data: /, '')) as Chunk);
}

function textOf(chunks: Chunk[]): string {
  return chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');
}

/** The address of a package index that does not exist. */
async function deadIndex(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/simple/`;
}
