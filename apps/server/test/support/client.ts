import type { AppRouter } from '@parley/api';
import type { ErrorEnvelope } from '@parley/contract';
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client';
import { checkRestAnswer } from './answer-check.ts';
import { checkTrpcAnswer } from './trpc-check.ts';

export interface RestRequest {
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** The JSON body. */
  readonly body?: unknown;
  /** A body that is sent unchanged. Only `headers` name its type. */
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

export interface RestAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the response; undefined if there is no body. */
  readonly body: Body;
  /** The body as an error. */
  readonly apiError: ErrorEnvelope;
}

/**
 * Sends a request like any HTTP client and checks the response against the OpenAPI document. An undocumented status,
 * or a body that does not fit, fails the test.
 */
export async function rest<Body>(
  baseUrl: string,
  method: string,
  path: string,
  request: RestRequest = {},
): Promise<RestAnswer<Body>> {
  const query = request.query ? `?${new URLSearchParams(request.query)}` : '';
  const body = request.rawBody ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const response = await fetch(`${baseUrl}${path}${query}`, {
    method,
    headers: {
      ...(request.key !== undefined && { 'x-api-key': request.key }),
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(body !== undefined && { body }),
    ...(request.signal && { signal: request.signal }),
  });
  const { status, headers } = response;
  const text = await response.text();
  checkRestAnswer({ method, target: `${path}${query}`, status, headers, text });
  const parsed: unknown = isJson(headers) && text !== '' ? JSON.parse(text) : undefined;
  // The response has just been checked against the document; the caller names its type.
  return { status, headers, text, body: parsed as Body, apiError: parsed as ErrorEnvelope };
}

/** The stock tRPC client. Each response is also checked against tRPC's shapes and the envelope. */
export function trpcClient(baseUrl: string, key?: string): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${baseUrl}/trpc`,
        headers: key === undefined ? {} : { 'x-api-key': key },
        fetch: checkedFetch,
      }),
    ],
  });
}

/** `fetch` for a tRPC link without batches. */
export const checkedFetch = async (input: string | URL | Request, init?: object): Promise<Response> => {
  // tRPC's type of these options is wider than fetch's.
  const options = init as RequestInit | undefined;
  const response = await fetch(input, options);
  const text = await response.clone().text();
  checkTrpcAnswer({
    method: options?.method ?? 'GET',
    target: String(input),
    status: response.status,
    headers: response.headers,
    text,
  });
  return response;
};

function isJson(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/json') ?? false;
}
