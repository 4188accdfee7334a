import { type ErrorCode, errorEntry, nameOfStatus, refusalEnvelopeSchema, statusOf } from '@parley/contract';
import { generateOpenApiDocument } from 'trpc-to-openapi';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { appRouter } from './app-router.ts';
import { type RestOperation, restOperations } from './rest-operations.ts';

/** What any operation may be refused with, whatever it does. */
const COMMON: readonly ErrorCode[] = [
  'malformed_request',
  'invalid_input',
  'unauthorized',
  'payload_too_large',
  'internal_error',
  'database_unavailable',
];
const WITH_BODY: readonly ErrorCode[] = ['unsupported_media_type'];

const refusalReference = { $ref: '#/components/schemas/Refusal' };
const requestIdHeader = {
  'X-Request-Id': { description: 'Names the request in the log.', schema: { type: 'string' } },
};
const retryAfterHeader = {
  'Retry-After': {
    description: 'Seconds after which to try again, where waiting helps.',
    schema: { type: 'integer' },
  },
};

type Document = ReturnType<typeof generateOpenApiDocument>;
type Responses = Record<string, unknown>;

/**
 * The OpenAPI 3.1 document of all REST operations, made from the router. What trpc-to-openapi cannot know is
 * put in here from the same declarations the server answers by: the refusals, and a 204 without a body.
 */
export function buildOpenApiDocument(options: { version: string }): Document {
  const document = generateOpenApiDocument(appRouter, {
    title: 'Parley Chat API',
    description:
      'Manage chat sessions and messages with AI agents. Every refusal is a `Refusal` with a stable `code`; ' +
      'ids are opaque strings; moments are ISO 8601 in UTC. New fields may be added to answers at any time.',
    version: options.version,
    openApiVersion: '3.1.0',
    baseUrl: '/',
    tags: ['Chats', 'Messages', 'Agents', 'Health'],
    securitySchemes: {
      apiKey: {
        type: 'apiKey',
        in: 'header',
        name: 'x-api-key',
        description:
          'A publishable key (`pk_live_…`, for browsers) or a secret one (`sk_live_…`, for servers).',
      },
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'The same key as `Authorization: Bearer <key>`.',
      },
    },
    defs: { Refusal: refusalEnvelopeSchema },
    paths: healthPaths,
  });
  for (const operation of restOperations) {
    const documented = document.paths?.[operation.path]?.[methodKey(operation)];
    if (!documented) throw new Error(`${operation.procedure} is not in the document`);
    documented.responses = responsesOf(operation, documented.responses ?? {}) as Exclude<
      typeof documented.responses,
      undefined
    >;
  }
  const { schemas = {} } = document.components ?? {};
  for (const name of Object.keys(schemas)) {
    // The library's own forms of errors; ours is `Refusal`.
    if (name.startsWith('error.')) delete schemas[name];
  }
  openObjects(schemas);
  return document;
}

/** The components are answers, and those may grow: zod writes every object as closed. */
function openObjects(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  if (Reflect.get(schema, 'additionalProperties') === false) {
    Reflect.deleteProperty(schema, 'additionalProperties');
  }
  for (const part of Object.values(schema)) openObjects(part);
}

function methodKey({ method }: RestOperation) {
  return method.toLowerCase() as Lowercase<RestOperation['method']>;
}

function responsesOf({ method, meta }: RestOperation, generated: Responses): Responses {
  // A DELETE needs no body, but one that is sent is looked at.
  const codes = [...COMMON, ...(method === 'GET' ? [] : WITH_BODY), ...(meta.errors ?? [])];
  return { ...successOf(meta.successStatus ?? 200, generated['200']), ...refusalResponses(codes) };
}

function successOf(status: 200 | 204, generated: unknown): Responses {
  if (status === 204) return { 204: { description: 'Done. No content.', headers: requestIdHeader } };
  return { 200: { ...(generated as object), headers: requestIdHeader } };
}

function refusalResponses(codes: readonly ErrorCode[]): Responses {
  const byStatus = Map.groupBy(codes, statusOf);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, group]) => [status, refusalResponse(status, group)]),
  );
}

function refusalResponse(status: ReturnType<typeof statusOf>, codes: readonly ErrorCode[]) {
  const hasRetryAfter = codes.some((code) => errorEntry(code).retryAfterSeconds !== undefined);
  return {
    description: codes.map((code) => `\`${code}\`: ${errorEntry(code).when}`).join('\n\n'),
    headers: { ...requestIdHeader, ...(hasRetryAfter && retryAfterHeader) },
    content: {
      'application/json': {
        schema: refusalReference,
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(status, code) }])),
      },
    },
  };
}

function exampleOf(status: ReturnType<typeof statusOf>, code: ErrorCode) {
  return {
    error: nameOfStatus[status],
    message: errorEntry(code).message,
    code,
    requestId: 'req_01jd2m8x5qk3v7w9yb4t6r1znhce',
    ...(code === 'invalid_input' && {
      issues: [{ path: 'content', message: 'must have at least 1 character(s)' }],
    }),
  };
}

const healthPaths: ZodOpenApiPathsObject = {
  '/healthz': {
    get: {
      operationId: 'health',
      tags: ['Health'],
      summary: 'Is the process alive?',
      security: [],
      responses: { 200: statusResponse('ok', 'It lives and answers.') },
    },
  },
  '/readyz': {
    get: {
      operationId: 'readiness',
      tags: ['Health'],
      summary: 'May it be sent requests?',
      security: [],
      responses: {
        200: statusResponse('ready', 'The database answers and the server is not shutting down.'),
        ...(refusalResponses(['draining', 'database_unavailable']) as Record<never, never>),
      },
    },
  },
};

function statusResponse(status: string, description: string) {
  return {
    description,
    content: {
      'application/json': {
        schema: {
          type: 'object' as const,
          properties: { status: { type: 'string' as const, const: status } },
          required: ['status'],
        },
      },
    },
  };
}
