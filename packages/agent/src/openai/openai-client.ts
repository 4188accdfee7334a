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

/** Where an API is, and with what key. */
export interface OpenAiEndpoint {
  /** With `/v1`; absent means OpenAI itself. */
  readonly baseUrl?: string | undefined;
  /** May be empty for a server that asks for none. */
  readonly apiKey: string;
}

/**
 * Sends the requests of one API to one server. They differ in their bodies alone, so the package is asked once for
 * address and headers.
 */
export class OpenAiClient {
  readonly #openai: OpenAI;
  readonly #path: string;
  readonly #send: Send;
  #target: RequestTarget | undefined;

  /** `path` is the API's below the server's address. */
  constructor(endpoint: OpenAiEndpoint, path: string, connectMaxMs: number) {
    this.#openai = new OpenAI({
      // An address and credentials are always given, so that the package looks for none in the environment.
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
   * Gives the response whose body is to be read.
   *
   * @throws APIError of the package; UnsendableRequest
   */
  async send(body: object, exchange: HttpExchange): Promise<IncomingMessage> {
    this.#target ??= await this.#findTarget();
    let response: IncomingMessage;
    try {
      response = await this.#send(this.#target, JSON.stringify(body), exchange);
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
      // Its message may quote a header, the key's among them.
      throw new UnsendableRequest('the request could not be sent: the key or the address is malformed');
    }
  }
}

/** The package's error for a response without an answer. */
async function statusError(status: number, response: IncomingMessage): Promise<APIError> {
  // Node gives several values of one name as an array, which a Headers object joins by commas.
  const headers = new Headers(response.headers as Record<string, string>);
  const error = bodyOf(await readErrorText(response).catch(() => ''));
  return APIError.generate(status, { error }, undefined, headers);
}

/** The message of a body: from its JSON, or the text itself unless it is a page. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return /^\s*</.test(text) ? undefined : text;
  }
}
