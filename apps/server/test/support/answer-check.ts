import { buildOpenApiDocument } from '@parley/api';
import {
  type ErrorCode,
  type ErrorEnvelope,
  errorEntry,
  errorEnvelopeSchema,
  isId,
  nameOfStatus,
  statusOf,
} from '@parley/contract';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { version } from '../../src/version.ts';

/** The parts of an HTTP response that the document describes. */
export interface RawAnswer {
  readonly method: string;
  /** The path as it was sent, perhaps with a query. */
  readonly target: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, { readonly examples?: Readonly<Record<string, unknown>> }>>;
}
interface DocumentedOperation {
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}
interface FoundOperation {
  readonly path: string;
  readonly operation: DocumentedOperation;
}

/** The document that is served at `/openapi.json`. Another test compares it with the committed one. */
const openApiDocument = buildOpenApiDocument({ version });

const DOCUMENT_ID = 'openapi.json';
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ ...openApiDocument, $id: DOCUMENT_ID });
const validators = new Map<string, ValidateFunction>();

/** The paths of pages for people. Their responses are no JSON, and the document does not describe them. */
const PAGES = /^\/(?:openapi\.json|docs\/reference)(?:\/|$)/;
const MARKDOWN = 'text/markdown; charset=utf-8';
/** The errors of unknown paths and methods. */
const CODES_OF_NOTHING: readonly ErrorCode[] = [
  'route_not_found',
  'method_not_allowed',
  'malformed_request',
  'payload_too_large',
];

/**
 * Checks a response against the document: the operation documents its status and code, its body fits the schema, and
 * a 204 has none. Every error has the one envelope.
 *
 * @throws Error that says what the document does not know
 */
export function checkRestAnswer(answer: RawAnswer): void {
  const [path = ''] = answer.target.split('?', 1);
  if (!isId('request', answer.headers.get('x-request-id') ?? '')) fail(answer, 'no X-Request-Id');
  const apiError = answer.status >= 400 ? checkApiError(answer) : undefined;
  const found = findOperation(answer.method, path);
  if (found) checkDocumented(answer, found, apiError);
  else checkNothingHere(answer, path, apiError);
}

/**
 * Checks the head of an event stream against the document, and for the headers that keep proxies from storing,
 * compressing or buffering it.
 */
export function checkStreamHead(answer: RawAnswer): void {
  const [path = ''] = answer.target.split('?', 1);
  if (!isId('request', answer.headers.get('x-request-id') ?? '')) fail(answer, 'no X-Request-Id');
  const found = findOperation(answer.method, path);
  const content = found?.operation.responses[answer.status]?.content ?? {};
  if (!('text/event-stream' in content)) fail(answer, 'a stream is not documented');
  for (const [name, value] of Object.entries(STREAM_HEADERS)) {
    if (answer.headers.get(name) !== value) fail(answer, `${name} is ${answer.headers.get(name)}`);
  }
  for (const name of ['content-length', 'content-encoding', 'etag']) {
    if (answer.headers.has(name)) fail(answer, `${name} on a stream`);
  }
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'access-control-allow-origin': '*',
  'x-content-type-options': 'nosniff',
};

/** Checks the data of a chat's event against the document. */
export function checkChatEvent(data: string): void {
  const validate = validatorAt(['components', 'schemas', 'ChatEvent']);
  if (!validate(JSON.parse(data))) throw new Error(`${data} → ${ajv.errorsText(validate.errors)}`);
}

function checkDocumented(
  answer: RawAnswer,
  { path, operation }: FoundOperation,
  apiError: ErrorEnvelope | undefined,
): void {
  const response = operation.responses[answer.status];
  if (!response) fail(answer, `status ${answer.status} is not documented`);
  if (!response.content) {
    checkEmpty(answer);
    return;
  }
  const type = answer.headers.get('content-type');
  if (type === MARKDOWN && 'text/markdown' in response.content) return;
  const { examples } = response.content['application/json'] ?? {};
  if (apiError && !(apiError.code in (examples ?? {})))
    fail(answer, `code ${apiError.code} is not documented`);
  checkBody(answer, [
    'paths',
    path,
    answer.method.toLowerCase(),
    'responses',
    String(answer.status),
    'content',
    'application/json',
    'schema',
  ]);
}

/** @throws Error unless the response is an error in its envelope with the headers of its code */
function checkApiError(answer: RawAnswer): ErrorEnvelope | undefined {
  checkJsonType(answer);
  // The body of a HEAD response is never sent.
  if (answer.method === 'HEAD') return undefined;
  return checkEnvelope(answer, JSON.parse(answer.text));
}

/** @throws Error unless `envelope` is the envelope of this response */
export function checkEnvelope(answer: RawAnswer, envelope: unknown): ErrorEnvelope {
  const { data, error } = errorEnvelopeSchema.strict().safeParse(envelope);
  if (!data) fail(answer, `not the envelope of an error (${error.message})`);
  if (statusOf(data.code) !== answer.status) fail(answer, `${data.code} goes with ${statusOf(data.code)}`);
  if (data.error !== nameOfStatus[statusOf(data.code)]) fail(answer, 'the wrong short name');
  if (data.requestId !== answer.headers.get('x-request-id')) fail(answer, 'another request id');
  const { retryAfterSeconds } = errorEntry(data.code);
  const retryAfter = answer.headers.get('retry-after');
  // The value is the rest of the minute of a limit or of the day of a budget, the time until a place is expected to
  // be free, or the time that the model's server asked for; for all other errors it is the one in the register.
  const day = 24 * 60 * 60;
  const longest = {
    ...{ rate_limited: 60, budget_exhausted: day, too_many_turns: 300, overloaded: 300 },
    ...{ model_rate_limited: 30 * day, model_failed: 30 * day, model_timeout: 30 * day },
  };
  const secondsMax = longest[data.code as keyof typeof longest] ?? 0;
  const isOfLimit = Number(retryAfter) >= 1 && Number(retryAfter) <= secondsMax;
  if (!isOfLimit && (retryAfter ?? undefined) !== retryAfterSeconds?.toString())
    fail(answer, `Retry-After ${retryAfter}`);
  if ((data.code === 'invalid_input') !== (data.issues !== undefined)) fail(answer, 'issues and code differ');
  return data;
}

function checkNothingHere(answer: RawAnswer, path: string, apiError: ErrorEnvelope | undefined): void {
  if (answer.method === 'HEAD' && answer.status >= 400) return;
  if (apiError) {
    if (!CODES_OF_NOTHING.includes(apiError.code)) fail(answer, `${apiError.code} where nothing is`);
    if (apiError.code === 'method_not_allowed' && !answer.headers.get('allow')) fail(answer, 'no Allow');
    return;
  }
  const isPreflight = answer.method === 'OPTIONS' && answer.status === 204;
  if (!isPreflight && !PAGES.test(path)) fail(answer, 'an answer where the document has no operation');
}

function checkEmpty(answer: RawAnswer): void {
  if (answer.text !== '') fail(answer, 'a body where none is documented');
  if (answer.headers.get('content-type') !== null) fail(answer, 'a content type without a body');
}

function checkBody(answer: RawAnswer, pointer: readonly string[]): void {
  checkJsonType(answer);
  const validate = validatorAt(pointer);
  if (!validate(JSON.parse(answer.text))) fail(answer, ajv.errorsText(validate.errors));
}

function checkJsonType(answer: RawAnswer): void {
  const type = answer.headers.get('content-type');
  if (type !== 'application/json; charset=utf-8') fail(answer, `content type ${type}`);
}

/** A path without parameters is matched before one with them, as OpenAPI defines. */
const templates = Object.entries(openApiDocument.paths ?? {}).toSorted(
  ([one], [other]) => Number(one.includes('{')) - Number(other.includes('{')),
);

function findOperation(method: string, path: string): FoundOperation | undefined {
  const [template, item] = templates.find(([template]) => matches(template, path)) ?? [];
  if (template === undefined) return undefined;
  // The document's own types have more forms of an operation than this one.
  const operation = (item as Record<string, DocumentedOperation | undefined>)[method.toLowerCase()];
  return operation && { path: template, operation };
}

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`, 's').test(
    decoded(path),
  );
}

/** Decodes a path like a router: an escaped letter is that letter, an escaped slash is no separator. */
function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function validatorAt(pointer: readonly string[]): ValidateFunction {
  const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
  const $ref = `${DOCUMENT_ID}#/${escaped.join('/')}`;
  const validate = validators.get($ref) ?? ajv.compile({ $ref });
  validators.set($ref, validate);
  return validate;
}

function fail(answer: RawAnswer, why: string): never {
  const { method, target, status, text } = answer;
  throw new Error(`${method} ${target.slice(0, 200)} → ${status}: ${why}\n${text.slice(0, 2_000)}`);
}
