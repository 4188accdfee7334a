import type { ErrorEnvelope } from '@parley/contract';
import { procedureDefinitions } from './transports.ts';

interface BatchedAnswer {
  readonly status: number;
  readonly apiError: ErrorEnvelope | undefined;
}

/** Sends several calls of one type in one request like tRPC's batch link. Returns the result of each. */
export async function trpcBatch(
  url: string,
  names: readonly string[],
  inputs: readonly unknown[],
  headers: Readonly<Record<string, string>>,
): Promise<BatchedAnswer[]> {
  const isQuery = procedureDefinitions()[names[0] ?? '']?.type === 'query';
  const json = JSON.stringify(Object.fromEntries(inputs.map((input, index) => [index, input])));
  const query = isQuery ? `&input=${encodeURIComponent(json)}` : '';
  const response = await fetch(`${url}/trpc/${names.join(',')}?batch=1${query}`, {
    method: isQuery ? 'GET' : 'POST',
    headers: { ...(!isQuery && { 'content-type': 'application/json' }), ...headers },
    ...(!isQuery && { body: json }),
  });
  const body = (await response.json()) as BatchedResult | BatchedResult[];
  // A batch that is rejected before tRPC reads it gets one error for all calls, as tRPC's links expect.
  const answers = Array.isArray(body) ? body : names.map(() => body);
  return answers.map(({ error }) => ({
    status: error?.data.httpStatus ?? 200,
    apiError: error?.data.apiError,
  }));
}

interface BatchedResult {
  readonly error?: { readonly data: { readonly httpStatus: number; readonly apiError: ErrorEnvelope } };
}
