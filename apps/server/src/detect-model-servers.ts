/** A model server that already runs on this machine. */
export interface ModelServer {
  kind: 'ollama' | 'lm-studio' | 'llama-server' | 'vllm';
  /** The address of its Chat Completions API, without a slash at the end. */
  baseUrl: string;
  /** The first chat model in its list. */
  model: string;
}

/** The addresses at which model servers are looked for. */
export interface DetectModelServerOptions {
  /** The ports that Parley itself listens on; they are not probed. */
  ownPorts: readonly number[];
  /** The value of `OLLAMA_HOST` in any form that Ollama accepts: `host`, `host:port`, `:port`, a URL, `0.0.0.0`. */
  ollamaHost?: string | undefined;
  /** The requests to send, in order of preference. Default: `modelServerProbes(ollamaHost)`. */
  probes?: readonly ModelServerProbe[];
  signal?: AbortSignal;
}

/** A request that finds out whether a model server listens at an address. */
export interface ModelServerProbe {
  kind: ModelServer['kind'];
  /** Scheme, host and port, and a path behind a proxy. No slash at the end. */
  origin: string;
  /** The path of the list of models, below `origin`. */
  path: string;
  /** Returns the names in the response, or none if a server of another kind sent it. */
  modelsIn(body: unknown): string[];
}

/**
 * Finds a model server that already runs on this machine. All probes are sent at once and have 300 milliseconds each; the
 * first of the list that succeeds wins. Embedding models are skipped. Never rejects: an address that does not answer as
 * expected is not a model server.
 */
export async function detectModelServer(options: DetectModelServerOptions): Promise<ModelServer | undefined> {
  const { ownPorts, ollamaHost, probes = modelServerProbes(ollamaHost), signal } = options;
  const foreign = probes.filter(({ origin }) => !ownPorts.includes(portOf(origin)));
  const found = await Promise.all(foreign.map((probe) => ask(probe, signal)));
  return found.find((server) => server !== undefined);
}

/** Returns the probes for common model servers at their default ports, in order of preference. */
export function modelServerProbes(ollamaHost?: string): ModelServerProbe[] {
  const list = '/v1/models';
  return [
    { kind: 'ollama', origin: ollamaOrigin(ollamaHost), path: '/api/tags', modelsIn: ollamaModels },
    { kind: 'lm-studio', origin: 'http://127.0.0.1:1234', path: list, modelsIn: openaiModels() },
    { kind: 'llama-server', origin: 'http://127.0.0.1:8080', path: list, modelsIn: openaiModels('llamacpp') },
    { kind: 'vllm', origin: 'http://127.0.0.1:8000', path: list, modelsIn: openaiModels('vllm') },
  ];
}

/** Returns the address that `OLLAMA_HOST` means. An unreadable value counts as not set. */
export function ollamaOrigin(ollamaHost = ''): string {
  const given = ollamaHost.trim().replace(/^["']|["']$/g, '');
  const withScheme = /^https?:\/\//i.test(given) ? given : `http://${withPort(given)}`;
  if (given === '' || !URL.canParse(withScheme)) return 'http://127.0.0.1:11434';
  const url = new URL(withScheme);
  // A server can listen on these addresses, but a client cannot call them.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Adds Ollama's default port where none is given. A bare `:port` means this machine. */
function withPort(hostAndPath: string): string {
  const slash = hostAndPath.indexOf('/');
  const [host, path] =
    slash < 0 ? [hostAndPath, ''] : [hostAndPath.slice(0, slash), hostAndPath.slice(slash)];
  const named = host.startsWith(':') && !host.startsWith('::') ? `127.0.0.1${host}` : host;
  const bracketed = /^[0-9a-f:]*::[0-9a-f:]*$/i.test(named) ? `[${named}]` : named;
  return /:\d+$/.test(bracketed) ? `${bracketed}${path}` : `${bracketed}:11434${path}`;
}

async function ask(probe: ModelServerProbe, signal?: AbortSignal): Promise<ModelServer | undefined> {
  const timeout = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  try {
    const response = await fetch(`${probe.origin}${probe.path}`, {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const text = await textOf(response);
    const model = response.ok ? probe.modelsIn(JSON.parse(text)).find(canChat) : undefined;
    return model === undefined ? undefined : { kind: probe.kind, baseUrl: `${probe.origin}/v1`, model };
  } catch {
    return undefined;
  }
}

/** A local server answers at once, unless it is too busy to be useful. */
const PROBE_TIMEOUT_MS = 300;
/** Enough for a thousand models. A longer response does not come from a model server. */
const ANSWER_BYTES_MAX = 1024 * 1024;

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  // The throw ends the loop, which cancels the rest of the response.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > ANSWER_BYTES_MAX) throw new Error('too long for a list of models');
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function ollamaModels(body: unknown): string[] {
  return (
    entriesOf(body, 'models')
      .filter((entry) => typeof entry['digest'] === 'string' && typeof entry['size'] === 'number')
      // A model with a remote host runs in a cloud and needs an account.
      .filter((entry) => !entry['remote_host'])
      .flatMap((entry) => (typeof entry['name'] === 'string' ? [entry['name']] : []))
  );
}

/** Many programs listen on 8080 and 8000. A list from another owner does not count there. */
function openaiModels(owner?: string): (body: unknown) => string[] {
  return (body) =>
    entriesOf(body, 'data')
      .filter((entry) => entry['object'] === 'model')
      .filter((entry) => owner === undefined || entry['owned_by'] === owner)
      .flatMap((entry) => (typeof entry['id'] === 'string' ? [entry['id']] : []));
}

function entriesOf(body: unknown, field: string): Record<string, unknown>[] {
  const list = isRecord(body) ? body[field] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function canChat(name: string): boolean {
  return name !== '' && !/embed/i.test(name);
}

function portOf(origin: string): number {
  const { port, protocol } = new URL(origin);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
