import { apiErrorOf, appRouter, type Context, type RestOperation } from '@parley/api';
import type { ApiError } from '@parley/contract';
import { createOpenApiNodeHttpHandler } from 'trpc-to-openapi';
import { z } from 'zod';

/*
 * Calls procedures for REST through the handler of trpc-to-openapi. Fastify has already found the route, decoded the
 * path and parsed query and body. So the handler of an operation gets a router with one procedure, at a path without
 * parameters, that takes any object: the handler passes the input on unchanged. The procedure itself validates it.
 */

/** Calls the procedure of an operation, and returns the JSON of its answer. */
export type RestHandler = (context: Context, input: object) => Promise<string>;

const METHOD = 'POST';
const CONTENT_TYPE = 'application/json';

/** The handlers by procedure: they keep nothing of a server, and the library takes long to create one. */
const handlers = new Map<string, RestHandler>();

/** The handler of an operation. It throws an `ApiError` if the procedure rejects the call. */
export function restHandlerOf(operation: RestOperation): RestHandler {
  const handler = handlers.get(operation.procedure) ?? createRestHandler(operation);
  handlers.set(operation.procedure, handler);
  return handler;
}

/**
 *
 * The handler passes the input of a POST on as it is, whereas it removes empty values from a query. It sets `coerce` on
 * the schemas that it sees, which `/trpc` would share; here it only sees `anyObject`.
 */
function createRestHandler({ procedure }: RestOperation): RestHandler {
  const path = `/${procedure}`;
  const handle = createOpenApiNodeHttpHandler({
    router: routerOf(procedure, path),
    createContext: ({ req }) => (req as unknown as HandlerRequest).context,
    onError: ({ error, req }) => {
      (req as unknown as HandlerRequest).apiError = apiErrorOf(error);
    },
    // The handler declares the request and the response of node:http, and uses these members of them only.
  }) as unknown as (request: HandlerRequest, response: HandlerResponse) => Promise<void>;
  return async (context, input) => {
    const request = new HandlerRequest(path, context, input);
    const response = new HandlerResponse();
    await handle(request, response);
    if (request.apiError) throw request.apiError;
    return response.body;
  };
}

const anyObject = z.looseObject({});
const anyOutput = z.unknown();

/** The app's router, as far as the handler sees it: one procedure at this path. Calls go to the real router. */
function routerOf(procedure: string, path: string): typeof appRouter {
  // tRPC types its record by procedure, and this name is only known at run time.
  const { [procedure]: found } = appRouter._def.procedures as unknown as Record<string, { _def: object }>;
  if (!found) throw new Error(`The router has no procedure ${procedure}.`);
  const meta = { openapi: { method: METHOD, path } };
  const visible = { _def: { ...found._def, meta, inputs: [anyObject], output: anyOutput } };
  const procedures = { [procedure]: visible } as unknown as typeof appRouter._def.procedures;
  return { ...appRouter, _def: { ...appRouter._def, procedures } };
}

/**
 * The members of a request that the handler reads. The handler checks with `instanceof` whether it is a `Request`; of
 * another request it would create one, with streams and listeners, for a signal that the context already has.
 */
class HandlerRequest {
  readonly method = METHOD;
  readonly url: string;
  readonly headers = { get: () => CONTENT_TYPE };
  readonly body: object;
  readonly context: Context;
  readonly signal = undefined;
  apiError: ApiError | undefined;

  constructor(url: string, context: Context, body: object) {
    this.url = url;
    this.context = context;
    this.body = body;
  }
}
Object.setPrototypeOf(HandlerRequest.prototype, Request.prototype);

/** Keeps the body that the handler writes. Status and headers are the route's. */
class HandlerResponse {
  body = '';

  setHeader(): void {}

  end(body?: string): void {
    this.body = body ?? '';
  }
}
