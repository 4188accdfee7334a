import { checkedFetch, type RestAnswer } from './client.ts';

/** Calls a mutation over HTTP, without tRPC's client, and gives what the REST door would: for its headers. */
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
    error?: { data: { refusal: unknown } };
  };
  const body = result?.data ?? error?.data.refusal;
  const { status } = response;
  const text = JSON.stringify(body);
  return { status, headers: response.headers, text, body, refusal: body } as RestAnswer<Body>;
}
