import type { ModelErrorCode } from '../../src/index.ts';

/** The behavior of a model server beside the bytes of its file in `answers`, and the expected result of the agent. */
export interface UpstreamCase {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Pause between two events. */
  readonly delayMs?: number;
  /** A part of the request that the server rejects, and its response. */
  readonly rejects?: {
    readonly part: 'temperature' | 'system' | 'tools';
    readonly status: number;
    readonly body: unknown;
  };
  readonly expected: Expected;
}

export interface Expected {
  /** The bodies that the tool receives. */
  readonly toolGot?: readonly string[];
  readonly content?: string;
  readonly finishReason?: 'stop' | 'length' | 'content_filter';
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
  readonly code?: ModelErrorCode;
  /** Requests made to the model. */
  readonly calls?: number;
  /** Fields of the assistant message in the request after the tool calls. */
  readonly givenBack?: Readonly<Record<string, unknown>>;
  /** The text of the failure's cause. */
  readonly cause?: RegExp;
}

const oslo = { toolGot: ['{"city":"Oslo"}'], content: 'Done.' };
const json = { 'content-type': 'application/json' };
const counted = { delayMs: 900, expected: { content: 'one two three four five.' } };

/** Each names a file in `answers`. */
export const upstreamCases: Readonly<Record<string, UpstreamCase>> = {
  'tool-id-changes': { expected: oslo },
  'tool-name-repeated': { expected: oslo },
  'tool-same-id-two-indexes': { expected: oslo },
  'tool-interleaved-ids': {
    expected: { toolGot: ['{"city":"Oslo"}', '{"city":"Bergen"}'], content: 'Done.' },
  },
  'tool-name-in-pieces': { expected: oslo },
  'tool-calls-object': { expected: oslo },
  'tool-args-empty-object-first': { expected: oslo },
  'tool-args-whole-again': { expected: oslo },
  'tool-args-twice-encoded': { expected: oslo },
  'tool-args-null-word': { expected: { toolGot: ['{}'], content: 'Done.' } },
  'tool-custom-type': { expected: oslo },
  'tool-no-reason': { expected: oslo },
  'tool-thought-signature': {
    expected: {
      ...oslo,
      givenBack: {
        tool_calls: [
          givenBackCall('function-call-1', {
            extra_content: { google: { thought_signature: 'c2lnbmF0dXJl' } },
          }),
        ],
      },
    },
  },
  'tool-reasoning-content': {
    expected: { ...oslo, givenBack: { reasoning_content: 'I should look at the weather.' } },
  },
  'tool-in-text': {
    expected: {
      content: '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
      toolGot: [],
    },
  },
  'function-call': { expected: { code: 'model_failed', calls: 1 } },
  'finish-stop-each': counted,
  'finish-null-string': counted,
  'done-without-reason': { expected: { content: 'A complete answer.', finishReason: 'stop' } },
  'chunk-after-finish': { expected: { content: 'Hi there.' } },
  'length-after-text': { expected: { content: 'Half of an ans', finishReason: 'length' } },
  'content-filter-after-text': { expected: { content: 'Half of an ans', finishReason: 'content_filter' } },
  bom: { expected: { content: 'First second.' } },
  'cr-only': { expected: { content: 'One two.' } },
  'single-newlines': { expected: { content: 'One two.' } },
  'empty-data': { expected: { content: 'Hello world.', calls: 1 } },
  'text-heartbeat': { expected: { content: 'Hello world.', calls: 1 } },
  'content-parts': { expected: { content: 'Hello there.' } },
  refusal: { expected: { content: 'I can not help with that.', calls: 1 } },
  'message-for-delta': { expected: { content: 'Whole message.' } },
  'not-a-stream': {
    headers: json,
    expected: { content: 'A whole answer.', usage: { inputTokens: 3, outputTokens: 4 } },
  },
  'think-tags': { expected: { content: 'Hello!' } },
  'terminal-escapes': { expected: { finishReason: 'stop', calls: 1 } },
  'usage-zero-last': { expected: { content: 'Hi you', usage: { inputTokens: 11, outputTokens: 2 } } },
  'error-in-200-json': { headers: json, expected: { code: 'model_key_refused', calls: 1, cause: /401/ } },
  'error-event': { expected: { code: 'model_refused', calls: 1, cause: /context_length_exceeded/ } },
  'ends-without-reason': { expected: { code: 'model_failed', calls: 1, cause: /without a finish reason/ } },
  'ends-with-null-string': {
    expected: { code: 'model_failed', calls: 1, cause: /without a finish reason/ },
  },
  'error-field': { expected: { code: 'model_refused', calls: 1, cause: /exceed_context_size_error/ } },
  'error-array': { expected: { code: 'model_refused', calls: 1, cause: /Invalid argument/ } },
  'html-200': {
    headers: { 'content-type': 'text/html' },
    expected: { code: 'model_unreachable', calls: 1, cause: /a web page, not the API/ },
  },
  'gzip-anyway': {
    headers: { 'content-encoding': 'gzip' },
    expected: { code: 'model_failed', calls: 1, cause: /gzip/ },
  },
  'empty-204': { status: 204, expected: { code: 'model_failed', calls: 3 } },
  redirect: {
    status: 307,
    headers: { location: 'http://127.0.0.1:3141/v2/chat/completions' },
    expected: { code: 'model_refused', calls: 1 },
  },
  'refuses-temperature': {
    rejects: {
      part: 'temperature',
      status: 400,
      body: {
        error: {
          message:
            'Unsupported value: temperature does not support 0.2 with this model. Only the default (1) value is supported.',
          type: 'invalid_request_error',
          param: 'temperature',
          code: 'unsupported_value',
        },
      },
    },
    expected: { content: 'ok', calls: 2 },
  },
  'refuses-system': {
    rejects: {
      part: 'system',
      status: 400,
      body: { error: { message: 'System role not supported', type: 'BadRequestError', code: 400 } },
    },
    expected: { content: 'ok', calls: 2 },
  },
  'refuses-tools': {
    rejects: {
      part: 'tools',
      status: 400,
      body: { error: { message: 'm does not support tools', type: 'invalid_request_error' } },
    },
    expected: { code: 'model_refused', cause: /does not support tools/ },
  },
};

/** A tool call as it must be sent back to the model. */
function givenBackCall(id: string, more: object): object {
  return { id, type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' }, ...more };
}
