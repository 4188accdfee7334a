import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { globalAgent, Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { urlToHttpOptions } from 'node:url';

/**
 * A `fetch` over node:http for the `openai` package, because the platform's own costs more than the rest of a
 * streamed call together: each piece of an answer passes web streams, and each call several abort signals.
 * It does what the package needs and no more: a string as the body, connections kept alive, the raw response
 * for whoever reads the stream. It follows no redirects.
 */
export function createHttpFetch(connectMaxMs: number): typeof fetch {
  const send = createSend(connectMaxMs);
  return async (input, init) => {
    const url = String(input);
    // The package passes on what the caller of `chat.completions.create` gave it, the exchange among it.
    const response = await send(url, init as unknown as HttpRequest);
    // The package reads a response by these members alone; a real one would bring the web streams back.
    return new HttpResponse(url, response) as unknown as Response;
  };
}

/**
 * The requests that are made for one answer, so that they can be counted and stopped. It travels through the
 * package as an additional fetch option, which spares the abort signals that would have to be combined.
 */
export class HttpExchange {
  #request: ClientRequest | undefined;
  #requests = 0;
  #isStopped = false;

  /** How many requests were sent. */
  get requests(): number {
    return this.#requests;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Closes the connection: waiting for the response, or reading it, fails; so does every further request. */
  stop(): void {
    this.#isStopped = true;
    this.#request?.destroy();
  }

  /** Takes up a request that is being sent. */
  start(request: ClientRequest): void {
    this.#request = request;
    if (this.#isStopped) request.destroy();
    else this.#requests++;
  }
}

/** What the package reads of a response. */
export class HttpResponse {
  readonly url: string;
  readonly status: number;
  readonly ok: boolean;
  readonly headers: Headers;
  /** The response itself, for reading a stream. */
  readonly incoming: IncomingMessage;

  constructor(url: string, incoming: IncomingMessage) {
    this.url = url;
    this.status = incoming.statusCode ?? 0;
    this.ok = this.status >= 200 && this.status < 300;
    // Node gives several values of one name as an array, which a Headers object joins by commas.
    this.headers = new Headers(incoming.headers as Record<string, string>);
    this.incoming = incoming;
  }

  /** The body as text, which the package asks for where the status is an error's; at most 64 Ki characters. */
  async text(): Promise<string> {
    let text = '';
    this.incoming.setEncoding('utf8');
    for await (const chunk of this.incoming) {
      text += chunk;
      if (text.length > ERROR_TEXT_MAX) break;
    }
    return text.slice(0, ERROR_TEXT_MAX);
  }
}

/** The fetch options that the package sets, and ours. */
interface HttpRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly exchange: HttpExchange;
}

/** Enough of an error's body to know the reason. */
const ERROR_TEXT_MAX = 64 * 1024;

/** A connection without traffic is probed after this, so that a host that vanished is noticed. */
const KEEP_ALIVE_PROBE_MS = 15_000;

function createSend(connectMaxMs: number) {
  const optionsOf = createRequestOptions();

  return function send(url: string, sent: HttpRequest, isRepeated = false): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = optionsOf(url);
      const headers: Record<string, string | number> = Object.fromEntries(sent.headers);
      headers['content-length'] = Buffer.byteLength(sent.body);
      const start = options.protocol === 'https:' ? requestHttps : requestHttp;
      const request = start({ ...options, method: sent.method, headers });
      let isAnswered = false;
      request.on('response', (response) => {
        isAnswered = true;
        resolve(response);
      });
      request.on('socket', (socket) => boundConnecting(socket, connectMaxMs));
      request.on('error', (error: NodeJS.ErrnoException) => {
        // From then on the response itself tells how it breaks.
        if (isAnswered) return;
        // The server closed an idle connection in the moment it was taken up again: that says nothing of it.
        const isStale = request.reusedSocket && error.code === 'ECONNRESET' && !isRepeated;
        if (isStale && !sent.exchange.isStopped) resolve(send(url, sent, true));
        else reject(error);
      });
      sent.exchange.start(request);
      request.end(sent.body);
    });
  };
}

/** The part of a request's options that follows from its address, worked out once for each. */
function createRequestOptions() {
  // A proxy is the platform's setting: Node puts what the environment says into its global agent alone.
  const { proxyEnv } = globalAgent.options;
  const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, proxyEnv };
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  const known = new Map<string, ReturnType<typeof urlToHttpOptions> & { agent: HttpAgent }>();

  return (url: string) => {
    const before = known.get(url);
    if (before) return before;
    const address = urlToHttpOptions(new URL(url));
    const made = { ...address, agent: address.protocol === 'https:' ? https : http };
    known.set(url, made);
    return made;
  };
}

/** A connection that does not come about, its TLS handshake included, is given up. */
function boundConnecting(socket: Socket, connectMaxMs: number): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => socket.destroy(new Error('the connection took too long')), connectMaxMs);
  const clear = () => clearTimeout(timer);
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', clear).once('close', clear);
}
