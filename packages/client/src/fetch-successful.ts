import type { ErrorEnvelope } from '@parley/contract';
import { networkError, ParleyError, retryAfterOf } from './parley-error.ts';

/**
 * Sends a request that does not go through tRPC and returns its successful response.
 *
 * @throws ParleyError of the server; `network` if the server cannot be reached
 */
export async function fetchSuccessful(send: typeof fetch, url: string, init: RequestInit): Promise<Response> {
  const response = await send(url, init).catch((cause: unknown) => {
    // A source of credentials has failed; its error says more.
    if (cause instanceof Error && cause.name === 'CredentialError') throw cause;
    throw networkError(cause);
  });
  if (response.ok) return response;
  const { status } = response;
  const retryAfterMs = retryAfterOf(response);
  const error = (await response.json().catch(() => undefined)) as ErrorEnvelope | undefined;
  if (!error?.code) throw networkError(undefined, { status, retryAfterMs });
  const { code, message, requestId, issues } = error;
  throw new ParleyError(code, message, { status, requestId, retryAfterMs, issues });
}
