import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { guardedLookup, problemOfToolUrl, type ToolAddresses } from './tool-address.ts';
import { ToolFailure } from './tool-failure.ts';

/** A JSON request to a tool, with its limits. */
export interface JsonPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the look-up of the name to the last byte. */
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
 * Makes the function that posts to tools and answers with the text they give.
 *
 * It rejects with a ToolFailure and nothing else.
 */
export function createPostJson(addresses: ToolAddresses): (post: JsonPost) => Promise<string> {
  const requestText = createRequestText(addresses);
  return (post) =>
    requestText({ ...post, method: 'POST', headers: { ...post.headers, ...headersOf(post.body) } });
}

/**
 * Makes the function that gets a JSON text from an address that a team has set, under the rules for tools' addresses.
 *
 * It rejects with a ToolFailure and nothing else.
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
 * A connection is made for each request, to an address that was just checked, past any proxy (which would look the name
 * up by itself). Redirects are not followed, and nothing packed is unpacked.
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
  // A connection that is closed on purpose tells so once more, when nobody listens.
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
