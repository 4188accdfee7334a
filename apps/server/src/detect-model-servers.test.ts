import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  detectModelServer,
  type ModelServerProbe,
  modelServerProbes,
  ollamaOrigin,
} from './detect-model-servers.ts';

const running: AsyncDisposable[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server[Symbol.asyncDispose]()));
});

describe('a running Ollama', () => {
  test('a running Ollama is found with its first chat model', async () => {
    const { origin } = await serve(json(tags('nomic-embed-text', 'llama3.2', 'qwen3')));
    expect(await detect({ ollama: origin })).toEqual({
      kind: 'ollama',
      baseUrl: `${origin}/v1`,
      model: 'llama3.2',
    });
  });

  test('a running Ollama gets one request, for its list at /api/tags', async () => {
    const requests: string[] = [];
    const { origin } = await serve((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      json(tags('llama3.2'))(request, response);
    });
    await detect({ ollama: origin });
    expect(requests).toEqual(['GET /api/tags']);
  });

  test('a running Ollama is preferred to other servers, even when it answers last', async () => {
    const othersAnswered = Promise.withResolvers<void>();
    const lmStudio = await serve((request, response) => {
      json(models('organization_owner', 'other'))(request, response);
      response.once('finish', othersAnswered.resolve);
    });
    const ollama = await serve((request, response) => {
      void othersAnswered.promise.then(() => json(tags('llama3.2'))(request, response));
    });
    const found = await detect({ 'lm-studio': lmStudio.origin, ollama: ollama.origin });
    expect(found?.kind).toBe('ollama');
  });

  test('a running Ollama is ignored when it has no model, only embedding models, or only cloud models', async () => {
    const cloud = { models: [{ ...tags('big:cloud').models[0], remote_host: 'https://ollama.com:443' }] };
    for (const body of [{ models: [] }, tags('nomic-embed-text', 'mxbai-Embed-large'), cloud]) {
      const { origin } = await serve(json(body));
      expect(await detect({ ollama: origin })).toBeUndefined();
    }
  });
});

describe('the other servers', () => {
  test.each([
    ['lm-studio', 'organization_owner'],
    ['llama-server', 'llamacpp'],
    ['vllm', 'vllm'],
  ] as const)('%s is found by its list at /v1/models', async (kind, owner) => {
    const { origin } = await serve(json(models(owner, 'text-embedding-small', 'qwen3-8b')));
    expect(await detect({ [kind]: origin })).toEqual({ kind, baseUrl: `${origin}/v1`, model: 'qwen3-8b' });
  });

  test.each(['llama-server', 'vllm'] as const)(
    'a server that says that it is no %s is not detected as one',
    async (kind) => {
      const { origin } = await serve(json(models('somebody', 'gpt-9')));
      expect(await detect({ [kind]: origin })).toBeUndefined();
    },
  );
});

describe('another web server', () => {
  const pages: Record<string, RequestListener> = {
    'a page': (_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><p>Hi'),
    'other JSON': json({ status: 'ok', models: 'llama', data: 3 }),
    'JSON null': json(null),
    'a list of names alone': json({ models: ['llama3'], data: ['gpt'] }),
    'models of no known form': json({
      models: [{ name: 'Tesla Model 3' }],
      data: [{ id: 'tesla', object: 'car' }],
    }),
    'an error': (_, response) => void response.writeHead(401).end(JSON.stringify(tags('llama3.2'))),
    nothing: (_, response) => void response.end(),
    garbage: (request) => void request.socket.end('\u0000\u0001 no HTTP at all'),
    'a cut answer': (_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"models":', () => response.destroy());
    },
  };
  test.each(Object.entries(pages))(
    'a server that answers with %s is not taken for a model server',
    async (_, page) => {
      const { origin } = await serve(page);
      expect(await detectEverywhere(origin)).toBeUndefined();
    },
  );

  test('a server that redirects is not taken for a model server, and the other address is not requested', async () => {
    let requestCount = 0;
    const target = await serve((request, response) => {
      requestCount++;
      json(tags('llama3.2'))(request, response);
    });
    const { origin } = await serve((_, response) => {
      response.writeHead(302, { location: `${target.origin}/api/tags` }).end();
    });
    expect(await detectEverywhere(origin)).toBeUndefined();
    expect(requestCount).toBe(0);
  });

  test('a server whose response is too long is not taken for a model server, even if a list comes at the end', async () => {
    const { origin } = await serve((_, response) => {
      response.write(' '.repeat(2 * 1024 * 1024));
      response.end(JSON.stringify(tags('llama3.2')));
    });
    expect(await detect({ ollama: origin })).toBeUndefined();
  });

  test('a server that never answers is not taken for a model server and delays no other probe', async () => {
    let open = 0;
    let openMax = 0;
    const { origin } = await serve((_, response) => {
      openMax = Math.max(openMax, ++open);
      response.once('close', () => open--);
    });
    expect(await detectEverywhere(origin)).toBeUndefined();
    expect(openMax).toBe(4);
  });
});

test('an address without a listener is not a model server', async () => {
  const { origin, close } = await serve(() => {});
  await close();
  expect(await detectEverywhere(origin)).toBeUndefined();
});

test('the server’s own port is not probed', async () => {
  let requestCount = 0;
  const { origin } = await serve((request, response) => {
    requestCount++;
    json(tags('llama3.2'))(request, response);
  });
  const ownPorts = [Number(new URL(origin).port)];
  expect(await detectModelServer({ ownPorts, probes: at({ ollama: origin }) })).toBeUndefined();
  expect(requestCount).toBe(0);
});

test('an aborted search finds nothing', async () => {
  const controller = new AbortController();
  const { origin } = await serve(() => controller.abort());
  const probes = at({ ollama: origin });
  expect(await detectModelServer({ ownPorts: [], probes, signal: controller.signal })).toBeUndefined();
});

test.each([
  [undefined, 'http://127.0.0.1:11434'],
  ['', 'http://127.0.0.1:11434'],
  ['localhost', 'http://localhost:11434'],
  ['10.0.0.5', 'http://10.0.0.5:11434'],
  ['10.0.0.5:1111', 'http://10.0.0.5:1111'],
  [':1111', 'http://127.0.0.1:1111'],
  ['0.0.0.0', 'http://127.0.0.1:11434'],
  ['0.0.0.0:1111', 'http://127.0.0.1:1111'],
  ['[::]:1111', 'http://127.0.0.1:1111'],
  ['::1', 'http://[::1]:11434'],
  ['[::1]', 'http://[::1]:11434'],
  ['http://ollama.lan', 'http://ollama.lan'],
  ['http://ollama.lan:1111/', 'http://ollama.lan:1111'],
  ['https://ollama.lan/box', 'https://ollama.lan/box'],
  ['ollama.lan/box', 'http://ollama.lan:11434/box'],
  [' "127.0.0.1:1111" ', 'http://127.0.0.1:1111'],
  ['not a host', 'http://127.0.0.1:11434'],
  ['host:99999', 'http://127.0.0.1:11434'],
])('OLLAMA_HOST=%s means %s', (ollamaHost, origin) => {
  expect(ollamaOrigin(ollamaHost)).toBe(origin);
  expect(modelServerProbes(ollamaHost)[0]).toMatchObject({ kind: 'ollama', origin, path: '/api/tags' });
});

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  running.push({ [Symbol.asyncDispose]: close });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

function json(body: unknown): RequestListener {
  return (_, response) =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
}

function tags(...names: string[]) {
  return {
    models: names.map((name) => ({ name, model: name, digest: 'a80c4f17acd5', size: 2_019_393_189 })),
  };
}

function models(owner: string, ...ids: string[]) {
  return { object: 'list', data: ids.map((id) => ({ id, object: 'model', created: 1, owned_by: owner })) };
}

/** The real probes, each sent to an address that the test chooses. Probes without one are left out. */
function at(origins: Partial<Record<ModelServerProbe['kind'], string>>): ModelServerProbe[] {
  return modelServerProbes().flatMap((probe) => {
    const origin = origins[probe.kind];
    return origin === undefined ? [] : [{ ...probe, origin }];
  });
}

function detect(origins: Partial<Record<ModelServerProbe['kind'], string>>) {
  return detectModelServer({ ownPorts: [], probes: at(origins) });
}

function detectEverywhere(origin: string) {
  return detect({ ollama: origin, 'lm-studio': origin, 'llama-server': origin, vllm: origin });
}
