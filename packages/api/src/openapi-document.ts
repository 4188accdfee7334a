import {
  chatEventSchema,
  chatListEventSchema,
  type ErrorCode,
  errorEnvelopeSchema,
  streamErrorSchema,
} from '@parley/contract';
import { generateOpenApiDocument } from 'trpc-to-openapi';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { appRouter } from './app-router.ts';
import { idempotencyKeyForm } from './idempotency.ts';
import { contentPaths, uploadBody, uploadParameters } from './openapi-files.ts';
import { apiErrorResponses, COMMON, eventStream, requestIdHeader } from './openapi-responses.ts';
import { streamPaths } from './openapi-streams.ts';
import { type RestOperation, restOperations } from './rest-operations.ts';
import { uiMessageStream } from './stream-operations.ts';

const WITH_BODY: readonly ErrorCode[] = ['unsupported_media_type'];

const replayedHeader = {
  'Idempotent-Replayed': {
    description:
      '`true`: the response repeats the outcome of an earlier request with this `Idempotency-Key`.',
    schema: { type: 'string' as const },
  },
};
const dispositionHeader = {
  'Content-Disposition': {
    description: 'The name of the file: `attachment; filename="chat_….json"`.',
    schema: { type: 'string' as const },
  },
};
const markdownFile = {
  'text/markdown': { schema: { type: 'string' as const, description: 'The chat as Markdown.' } },
};
const idempotencyKeyParameter = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  description:
    'A text of your own that identifies this request. A repetition with the same body joins the first request, or ' +
    'gets the same outcome. With another body it is rejected. Keys are kept for at least 24 hours.',
  schema: { type: 'string' as const, pattern: idempotencyKeyForm.source },
};
type Document = ReturnType<typeof generateOpenApiDocument>;
type Responses = Record<string, unknown>;

/**
 * Creates the OpenAPI 3.1 document of all REST operations from the router. It adds what trpc-to-openapi does not
 * know: the errors of each operation, and responses with status 204.
 */
export function buildOpenApiDocument(options: { version: string }): Document {
  const document = generateOpenApiDocument(appRouter, {
    title: 'Parley Chat API',
    description:
      'Manage chat sessions and messages with AI agents. Every error is an `ApiError` with a stable `code`; ' +
      'ids are opaque strings; times are ISO 8601 in UTC. New fields may be added to responses at any time.',
    version: options.version,
    openApiVersion: '3.1.0',
    baseUrl: '/',
    tags: ['Chats', 'Messages', 'Files', 'Agents', 'Users', 'Keys', 'Team', 'Usage', 'Data', 'Health'],
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
    defs: {
      ApiError: errorEnvelopeSchema,
      ChatEvent: chatEventSchema,
      ChatListEvent: chatListEventSchema,
      StreamError: streamErrorSchema,
    },
    paths: { ...streamPaths(), ...contentPaths(), ...healthPaths },
  });
  for (const operation of restOperations) {
    const documented = document.paths?.[operation.path]?.[methodKey(operation)];
    if (!documented) throw new Error(`${operation.procedure} is not in the document`);
    documented.responses = responsesOf(operation, documented.responses ?? {}) as Exclude<
      typeof documented.responses,
      undefined
    >;
    const { requestBody } = documented;
    if (operation.meta.hasOptionalBody && requestBody && 'required' in requestBody) {
      requestBody.required = false;
    }
    if (operation.meta.isUpload) {
      documented.requestBody = uploadBody;
      documented.parameters = [...(documented.parameters ?? []), ...uploadParameters];
    }
    if (operation.meta.isIdempotent) {
      documented.parameters = [...(documented.parameters ?? []), idempotencyKeyParameter];
    }
  }
  const { schemas = {} } = document.components ?? {};
  for (const name of Object.keys(schemas)) {
    // Removes the schemas of the library's own errors. Errors of this API are `ApiError`s.
    if (name.startsWith('error.')) delete schemas[name];
  }
  openObjects(schemas);
  openEnum(schemas['ErrorCode']);
  mergeTwins(document, schemas);
  return document;
}

/** Removes `additionalProperties: false`, which zod writes for every object, because answers may get new fields. */
function openObjects(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  if (Reflect.get(schema, 'additionalProperties') === false) {
    Reflect.deleteProperty(schema, 'additionalProperties');
  }
  for (const part of Object.values(schema)) openObjects(part);
}

/** Replaces `enum` by `x-extensible-enum`, so that existing clients accept codes that are added later. */
function openEnum(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) throw new Error('there is no such component');
  Object.assign(schema, { 'x-extensible-enum': Reflect.get(schema, 'enum') });
  Reflect.deleteProperty(schema, 'enum');
}

/** Merges the two components, `X` and `XOutput`, of a schema that both streams and answers use. */
function mergeTwins(document: Document, schemas: Record<string, unknown>): void {
  for (const twin of Object.keys(schemas).filter((name) => name.endsWith('Output'))) {
    const name = twin.slice(0, -'Output'.length);
    if (JSON.stringify(schemas[name]) !== JSON.stringify(schemas[twin])) continue;
    delete schemas[twin];
    pointTo(document, `#/components/schemas/${twin}`, `#/components/schemas/${name}`);
  }
}

/** Replaces a reference in `$ref`s and in the mapping of discriminators. */
function pointTo(part: unknown, from: string, to: string): void {
  if (typeof part !== 'object' || part === null) return;
  for (const [key, inner] of Object.entries(part)) {
    if (inner === from) Reflect.set(part, key, to);
    else pointTo(inner, from, to);
  }
}

function methodKey({ method }: RestOperation) {
  return method.toLowerCase() as Lowercase<RestOperation['method']>;
}

function responsesOf({ method, meta }: RestOperation, generated: Responses): Responses {
  // A DELETE needs no body, but a body that is sent has to be valid JSON.
  const codes = [...COMMON, ...(method === 'GET' ? [] : WITH_BODY), ...(meta.errors ?? [])];
  return { ...successOf(meta, generated['200']), ...apiErrorResponses(codes) };
}

function successOf(meta: RestOperation['meta'], generated: unknown): Responses {
  if (meta.successStatus === 204)
    return { 204: { description: 'Success, without content.', headers: requestIdHeader } };
  const { content, ...described } = generated as { content: object };
  return {
    200: {
      ...described,
      headers: {
        ...requestIdHeader,
        ...(meta.isIdempotent && replayedHeader),
        ...(meta.isFile && dispositionHeader),
      },
      content: {
        ...content,
        ...(meta.canStream && eventStream(uiMessageStream)),
        ...(meta.isFile && markdownFile),
      },
    },
  };
}

const healthPaths: ZodOpenApiPathsObject = {
  '/healthz': {
    get: {
      operationId: 'health',
      tags: ['Health'],
      summary: 'Check whether the process is alive',
      security: [],
      responses: { 200: statusResponse('ok', 'The process is alive.') },
    },
  },
  '/readyz': {
    get: {
      operationId: 'readiness',
      tags: ['Health'],
      summary: 'Check whether the server is ready for requests',
      security: [],
      responses: {
        200: readyResponse(),
        ...(apiErrorResponses(['draining', 'database_unavailable', 'database_preparing']) as Record<
          never,
          never
        >),
      },
    },
  },
};

/** The state of the database is for its operator and for `parley doctor`. */
function readyResponse() {
  const response = statusResponse('ready', 'The database answers and the server is not shutting down.');
  const { schema } = response.content['application/json'];
  const database = {
    type: 'object' as const,
    description: 'The state of the database, read once a minute. Absent if it could not be read.',
    properties: {
      mode: { type: 'string' as const, enum: ['replica set', 'sharded cluster'] },
      members: { type: 'integer' as const, description: 'Nodes of the replica set.' },
      schemaVersion: {
        type: 'integer' as const,
        description: 'The newest migration step that has finished.',
      },
      missingIndexes: {
        type: 'integer' as const,
        description:
          'Indexes that are missing or differ from the code. Servers build them in the background.',
      },
      indexBuilds: {
        type: 'array' as const,
        description: 'Index builds that run now.',
        items: {
          type: 'object' as const,
          properties: {
            collection: { type: 'string' as const },
            index: { type: 'string' as const },
            percent: { type: 'integer' as const, description: 'Absent if MongoDB does not report it.' },
          },
          required: ['collection', 'index'],
        },
      },
    },
    required: ['mode', 'schemaVersion', 'missingIndexes', 'indexBuilds'],
  };
  const notices = {
    type: 'array' as const,
    description: 'Problems that the operator should fix. Absent if there are none.',
    items: {
      type: 'object' as const,
      properties: { code: { type: 'string' as const }, message: { type: 'string' as const } },
      required: ['code', 'message'],
    },
  };
  const properties = { ...schema.properties, database, notices };
  return { ...response, content: { 'application/json': { schema: { ...schema, properties } } } };
}

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
