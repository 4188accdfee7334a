import type { Credentials, Shown } from './credentials.ts';
import { refusedPart } from './credentials.ts';

/**
 * `fetch` with the API key, and the user's token, as headers. After a 401 the request is repeated with another of
 * what was refused: once for each of the two.
 */
export function fetchWithCredentials(credentials: Credentials, send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const attempt = ({ key, userToken }: Shown) => {
      const headers = new Headers(init?.headers);
      headers.set('x-api-key', key);
      if (userToken !== undefined) headers.set('x-user-token', userToken);
      return send(input, { ...init, headers });
    };
    let shown = await credentials.current();
    // The user may have changed while the token was waited for: what was theirs is given up.
    init?.signal?.throwIfAborted();
    let response = await attempt(shown);
    const renewed = new Set<'key' | 'user'>();
    while (response.status === 401) {
      const part = await refusedPartOf(response);
      const next = renewed.has(part) ? undefined : await credentials.renew(part, shown);
      if (next === undefined) return response;
      renewed.add(part);
      // What is not read would hold its connection.
      await response.body?.cancel();
      shown = next;
      response = await attempt(shown);
    }
    return response;
  };
}

/** The key's, unless the server says that it is the user's. */
async function refusedPartOf(response: Response): Promise<'key' | 'user'> {
  if (!response.headers.get('content-type')?.includes('json')) return 'key';
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  // All calls of a batch are one caller's.
  const answer: unknown = Array.isArray(body) ? body[0] : body;
  const { error } = (answer ?? {}) as { error?: { data?: { refusal?: { code?: never } } } };
  return refusedPart(error?.data?.refusal?.code ?? 'unauthorized') ?? 'key';
}
