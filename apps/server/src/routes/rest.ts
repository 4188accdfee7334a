import {
  apiErrorOf,
  appRouter,
  bodyBoundsOf,
  type Context,
  type RestOperation,
  rejectComplexJson,
  restOperations,
} from '@parley/api';
import { ApiError } from '@parley/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createOpenApiNodeHttpHandler } from 'trpc-to-openapi';
import { sendApiError } from '../error-reply.ts';
import { createCaller, rejecting } from './direct-call.ts';
import { HandlerRequest, HandlerResponse } from './handler-exchange.ts';
import { rejectBrokenEscapes, rejectProtoField, rejectUnknownQuery } from './reject-query.ts';
import { toRoutePath } from './route-path.ts';
import { streamNewAnswer, streamRoutes, wantsEvents } from './stream.ts';

/** What a body that was parsed is to the handler, which would look at the case of the header's letters. */
const PARSED_TYPE = 'application/json';

type Handle = (request: HandlerRequest<Context>, response: HandlerResponse) => Promise<void>;

/** The documented REST paths: one route per procedure, served by trpc-to-openapi's handler. */
export async function restRoutes(app: FastifyInstance): Promise<void> {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJsonObject);

  const handle = createHandle();
  for (const operation of restOperations) {
    app.route({
      method: operation.method,
      url: toRoutePath(operation.path),
      bodyLimit: bodyBoundsOf([operation.procedure]).bytesMax,
      config: {
        gate: { procedures: [operation.procedure] },
        hasOptionalBody: operation.method === 'DELETE' || operation.meta.hasOptionalBody === true,
      },
      handler: (request, reply) => serve(operation, handle, request, reply),
    });
  }
  await streamRoutes(app);
}

async function serve(
  operation: RestOperation,
  handle: Handle,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { meta, method } = operation;
  const body = closedInput(operation, meta.hasOptionalBody ? (request.body ?? {}) : request.body);
  const query = queryOf(operation, request);
  if (meta.canStream && body !== undefined && wantsEvents(request)) {
    return streamNewAnswer(operation, request, reply, body);
  }
  if (meta.hasTextInPath) return callDirectly(operation, request, reply, { ...query, ...(body as object) });
  const handlerRequest = new HandlerRequest({
    method,
    url: canonicalPath(operation, request),
    contentType: body === undefined ? undefined : PARSED_TYPE,
    body,
    query,
    context: request.context,
  });
  const response = new HandlerResponse();
  await handle(handlerRequest, response);
  if (handlerRequest.apiError) return sendApiError(request, reply, handlerRequest.apiError);
  if (meta.successStatus === 204) return reply.code(204).send();
  return reply
    .code(response.statusCode)
    .header('content-type', 'application/json; charset=utf-8')
    .send(response.body);
}

/** Asks for a procedure without the handler, which decodes no path: this one has more than ids in it. */
async function callDirectly(
  { procedure, meta }: RestOperation,
  request: FastifyRequest,
  reply: FastifyReply,
  fields: Readonly<Record<string, unknown>>,
): Promise<FastifyReply> {
  // tRPC types its caller by procedure; here the name of one is known at run time alone, and it checks its input.
  const call = procedure
    .split('.')
    .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], createCaller(request.context));
  const input = { ...fields, ...(request.params as object) };
  const answer = await rejecting(() => (call as (input: unknown) => Promise<unknown>)(input));
  return meta.successStatus === 204 ? reply.code(204).send() : reply.send(answer);
}

function createHandle(): Handle {
  // The handler types its request as node's; what it is given is described in handler-exchange.ts.
  return createOpenApiNodeHttpHandler({
    router: appRouter,
    createContext: ({ req }) => (req as unknown as HandlerRequest<Context>).context,
    onError: ({ error, req }) => {
      (req as unknown as HandlerRequest<Context>).apiError = apiErrorOf(error);
    },
  }) as unknown as Handle;
}

/**
 * The operation's path with the decoded parameters put in. The handler does not decode, and the ids' alphabet
 * needs no encoding: what is encoded again here is no id, and the procedure says so.
 */
function canonicalPath({ path, pathParameters }: RestOperation, request: FastifyRequest): string {
  const parameters = request.params as Record<string, string>;
  return pathParameters.reduce(
    (url, name) => url.replace(`{${name}}`, encodeURIComponent((parameters[name] ?? '').toWellFormed())),
    path,
  );
}

/** Path parameters win over the input's fields of the same name; here such a field is unknown, as documented. */
function closedInput({ pathParameters }: RestOperation, input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input;
  const doubled = pathParameters.filter((name) => Object.hasOwn(input, name));
  if (doubled.length > 0) {
    throw new ApiError('invalid_input', {
      issues: doubled.map((path) => ({ path, message: 'is not a known field: it stands in the path' })),
    });
  }
  return input;
}

/** The handler drops empty values, which would turn `?userId=` into "no filter": in an array they survive. */
function queryOf(operation: RestOperation, request: FastifyRequest): Record<string, unknown> {
  rejectBrokenEscapes(request.url);
  const query = request.query as Record<string, string | string[]>;
  closedInput(operation, query);
  rejectProtoField(query);
  if (operation.method !== 'GET' && operation.method !== 'DELETE') rejectUnknownQuery(query, []);
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, [value].flat()]));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ApiError('malformed_request');
  }
}

/** JSON is UTF-8 (RFC 8259, section 8.1): bytes that are not would be stored as other than what was sent. */
async function parseJsonObject({ routeOptions }: FastifyRequest, bytes: Buffer): Promise<unknown> {
  // Many clients name a content type whether or not there is a body.
  if (bytes.length === 0 && routeOptions.config.hasOptionalBody) return undefined;
  const text = decodeUtf8(bytes);
  rejectComplexJson(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError('malformed_request');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ApiError('malformed_request');
  return value;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A request without a body is complete. */
    hasOptionalBody?: boolean;
  }
}
