/** A server of models that somebody already runs here. */
export interface ModelServer {
  kind: 'ollama' | 'lm-studio' | 'llama-server' | 'vllm';
  /** Of its Chat Completions API, without a slash at the end. */
  baseUrl: string;
  /** The first chat model it names. */
  model: string;
}

export interface DetectModelServerOptions {
  /** Ports Parley itself listens on: whatever answers there is no model server. */
  ownPorts: readonly number[];
  /** The value of `OLLAMA_HOST`, in any form Ollama takes: `host`, `host:port`, `:port`, a URL, `0.0.0.0`. */
  ollamaHost?: string | undefined;
  /** What is asked, the preferred first. Default: `modelServerProbes(ollamaHost)`. */
  probes?: readonly ModelServerProbe[];
  signal?: AbortSignal;
}

/** One question to one address. */
export interface ModelServerProbe {
  kind: ModelServer['kind'];
  /** Scheme, host and port; behind a proxy, a path too. No slash at the end. */
  origin: string;
  /** Under `origin`: where the models are listed. */
  path: string;
  /** The names in the list, or nothing when the answer is not what this kind of server says. */
  modelsIn(body: unknown): string[];
}

/**
 * Looks whether somebody already runs a model server on this machine. All are asked at once, each has
 * 300 milliseconds, and of those that answer the first in the list counts. A model that only makes embeddings
 * is passed over. Never throws: whatever does not answer properly is not a model server.
 */
export async function detectModelServer(options: DetectModelServerOptions): Promise<ModelServer | undefined> {
  const { ownPorts, ollamaHost, probes = modelServerProbes(ollamaHost), signal } = options;
  const foreign = probes.filter(({ origin }) => !ownPorts.includes(portOf(origin)));
  const found = await Promise.all(foreign.map((probe) => ask(probe, signal)));
  return found.find((server) => server !== undefined);
}

/** The servers people run, at the ports they come with, in order of preference. */
export function modelServerProbes(ollamaHost?: string): ModelServerProbe[] {
  const list = '/v1/models';
  return [
    { kind: 'ollama', origin: ollamaOrigin(ollamaHost), path: '/api/tags', modelsIn: ollamaModels },
    { kind: 'lm-studio', origin: 'http://127.0.0.1:1234', path: list, modelsIn: openaiModels() },
    { kind: 'llama-server', origin: 'http://127.0.0.1:8080', path: list, modelsIn: openaiModels('llamacpp') },
    { kind: 'vllm', origin: 'http://127.0.0.1:8000', path: list, modelsIn: openaiModels('vllm') },
  ];
}

/** Where Ollama listens, given its own variable. What cannot be read counts as not set. */
export function ollamaOrigin(ollamaHost = ''): string {
  const given = ollamaHost.trim().replace(/^["']|["']$/g, '');
  const withScheme = /^https?:\/\//i.test(given) ? given : `http://${withPort(given)}`;
  if (given === '' || !URL.canParse(withScheme)) return 'http://127.0.0.1:11434';
  const url = new URL(withScheme);
  // These mean "listen everywhere" and are no address to call.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Ollama's port goes after the host, where none is given; a bare `:port` is this machine's. */
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
    // Nobody there, too slow, not JSON, aborted: all the same to the caller.
    return undefined;
  }
}

/** A server on this machine answers at once or is too busy to be of use. */
const PROBE_TIMEOUT_MS = 300;
/** Room for a thousand models; a stranger's endless page is cut off. */
const ANSWER_BYTES_MAX = 1024 * 1024;

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  // Leaving the loop by the throw cancels the rest of the answer.
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
      // An entry with a remote host runs in somebody's cloud, with an account.
      .filter((entry) => !entry['remote_host'])
      .flatMap((entry) => (typeof entry['name'] === 'string' ? [entry['name']] : []))
  );
}

/** Many things listen on 8080 and 8000: where a server says who it is, another one's list does not count. */
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
