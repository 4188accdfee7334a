import {
  bodyBoundsOf,
  type RestOperation,
  rejectComplexJson,
  restOperations,
  streamOperations,
} from '@parley/api';
import { ApiError } from '@parley/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { patternOf } from '../reject-unknown.ts';
import { fileRoutes } from './files.ts';
import { rejectBrokenEscapes, rejectProtoField, rejectUnknownQuery } from './reject-query.ts';
import { type RestHandler, restHandlerOf } from './rest-adapter.ts';
import { toRoutePath } from './route-path.ts';
import { sendExport } from './send-export.ts';
import { streamNewAnswer, streamRoutes, wantsEvents } from './stream.ts';

/** Adds the documented REST paths: one route per operation, served by trpc-to-openapi's handler. */
export async function restRoutes(app: FastifyInstance): Promise<void> {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJsonObject);

  for (const operation of restOperations) {
    if (operation.meta.isUpload) continue;
    const call = restHandlerOf(operation);
    app.route({
      method: operation.method,
      url: toRoutePath(operation.path),
      bodyLimit: bodyBoundsOf([operation.procedure]).bytesMax,
      config: {
        gate: { procedures: [operation.procedure] },
        hasOptionalBody: operation.method === 'DELETE' || operation.meta.hasOptionalBody === true,
      },
      handler: (request, reply) => serve(operation, call, request, reply),
    });
  }
  await streamRoutes(app);
  await app.register(fileRoutes);
  for (const { path } of streamOperations) reservePath(app, path);
}

/** Keeps `/chat/events` from being the chat `events` of `/chat/{chatId}` for methods that only that one has. */
function reservePath(app: FastifyInstance, path: string): void {
  if (path.includes('{')) return;
  const method = restOperations
    .filter((operation) => patternOf(toRoutePath(operation.path)).test(path))
    .map((operation) => operation.method)
    .filter((name) => name !== 'GET');
  if (method.length === 0) return;
  app.route({
    ...{ method, url: path, config: { isReserved: true } },
    handler: () => {
      throw new ApiError('method_not_allowed');
    },
  });
}

async function serve(
  operation: RestOperation,
  call: RestHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { meta } = operation;
  const input = inputOf(operation, request);
  if (meta.canStream && wantsEvents(request)) return streamNewAnswer(operation, request, reply, input);
  if (meta.isFile) return sendExport(request, reply, input, () => call(request.context, input));
  const json = await call(request.context, input);
  if (meta.successStatus === 204) return reply.code(204).send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(json);
}

/**
 * Returns the input of the procedure: the parameters of the path, and the fields of the query (GET and DELETE) or of the
 * body.
 *
 * @throws ApiError `unsupported_media_type` without a body that the operation needs; `invalid_input`; `malformed_request`
 */
function inputOf(operation: RestOperation, request: FastifyRequest): object {
  const { method, meta, pathParameters } = operation;
  const hasQuery = method === 'GET' || method === 'DELETE';
  const body = (request.body ?? (meta.hasOptionalBody ? {} : undefined)) as object | undefined;
  const query = request.query as Record<string, unknown>;
  rejectBrokenEscapes(request.url);
  for (const fields of [body, query]) rejectFieldsOfPath(pathParameters, fields);
  rejectProtoField(query);
  if (hasQuery) return { ...query, ...(request.params as object) };
  rejectUnknownQuery(query, []);
  if (!body) throw new ApiError('unsupported_media_type');
  return { ...body, ...(request.params as object) };
}

/** A parameter of the path would replace a field of the same name, so that field is rejected as unknown. */
function rejectFieldsOfPath(pathParameters: readonly string[], fields: object | undefined): void {
  const repeated = fields ? pathParameters.filter((name) => Object.hasOwn(fields, name)) : [];
  if (repeated.length === 0) return;
  throw new ApiError('invalid_input', {
    issues: repeated.map((path) => ({ path, message: 'is not a known field: it is part of the path' })),
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ApiError('malformed_request');
  }
}

/**
 * Parses a body. JSON is UTF-8 (RFC 8259, section 8.1): other bytes would be stored as something else than what was
 * sent.
 */
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
    /** Whether a request may have no body. */
    hasOptionalBody?: boolean;
  }
}
