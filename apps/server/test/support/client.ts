import type { AppRouter } from '@parley/api';
import type { ErrorEnvelope } from '@parley/contract';
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client';
import { checkRestAnswer } from './answer-check.ts';
import { checkTrpcAnswer } from './trpc-check.ts';

export interface RestRequest {
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with `headers` alone to say what it is. */
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

export interface RestAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON that was answered; undefined when there was no body. */
  readonly body: Body;
  /** The same, where it is a rejection. */
  readonly apiError: ErrorEnvelope;
}

/**
 * Sends a request as any HTTP client would, and holds whatever comes back against the OpenAPI document: an
 * undocumented status or a body that does not fit fails the test that got it.
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
  // The document has just been held against it; the caller names the type that it describes.
  return { status, headers, text, body: parsed as Body, apiError: parsed as ErrorEnvelope };
}

/** The stock tRPC client; each answer is also held against tRPC's shapes and our envelope. */
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
  // tRPC's own name for these options is looser than fetch's, in ways it does not use.
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
