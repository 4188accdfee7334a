import { z } from 'zod';

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/**
 * Asks an OpenAI-compatible server for the list of its models, which costs nothing.
 *
 * @throws Error if the server is not reached within `withinMs`, or the signal aborts
 */
export function requestModelList(
  { baseUrl, apiKey }: { readonly baseUrl: string; readonly apiKey: string },
  { signal, withinMs }: { readonly signal: AbortSignal; readonly withinMs: number },
): Promise<Response> {
  return fetch(`${baseUrl.replace(/\/$/, '')}/models`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
  });
}

/**
 * Returns the names in a list of models.
 *
 * @throws Error if it is not such a list
 */
export function namesInModelList(list: unknown): string[] {
  return modelListSchema.parse(list).data.map(({ id }) => id);
}
