import { z } from 'zod';

const modelListSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/**
 * Asks an OpenAI-compatible server for the list of its models, which costs nothing.
 *
 * @throws Error if the server is not reached within `withinMs`, or the signal aborts
 */
export function requestModelList(server: ListingServer, limits: RequestLimits): Promise<Response> {
  return request(server, '/models', limits);
}

/**
 * Asks an OpenAI-compatible server for its description of one model, which costs nothing. Not every server has this.
 *
 * @throws Error as `requestModelList`
 */
export function requestModel(server: ListingServer, model: string, limits: RequestLimits): Promise<Response> {
  return request(server, `/models/${encodeURIComponent(model)}`, limits);
}

interface ListingServer {
  readonly baseUrl: string;
  readonly apiKey: string;
}

interface RequestLimits {
  readonly signal: AbortSignal;
  readonly withinMs: number;
}

function request(
  { baseUrl, apiKey }: ListingServer,
  path: string,
  { signal, withinMs }: RequestLimits,
): Promise<Response> {
  return fetch(`${baseUrl.replace(/\/$/, '')}${path}`, {
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
