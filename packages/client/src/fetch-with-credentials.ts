import type { ErrorCode } from '@parley/contract';
import type { CredentialPair, Credentials } from './credentials.ts';
import { rejectedCredential } from './credentials.ts';
import { envelopeOfErrorData } from './parley-error.ts';

/**
 * Wraps `fetch`: adds the API key and the user token as headers. After a 401 it renews the rejected
 * credential and repeats the request, at most once for each of the two.
 */
export function fetchWithCredentials(credentials: Credentials, send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const attempt = ({ key, userToken }: CredentialPair) => {
      const headers = new Headers(init?.headers);
      headers.set('x-api-key', key);
      if (userToken !== undefined) headers.set('x-user-token', userToken);
      return send(input, { ...init, headers });
    };
    let shown = await credentials.current();
    // If the user changed while the token was fetched, the former user's requests are aborted.
    init?.signal?.throwIfAborted();
    let response = await attempt(shown);
    const renewed = new Set<'key' | 'user'>();
    while (response.status === 401) {
      const part = await rejectedCredentialOf(response);
      const next = renewed.has(part) ? undefined : await credentials.renew(part, shown);
      if (next === undefined) return response;
      renewed.add(part);
      // An unread body would keep its connection open.
      await response.body?.cancel();
      shown = next;
      response = await attempt(shown);
    }
    return response;
  };
}

/** Returns the rejected credential: the API key, unless the server names the user token. */
async function rejectedCredentialOf(response: Response): Promise<'key' | 'user'> {
  if (!response.headers.get('content-type')?.includes('json')) return 'key';
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  // All calls of a batch have the same credentials, so the first error is enough.
  const answer: unknown = Array.isArray(body) ? body[0] : body;
  const { error, code } = (answer ?? {}) as { error?: { data?: unknown }; code?: ErrorCode };
  // Calls have the envelope in the data of their error; REST responses are the envelope.
  return rejectedCredential(envelopeOfErrorData(error?.data)?.code ?? code ?? 'unauthorized') ?? 'key';
}
