import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ModelEnd } from '@parley/agent';
import { ApiError } from '@parley/contract';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ModelHealth, type ModelNotice } from './model-health.ts';
import { type ModelProbeOptions, watchModel } from './probe-model.ts';
import { ProviderHealths } from './provider-healths.ts';

interface ListAnswer {
  readonly status: number;
  readonly body: string;
}

/** A model's server that answers `GET /v1/models` as the test sets it, and records the requests for one model. */
async function startServer(
  answer: () => ListAnswer,
  ofModel: ListAnswer = { status: 404, body: '{"error":{"code":"model_not_found"}}' },
) {
  const requests: (string | undefined)[] = [];
  const server = createServer(({ headers, url }, response) => {
    requests.push(headers.authorization);
    const { status, body } = url === '/v1/models' ? answer() : ofModel;
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests };
}

const listOf = (...ids: string[]) => JSON.stringify({ data: ids.map((id) => ({ id })) });

function watch(options: Pick<ModelProbeOptions, 'endpoint' | 'server'>) {
  const health = new ModelHealth();
  const notices: ModelNotice[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const onProblem = (notice: ModelNotice) => void notices.push(notice);
  void watchModel({ ...options, health, onProblem, signal: stop.signal, againMs: 5 });
  return { health, notices };
}

describe('a probe of the model', () => {
  test.each([
    ['model_key_refused', { status: 401, body: '{}' }, /OPENAI_API_KEY/],
    ['model_unreachable', { status: 200, body: '<html>Welcome</html>' }, /OPENAI_BASE_URL/],
    ['model_not_found', { status: 200, body: listOf('another') }, /OPENAI_MODEL/],
  ])('finds %s, and reports it once', async (code, answer, advice) => {
    const { baseUrl, requests } = await startServer(() => answer);
    const { health, notices } = watch({ endpoint: () => ({ baseUrl, apiKey: 'sk-one', model: 'm' }) });
    await expect.poll(() => health.notice).toMatchObject({ code, message: expect.stringMatching(advice) });
    expect(requests[0]).toBe('Bearer sk-one');
    if (health.isServerUnusable) await expect.poll(() => requests.length).toBeGreaterThan(2);
    expect(notices).toHaveLength(1);
  });

  test('finds that nothing listens at the address', async () => {
    const endpoint = () => ({ baseUrl: 'http://127.0.0.1:1/v1', apiKey: '', model: 'm' });
    const { health } = watch({ endpoint });
    await expect.poll(() => health.notice?.code).toBe('model_unreachable');
  });

  test.each([
    ['lists the model', { status: 200, body: listOf('other', 'm') }],
    ['lists it with a tag', { status: 200, body: listOf('m:latest') }],
    ['lists nothing', { status: 200, body: listOf() }],
    ['has no list', { status: 404, body: 'not here' }],
    ['does not list models to this key', { status: 403, body: '{}' }],
    ['fails', { status: 500, body: '{}' }],
  ])('finds no problem with a server that %s, and asks it once', async (_, answer) => {
    const { baseUrl, requests } = await startServer(() => answer);
    const { health } = watch({ endpoint: () => ({ baseUrl, apiKey: '', model: 'm' }) });
    await expect.poll(() => requests.length).toBe(1);
    // Another server, which rejects the key, is probed repeatedly in the same time.
    const other = await startServer(() => ({ status: 401, body: '{}' }));
    watch({ endpoint: () => ({ baseUrl: other.baseUrl, apiKey: '', model: 'm' }) });
    await expect.poll(() => other.requests.length).toBeGreaterThan(5);
    expect([requests.length, health.notice]).toEqual([1, undefined]);
  });

  test.each([
    ['knows no single models', { status: 404, body: '{"detail":"Not Found"}' }],
    ['knows the model all the same', { status: 200, body: '{"id":"m"}' }],
    ['fails', { status: 500, body: '{}' }],
  ])('finds nothing wrong with a gateway that does not list the model and %s', async (_, ofModel) => {
    const { baseUrl, requests } = await startServer(
      () => ({ status: 200, body: listOf('another') }),
      ofModel,
    );
    const { health } = watch({ endpoint: () => ({ baseUrl, apiKey: '', model: 'm' }) });
    await expect.poll(() => requests.length).toBe(2);
    const other = await startServer(() => ({ status: 401, body: '{}' }));
    watch({ endpoint: () => ({ baseUrl: other.baseUrl, apiKey: '', model: 'm' }) });
    await expect.poll(() => other.requests.length).toBeGreaterThan(5);
    expect(health.notice).toBeUndefined();
  });

  test('clears the problem once the server can be used', async () => {
    let status = 401;
    const { baseUrl } = await startServer(() => ({ status, body: listOf('m') }));
    const { health } = watch({ endpoint: () => ({ baseUrl, apiKey: '', model: 'm' }) });
    await expect.poll(() => health.notice?.code).toBe('model_key_refused');
    status = 200;
    await expect.poll(() => health.notice).toBeUndefined();
  });

  test('asks the server that has to name the model until it has', async () => {
    const { baseUrl } = await startServer(() => ({ status: 401, body: '{}' }));
    const endpoint = () => {
      throw new ApiError('model_loading');
    };
    const { health } = watch({ endpoint, server: { baseUrl, apiKey: 'sk-two' } });
    await expect.poll(() => health.notice?.code).toBe('model_key_refused');
  });

  test('reports nothing while the model is loading, and reports a missing model', async () => {
    let code: 'model_loading' | 'model_not_configured' = 'model_loading';
    let requestCount = 0;
    const endpoint = () => {
      requestCount++;
      throw new ApiError(code);
    };
    const { health } = watch({ endpoint });
    await expect.poll(() => requestCount).toBeGreaterThan(2);
    expect(health.notice).toBeUndefined();
    code = 'model_not_configured';
    await expect.poll(() => health.notice?.code).toBe('model_not_configured');
  });
});

describe('answers', () => {
  const start = () => new ProviderHealths(['backup'], () => 'm');
  const end = (code?: ModelEnd['code'], model = 'm', provider = 'default') => ({ provider, model, code });

  test('a rejected key is reported until a model answers', () => {
    const healths = start();
    for (const [code, notice] of [
      ['model_key_refused', 'model_key_refused'],
      ['model_failed', 'model_key_refused'],
      [undefined, undefined],
    ] as const) {
      healths.noteEnd(end(code));
      expect(healths.notice?.code).toBe(notice);
    }
  });

  test('an unknown model of an agent is reported without its name until that model answers', () => {
    const healths = start();
    healths.noteEnd(end('model_not_found', 'secret-model'));
    expect(healths.notice?.code).toBe('model_not_found');
    expect(healths.notice?.message).not.toContain('secret-model');
    expect(healths.notice?.message).not.toContain('OPENAI_MODEL');
    healths.noteEnd(end(undefined, 'other'));
    expect(healths.notice?.code).toBe('model_not_found');
    healths.noteEnd(end(undefined, 'secret-model'));
    expect(healths.notice).toBeUndefined();
  });

  test('an unknown default model is reported with the setting to change', () => {
    const healths = start();
    healths.noteEnd(end('model_not_found'));
    expect(healths.notice?.message).toContain('OPENAI_MODEL');
  });

  test('the problem of each provider is reported without its name', () => {
    const healths = start();
    healths.noteEnd(end('model_unreachable', 'm', 'backup'));
    healths.noteEnd(end());
    expect(healths.notice?.code).toBe('model_unreachable');
    expect(healths.notice?.message).toContain('MODEL_PROVIDERS');
    expect(healths.notice?.message).not.toContain('backup');
    healths.noteEnd(end(undefined, 'm', 'backup'));
    expect(healths.notice).toBeUndefined();
  });

  test.each(['model_refused', 'model_rate_limited', 'model_timeout', 'model_failed'] as const)(
    'answers that failed with %s report no problem',
    (code) => {
      const healths = start();
      healths.noteEnd(end(code));
      expect(healths.notice).toBeUndefined();
    },
  );
});
