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
import type { ModelCall } from '../model/model.ts';

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
    const request = init as unknown as HttpRequest;
    const response = await send(url, request);
    // The package reads a response by these members alone; a real one would bring the web streams back.
    return new HttpResponse(url, response, request.exchange) as unknown as Response;
  };
}

/**
 * The HTTP request of one call of the model. It travels through the package as an additional fetch option, which spares
 * the abort signals that would have to be combined.
 */
export class HttpExchange implements ModelCall {
  /** Whether the request is made over a connection of its own. */
  readonly needsNewConnection: boolean;
  #request: ClientRequest | undefined;
  #wasSent = false;
  #isStopped = false;
  #wasIdleClosed = false;
  /** The body of an answer whose status is an error's. */
  errorText = '';

  constructor(needsNewConnection: boolean) {
    this.needsNewConnection = needsNewConnection;
  }

  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** The server closed an idle connection in the moment it was taken up again: that says nothing of the request. */
  get wasIdleClosed(): boolean {
    return this.#wasIdleClosed;
  }

  /** Closes the connection: waiting for the response, or reading it, fails. */
  stop(): void {
    this.#isStopped = true;
    this.#request?.destroy();
  }

  /** Takes up the request that is being sent. */
  start(request: ClientRequest): void {
    this.#request = request;
    if (this.#isStopped) request.destroy();
    else this.#wasSent = true;
  }

  /** Notes that the request failed before anything was answered. */
  fail(error: NodeJS.ErrnoException): void {
    this.#wasIdleClosed =
      this.#request?.reusedSocket === true && error.code === 'ECONNRESET' && !this.#isStopped;
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
  readonly #exchange: HttpExchange;

  constructor(url: string, incoming: IncomingMessage, exchange: HttpExchange) {
    this.#exchange = exchange;
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
    this.#exchange.errorText = text.slice(0, ERROR_TEXT_MAX);
    return this.#exchange.errorText;
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

  return function send(url: string, sent: HttpRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = optionsOf(url, sent.exchange.needsNewConnection);
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
        sent.exchange.fail(error);
        reject(error);
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
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, proxyEnv };
  const once = { keepAlive: false, proxyEnv };
  const http = { kept: new HttpAgent(kept), once: new HttpAgent(once) };
  const https = { kept: new HttpsAgent(kept), once: new HttpsAgent(once) };
  const known = new Map<string, ReturnType<typeof urlToHttpOptions>>();

  return (url: string, needsNewConnection: boolean) => {
    const address = known.get(url) ?? urlToHttpOptions(new URL(url));
    known.set(url, address);
    const agents = address.protocol === 'https:' ? https : http;
    return { ...address, agent: needsNewConnection ? agents.once : agents.kept };
  };
}

/** A connection that does not come about, its TLS handshake included, is given up. */
function boundConnecting(socket: Socket, connectMaxMs: number): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => socket.destroy(tooLong()), connectMaxMs);
  const clear = () => clearTimeout(timer);
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', clear).once('close', clear);
}

function tooLong(): Error {
  return Object.assign(new Error('the connection took too long'), { code: 'ETIMEDOUT' });
}
