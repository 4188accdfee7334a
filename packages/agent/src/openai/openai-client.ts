import type { IncomingMessage } from 'node:http';
import OpenAI, { APIError } from 'openai';
import { UnsendableRequest } from './broken-call.ts';
import { createHttpFetch, type HttpExchange, type HttpResponse } from './http-fetch.ts';

/** Where an API is, and with what key. */
export interface OpenAiEndpoint {
  /** With `/v1`; absent means OpenAI itself. */
  readonly baseUrl?: string | undefined;
  /** May be empty for a server that asks for none. */
  readonly apiKey: string;
}

/** The package's client for an endpoint, with our own HTTP below it and without its retries. */
export function createOpenAiClient(endpoint: OpenAiEndpoint, connectMaxMs: number): OpenAI {
  return new OpenAI({
    // An address and credentials are always given, so that the package looks for none in the environment.
    baseURL: endpoint.baseUrl ?? 'https://api.openai.com/v1',
    apiKey: endpoint.apiKey || 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    fetch: createHttpFetch(connectMaxMs),
    // Repeating is decided above the port: within the answer's whole time, after broken streams too, and counted.
    maxRetries: 0,
    timeout: TIMEOUT_NEVER_MS,
    logLevel: 'off',
  });
}

/**
 * Sends a request, and gives the response whose body is to be read.
 *
 * @throws APIError of the package; UnsendableRequest
 */
export async function sendOver(
  exchange: HttpExchange,
  create: (options: OpenAI.RequestOptions) => { asResponse(): Promise<Response> },
): Promise<IncomingMessage> {
  try {
    // The package hands fetch options on as they are; this one is read by our own fetch.
    const fetchOptions = { exchange } as NonNullable<OpenAI.RequestOptions['fetchOptions']>;
    const response = await create({ fetchOptions }).asResponse();
    // Our own fetch made it. Reading it by hand costs a third of the package's stream.
    return (response as unknown as HttpResponse).incoming;
  } catch (error) {
    if (error instanceof APIError) throw error;
    // Its message may quote a header, the key's among them.
    throw new UnsendableRequest('the request could not be sent: the key or the address is malformed');
  }
}

/** The longest a timer takes: the bounds of an answer are held above the port. */
const TIMEOUT_NEVER_MS = 2 ** 31 - 1;
