import { checkedFetch, type RestAnswer } from './client.ts';

/** Calls a mutation over HTTP without tRPC's client, and returns its response with the headers. */
export async function trpcHttp<Body>(
  url: string,
  procedure: string,
  input: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<RestAnswer<Body>> {
  const response = await checkedFetch(`${url}/trpc/${procedure}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(input),
  });
  const { result, error } = (await response.json()) as {
    result?: { data: unknown };
    error?: { data: { apiError: unknown } };
  };
  const body = result?.data ?? error?.data.apiError;
  const { status } = response;
  const text = JSON.stringify(body);
  return { status, headers: response.headers, text, body, apiError: body } as RestAnswer<Body>;
}
