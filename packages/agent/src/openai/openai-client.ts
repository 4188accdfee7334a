import type { IncomingMessage } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import OpenAI, { APIConnectionError, APIError } from 'openai';
import { UnsendableRequest } from './broken-call.ts';
import {
  createSend,
  type HttpExchange,
  type RequestTarget,
  readErrorText,
  type Send,
} from './http-request.ts';

/** The address of an API, and its key. */
export interface OpenAiEndpoint {
  /** With `/v1`; absent means OpenAI itself. */
  readonly baseUrl?: string | undefined;
  /** Empty for a server that needs none. */
  readonly apiKey: string;
}

/**
 * Sends the requests of one API to one server. Only their bodies differ, so the package builds address and headers
 * once.
 */
export class OpenAiClient {
  readonly #openai: OpenAI;
  readonly #path: string;
  readonly #send: Send;
  #target: Promise<RequestTarget> | undefined;

  /** `path` is relative to the server's base URL. */
  constructor(endpoint: OpenAiEndpoint, path: string, connectMaxMs: number) {
    this.#openai = new OpenAI({
      // An address and credentials are always passed, so that the package does not read them from the environment.
      baseURL: endpoint.baseUrl ?? 'https://api.openai.com/v1',
      apiKey: endpoint.apiKey || 'none',
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
    });
    this.#path = path;
    this.#send = createSend(connectMaxMs);
  }

  /**
   * Returns the response, whose body is not read yet.
   *
   * @throws APIError of the package; UnsendableRequest
   */
  async send(body: object, exchange: HttpExchange): Promise<IncomingMessage> {
    this.#target ??= this.#findTarget();
    const target = await this.#target;
    let response: IncomingMessage;
    try {
      response = await this.#send(target, JSON.stringify(body), exchange);
    } catch (error) {
      throw new APIConnectionError(error instanceof Error ? { cause: error } : {});
    }
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode >= 300) throw await statusError(statusCode, response);
    return response;
  }

  async #findTarget(): Promise<RequestTarget> {
    try {
      const asked = { method: 'post', path: this.#path, body: {}, stream: true } as const;
      const { req, url } = await this.#openai.buildRequest(asked);
      const { 'content-length': _, ...headers } = Object.fromEntries(req.headers);
      return { options: urlToHttpOptions(new URL(url)), headers };
    } catch {
      // The error's message may quote a header, including the key.
      throw new UnsendableRequest('the request could not be sent: the key or the address is malformed');
    }
  }
}

/** The package's error for a response without an answer. */
async function statusError(status: number, response: IncomingMessage): Promise<APIError> {
  // Node gives several values of one name as an array; a Headers object joins them with commas.
  const headers = new Headers(response.headers as Record<string, string>);
  const error = bodyOf(await readErrorText(response).catch(() => ''));
  return APIError.generate(status, { error }, undefined, headers);
}

/** The message in a body: from its JSON, or the text itself unless it is an HTML page. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return /^\s*</.test(text) ? undefined : text;
  }
}
