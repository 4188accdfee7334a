import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { guardedLookup, problemOfToolUrl, type ToolAddresses } from './tool-address.ts';
import { ToolFailure } from './tool-failure.ts';

/** A JSON request to a tool, with its limits. */
export interface JsonPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The time limit of a call, from the DNS lookup to the last byte. */
  readonly timeoutMs: number;
  readonly responseBytesMax: number;
  /** Closes the connection at once. */
  readonly signal: AbortSignal;
}

interface TextRequest extends Omit<JsonPost, 'body'> {
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

/**
 * Creates the function that posts to tools and returns the text of their responses.
 *
 * It rejects only with a ToolFailure.
 */
export function createPostJson(addresses: ToolAddresses): (post: JsonPost) => Promise<string> {
  const requestText = createRequestText(addresses);
  return (post) =>
    requestText({ ...post, method: 'POST', headers: { ...post.headers, ...headersOf(post.body) } });
}

/**
 * Creates the function that gets a JSON text from an address that a team has set, under the same rules as the
 * addresses of tools.
 *
 * It rejects only with a ToolFailure.
 */
export function createFetchText(
  addresses: ToolAddresses,
): (get: Pick<JsonPost, 'url' | 'timeoutMs' | 'responseBytesMax'>) => Promise<string> {
  const requestText = createRequestText(addresses);
  const { signal } = new AbortController();
  return (get) =>
    requestText({ ...get, method: 'GET', signal, headers: { ...OWN_HEADERS, accept: 'application/json' } });
}

const OWN_HEADERS = { 'accept-encoding': 'identity', 'user-agent': 'Parley' } as const;

/**
 * A connection is made for each request, to an address that was just checked, without a proxy (which would resolve
 * the name again). Redirects are not followed, and compressed responses are not decompressed.
 */
function createRequestText(addresses: ToolAddresses): (request: TextRequest) => Promise<string> {
  const agents = { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) };
  const lookup = guardedLookup(addresses);

  return async function requestText({ method, url, headers, body, timeoutMs, responseBytesMax, signal }) {
    if (problemOfToolUrl(url, addresses)) throw new ToolFailure('refused_address');
    if (signal.aborted) throw new ToolFailure('stopped');
    const isPlain = url.toLowerCase().startsWith('http:');
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const start = isPlain ? requestHttp : requestHttps;
    const request = start(url, { method, headers, agent: isPlain ? agents.http : agents.https, lookup });
    const stop = () => reject(new ToolFailure('stopped'));
    const timer = setTimeout(() => reject(new ToolFailure('timeout')), timeoutMs);
    signal.addEventListener('abort', stop);
    request.on('error', (error) => reject(failureOf(error)));
    request.on('response', (response) => readText(response, responseBytesMax).then(resolve, reject));
    request.end(body);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      request.destroy();
    }
  };
}

function headersOf(body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...OWN_HEADERS,
  };
}

async function readText(response: IncomingMessage, bytesMax: number): Promise<string> {
  // A connection that is closed on purpose emits another error, which has no listener.
  response.on('error', () => undefined);
  const { statusCode: status = 0, headers } = response;
  if (status >= 300 && status < 400) throw new ToolFailure('redirect', { status });
  if (status < 200 || status > 299) {
    throw new ToolFailure('status', { status, detail: `It answered with status ${status}.` });
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new ToolFailure('unreadable');
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new ToolFailure('too_large');
      chunks.push(chunk);
    }
  } catch (error) {
    throw failureOf(error);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function failureOf(error: unknown): ToolFailure {
  return error instanceof ToolFailure ? error : new ToolFailure('unreachable', { cause: error });
}
