import type { KeyRing } from './key-ring.ts';

/** `fetch` with the API key as a header; after a 401 the request is repeated once, with the next key. */
export function fetchWithKey(keys: KeyRing, send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const attempt = async (key: string) => {
      const headers = new Headers(init?.headers);
      headers.set('x-api-key', key);
      return send(input, { ...init, headers });
    };
    const key = await keys.key();
    const response = await attempt(key);
    if (response.status !== 401) return response;
    const next = await keys.renew(key);
    if (next === undefined) return response;
    // What is not read would hold its connection.
    await response.body?.cancel();
    return attempt(next);
  };
}
