import type { Random } from '../random.ts';

/** The addresses that a client can use. They may change after a restart. */
export interface ServerAddress {
  readonly name: string;
  readonly url: string;
}

/** A client of the API, with its addresses and settings. */
export interface Client {
  /** The addresses in the order of its attempts. */
  readonly servers: readonly ServerAddress[];
  readonly key: string;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly random: Random;
  /** After this time without data it disconnects and tries another server. */
  readonly patienceMs: number;
}

/** The options of a request. */
export interface ClientRequestOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Aborts it from outside. */
  readonly signal?: AbortSignal;
}

/**
 * Sends a request and passes the response to `use`. Disconnects from a server that sends nothing for the client's
 * patience; `heard` restarts this time. Undefined if the connection broke at any time.
 */
export async function request<Result>(
  { key, headers: own, patienceMs }: Pick<Client, 'key' | 'headers' | 'patienceMs'>,
  url: string,
  { method, headers, body, signal }: ClientRequestOptions,
  use: (response: Response, heard: () => void) => Promise<Result>,
): Promise<Result | undefined> {
  const disconnect = new AbortController();
  const patience = setTimeout(() => disconnect.abort(), patienceMs);
  try {
    const response = await fetch(url, {
      method,
      headers: { 'x-api-key': key, ...own, ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, disconnect.signal]) : disconnect.signal,
    });
    return await use(response, () => patience.refresh());
  } catch (error) {
    if (isBroken(error)) return undefined;
    throw error;
  } finally {
    clearTimeout(patience);
  }
}

/** The errors of `fetch` for a connection that failed, broke, or was closed by the client. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'AbortError' ||
    error.name === 'TimeoutError' ||
    (error instanceof TypeError && error.cause !== undefined)
  );
}
