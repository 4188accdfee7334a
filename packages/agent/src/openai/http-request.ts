import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { globalAgent, Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ModelCall } from '../model/model.ts';

/** The HTTP request of one call of the model: it can be stopped, and tells whether it was sent. */
export class HttpExchange implements ModelCall {
  /** Whether the request is made over a connection of its own. */
  readonly needsNewConnection: boolean;
  #request: ClientRequest | undefined;
  #wasSent = false;
  #isStopped = false;
  #wasIdleClosed = false;

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

/** Where requests go, and with which headers beside their length. */
export interface RequestTarget {
  readonly options: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a body. Rejects when no response comes. */
export type Send = (target: RequestTarget, body: string, exchange: HttpExchange) => Promise<IncomingMessage>;

/** The body of an error's response as text, at most 64 Ki characters of it. */
export async function readErrorText(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += chunk;
    if (text.length > ERROR_TEXT_MAX) break;
  }
  return text.slice(0, ERROR_TEXT_MAX);
}

/** Enough of an error's body to know the reason. */
const ERROR_TEXT_MAX = 64 * 1024;

/** A connection without traffic is probed after this, so that a host that vanished is noticed. */
const KEEP_ALIVE_PROBE_MS = 15_000;

/**
 * Sends requests over node:http, because the platform's `fetch` costs more than the rest of a streamed call together:
 * each piece of an answer passes web streams, and each call several abort signals. Connections are kept alive, and no
 * redirect is followed.
 */
export function createSend(connectMaxMs: number): Send {
  const agents = createAgents();

  return function send({ options, headers }, body, exchange) {
    return new Promise((resolve, reject) => {
      const isSecure = options.protocol === 'https:';
      const agent = (isSecure ? agents.https : agents.http)[exchange.needsNewConnection ? 'once' : 'kept'];
      const request = (isSecure ? requestHttps : requestHttp)({
        ...options,
        agent,
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      });
      let isAnswered = false;
      request.on('response', (response) => {
        isAnswered = true;
        resolve(response);
      });
      request.on('socket', (socket) => boundConnecting(socket, connectMaxMs));
      request.on('error', (error: NodeJS.ErrnoException) => {
        // From then on the response itself tells how it breaks.
        if (isAnswered) return;
        exchange.fail(error);
        reject(error);
      });
      exchange.start(request);
      request.end(body);
    });
  };
}

function createAgents() {
  // A proxy is the platform's setting: Node puts what the environment says into its global agent alone.
  const { proxyEnv } = globalAgent.options;
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, proxyEnv };
  const once = { keepAlive: false, proxyEnv };
  return {
    http: { kept: new HttpAgent(kept), once: new HttpAgent(once) },
    https: { kept: new HttpsAgent(kept), once: new HttpsAgent(once) },
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
