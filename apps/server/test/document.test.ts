import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileContent, restOperations, streamOperations } from '@parley/api';
import { type ErrorCode, errorCodes, errorEntry, limits, nameOfStatus, statusOf } from '@parley/contract';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { startHarness } from './harness.ts';

interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: unknown }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: unknown }> };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly headers?: Readonly<Record<string, unknown>>;
        readonly content?: Record<
          string,
          { readonly schema: unknown; readonly examples?: Record<string, { value: unknown }> }
        >;
      }
    >
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: unknown };
}

const { url, composition } = await startHarness();
const committed = readFileSync(resolve(import.meta.dirname, '../../../docs/openapi.json'), 'utf8');
const document = JSON.parse(committed) as Document;

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
);
const chatOperations = operations.filter(({ path }) => !/^\/(?:healthz|readyz)$/.test(path));

describe('the OpenAPI document', () => {
  test('the document equals the committed docs/openapi.json (`npm run docs` writes it)', async () => {
    const response = await fetch(`${url}/openapi.json`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(`${JSON.stringify(await response.json(), null, 2)}\n`).toBe(committed);
  });

  test('the document is valid OpenAPI 3.1, and every reference resolves', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(committed));
    expect(result.errors ?? []).toEqual([]);
    expect(validator.version).toBe('3.1');
    expect(() => validator.resolveRefs()).not.toThrow();
  });

  test('the document lists exactly the REST routes of the server', () => {
    const routes = printedRoutes(composition.app.printRoutes({ commonPrefix: false }));
    // They answer 405, so that the path is not an id of `/chat/{chatId}`.
    const reserved = ['DELETE /chat/events', 'PATCH /chat/events'];
    const described = operations.map(({ method, path }) => `${method} ${path}`);
    const undescribed = routes.filter(
      (route) =>
        !/ \/(?:openapi\.json|docs\/reference|trpc)|^OPTIONS \*$/.test(route) && !reserved.includes(route),
    );
    expect(described.toSorted()).toEqual(undescribed.toSorted());
    const declared = [
      ...restOperations.map(({ method, path }) => `${method} ${path}`),
      ...streamOperations.map(({ path }) => `GET ${path}`),
      `GET ${fileContent.path}`,
    ];
    expect(chatOperations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(
      declared.toSorted(),
    );
  });

  test('every operation names both headers for keys, and no health check does', () => {
    expect(document.components.securitySchemes).toMatchObject({
      apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      bearer: { type: 'http', scheme: 'bearer' },
    });
    for (const { path, operation } of operations) {
      const isOpen = path === '/healthz' || path === '/readyz';
      expect(operation.security).toEqual(isOpen ? [] : [{ apiKey: [] }, { bearer: [] }]);
    }
  });
});

describe('documented errors', () => {
  /**
   * The errors that no documented operation answers: unknown paths and methods, errors within streams, and those of
   * the chat page.
   */
  const OF_NO_OPERATION: readonly ErrorCode[] = [
    'request_timeout',
    'route_not_found',
    'method_not_allowed',
    'answer_restarted',
    'origin_not_allowed',
    'web_app_local_only',
    'web_app_not_configured',
  ];
  const examplesOf = ({ responses }: Operation) =>
    Object.entries(responses).flatMap(([status, { content }]) =>
      Object.entries(content?.['application/json']?.examples ?? {}).map(([code, { value }]) => ({
        status: Number(status),
        code: code as ErrorCode,
        value,
      })),
    );

  test('the document has every error code of the register except those of no operation', () => {
    const documented = new Set(
      operations.flatMap(({ operation }) => examplesOf(operation).map(({ code }) => code)),
    );
    expect(errorCodes.filter((code) => !documented.has(code)).toSorted()).toEqual(OF_NO_OPERATION.toSorted());
  });

  test.each(operations)(
    '$method $path documents each error under its status, with its envelope as example',
    ({ operation }) => {
      for (const { status, code, value } of examplesOf(operation)) {
        expect(statusOf(code)).toBe(status);
        expect(value).toMatchObject({
          error: nameOfStatus[statusOf(code)],
          message: errorEntry(code).message,
          code,
          requestId: expect.stringMatching(/^req_/),
        });
      }
    },
  );

  // These errors say when to try again if the model's server said so.
  const OF_BUSY_MODELS: readonly ErrorCode[] = ['model_failed', 'model_rate_limited', 'model_timeout'];

  test.each(operations)('$method $path documents Retry-After where it is sent', ({ operation }) => {
    for (const [status, { headers }] of Object.entries(operation.responses)) {
      const mayWait = (code: ErrorCode) =>
        errorEntry(code).retryAfterSeconds !== undefined || OF_BUSY_MODELS.includes(code);
      const isSent = examplesOf(operation).some((one) => one.status === Number(status) && mayWait(one.code));
      expect(headers?.['Retry-After'] !== undefined).toBe(isSent);
    }
  });

  test.each(chatOperations)(
    '$method $path documents the errors that every operation can return',
    ({ method, operation }) => {
      const always: ErrorCode[] = [
        'malformed_request',
        'invalid_input',
        'unauthorized',
        'payload_too_large',
        'internal_error',
        'database_unavailable',
        ...(method === 'GET' ? [] : (['unsupported_media_type'] as const)),
      ];
      const codes = examplesOf(operation).map(({ code }) => code);
      expect(codes).toEqual(expect.arrayContaining(always));
    },
  );
});

describe('closed requests and open responses', () => {
  test.each(operations.filter(({ operation }) => operation.requestBody?.content['application/json']))(
    '$method $path documents a closed request body',
    ({ operation }) => {
      expect(operation.requestBody?.content['application/json']?.schema).toMatchObject({
        additionalProperties: false,
      });
    },
  );

  test.each(Object.entries(document.components.schemas))('%s permits further fields', (_, schema) => {
    expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
  });
});

test('only the response 204 is documented without content', () => {
  const without = operations.flatMap(({ operation }) =>
    Object.entries(operation.responses).filter(([, { content }]) => content === undefined),
  );
  expect(new Set(without.map(([status]) => status))).toEqual(new Set(['204']));
});

describe('documented streams', () => {
  const typesOf = ({ responses }: Operation) => Object.keys(responses['200']?.content ?? {}).toSorted();
  const streamable = ['createMessage', 'retryMessage'];
  const streamed = streamOperations.map(({ operationId }) => operationId as string);

  test.each(chatOperations)(
    '$method $path documents an event stream exactly if it answers with one',
    ({ operation }) => {
      const isStreamed = streamed.includes(operation.operationId);
      const isStreamable = streamable.includes(operation.operationId);
      if (operation.responses['204'] && !isStreamed) expect(typesOf(operation)).toEqual([]);
      else if (isStreamed) expect(typesOf(operation)).toEqual(['text/event-stream']);
      else if (operation.operationId === fileContent.operationId)
        expect(typesOf(operation)).toEqual(['application/octet-stream']);
      else
        expect(typesOf(operation)).toEqual([
          'application/json',
          ...(isStreamable ? ['text/event-stream'] : []),
          ...(operation.operationId === 'exportChat' ? ['text/markdown'] : []),
        ]);
      const names = operation.parameters?.map(({ name, in: place }) => `${place} ${name}`) ?? [];
      expect(names.includes('header Last-Event-ID') && names.includes('query lastEventId')).toBe(isStreamed);
    },
  );

  test('exactly the POST operations that begin something document `Idempotency-Key`', () => {
    const takes = chatOperations.filter(({ operation }) =>
      operation.parameters?.some(({ name }) => name === 'Idempotency-Key'),
    );
    expect(takes.map(({ operation }) => operation.operationId).toSorted()).toEqual(
      ['createAgent', 'createChat', 'createFile', ...streamable].toSorted(),
    );
    for (const { operation } of takes) {
      expect(operation.responses['200']?.headers).toHaveProperty('Idempotent-Replayed');
      expect(operation.responses).toHaveProperty('422');
    }
  });
});

test('the document has the limits of the contract', () => {
  const body = (path: string) =>
    document.paths[path]?.['post']?.requestBody?.content['application/json']?.schema as {
      properties: Record<string, object>;
    };
  const query = (path: string, name: string) =>
    document.paths[path]?.['get']?.parameters?.find((parameter) => parameter.name === name)?.schema;
  expect(body('/chat/{chatId}/message').properties['content']).toMatchObject({
    minLength: 0,
    maxLength: limits.messageLengthMax,
  });
  expect(body('/chat/{chatId}/message').properties['role']).toMatchObject({ const: 'user' });
  expect(body('/chat').properties['userId']).toMatchObject({
    minLength: 1,
    maxLength: limits.userIdLengthMax,
  });
  expect(query('/chat', 'userId')).toMatchObject({ minLength: 1, maxLength: limits.userIdLengthMax });
  expect(query('/chat', 'agentType')).toMatchObject({ minLength: 1, maxLength: limits.agentTypeLengthMax });
  for (const path of ['/chat', '/chat/{chatId}/message']) {
    expect(query(path, 'limit')).toMatchObject({ type: 'integer', minimum: 1, maximum: limits.pageLimitMax });
    expect(query(path, 'cursor')).toMatchObject({ minLength: 1, maxLength: limits.cursorLengthMax });
  }
});

/** The routes of Fastify's own table, each as `METHOD /path/{parameter}`. */
function printedRoutes(table: string): string[] {
  const stack: string[] = [];
  return table.split('\n').flatMap((line) => {
    const found = /^([│ ]*)(?:├──|└──) (\S+)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (!found) return [];
    const [, indent = '', part = '', methods = ''] = found;
    const depth = indent.length / 4;
    stack.length = depth;
    stack[depth] = part;
    const path = stack.join('').replace(/:(\w+)/g, '{$1}');
    return methods
      .split(', ')
      .filter(Boolean)
      .map((method) => `${method} ${path}`);
  });
}
