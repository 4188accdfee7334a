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

/** The HTTP request of one call of the model. It can be stopped, and reports whether it was sent. */
export class HttpExchange implements ModelCall {
  /** Whether the request needs a new connection. */
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

  /** The server closed an idle connection while the request was being sent: this is not a failure of the request. */
  get wasIdleClosed(): boolean {
    return this.#wasIdleClosed;
  }

  /** Closes the connection. Waiting for the response, or reading it, fails. */
  stop(): void {
    this.#isStopped = true;
    this.#request?.destroy();
  }

  /** Registers the request that is being sent. */
  start(request: ClientRequest): void {
    this.#request = request;
    if (this.#isStopped) request.destroy();
    else this.#wasSent = true;
  }

  /** Notes that the request failed before a response. */
  fail(error: NodeJS.ErrnoException): void {
    this.#wasIdleClosed =
      this.#request?.reusedSocket === true && error.code === 'ECONNRESET' && !this.#isStopped;
  }
}

/** The address of requests, and their headers except the length. */
export interface RequestTarget {
  readonly options: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a body. Rejects if there is no response. */
export type Send = (target: RequestTarget, body: string, exchange: HttpExchange) => Promise<IncomingMessage>;

/** The body of an error response as text, at most 64 Ki characters. */
export async function readErrorText(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += chunk;
    if (text.length > ERROR_TEXT_MAX) break;
  }
  return text.slice(0, ERROR_TEXT_MAX);
}

/** Enough of an error's body to identify the reason. */
const ERROR_TEXT_MAX = 64 * 1024;

/** A connection without traffic is probed after this time, so that a vanished host is noticed. */
const KEEP_ALIVE_PROBE_MS = 15_000;

/**
 * Sends requests with node:http, because the platform's `fetch` costs more than the rest of a streamed call: each
 * piece of an answer passes through web streams, and each call creates several abort signals. Connections are kept
 * alive, and redirects are not followed.
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
        // From here on, the response emits the errors of the connection.
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
  // The proxy is a setting of the platform: Node reads it from the environment only for its global agent.
  const { proxyEnv } = globalAgent.options;
  const kept = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, proxyEnv };
  const once = { keepAlive: false, proxyEnv };
  return {
    http: { kept: new HttpAgent(kept), once: new HttpAgent(once) },
    https: { kept: new HttpsAgent(kept), once: new HttpsAgent(once) },
  };
}

/** The time limit for connecting, including the TLS handshake. */
function boundConnecting(socket: Socket, connectMaxMs: number): void {
  if (!socket.connecting) return;
  const timer = setTimeout(() => socket.destroy(tooLong()), connectMaxMs);
  const clear = () => clearTimeout(timer);
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', clear).once('close', clear);
}

function tooLong(): Error {
  return Object.assign(new Error('the connection took too long'), { code: 'ETIMEDOUT' });
}
